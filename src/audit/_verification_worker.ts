// A worker thread that holds the whole log against its chain, so that the event loop never waits for it.
import { openReader } from "../database/database.ts";
import { type Anchors, type ChainVerification, createChainCheck } from "./_chain_check.ts";
import { findHead, listEventsAfter } from "./_rows.ts";

/** What to verify. */
export interface VerificationOrder extends Anchors {
  databaseFile: string;
}

/** What the worker tells: how far it is, or what it found. */
export type VerificationNews = { done: number; total: number } | ChainVerification | { error: string };

declare const self: {
  onmessage: ((event: MessageEvent<VerificationOrder>) => void) | null;
  postMessage(news: VerificationNews): void;
};

/** Events read at once: no snapshot is held for longer, or the write-ahead log could not be emptied. */
const PORTION = 500;
const PROGRESS_EVENTS = 50_000;

self.onmessage = ({ data }) => {
  verify(data).then(
    (verification) => self.postMessage(verification),
    (error) => self.postMessage({ error: error instanceof Error ? error.message : String(error) }),
  );
};

async function verify({ databaseFile, ...anchors }: VerificationOrder): Promise<ChainVerification> {
  using connection = openReader(databaseFile);
  const check = createChainCheck(anchors);
  const total = (await findHead(connection))?.sequence ?? 0;
  for (let after = 0;;) {
    const events = await listEventsAfter(connection, after, PORTION);
    const goesOn = check.take(events);
    after = events.at(-1)?.sequence ?? after;
    if (after % PROGRESS_EVENTS < PORTION) self.postMessage({ done: after, total });
    if (!goesOn || events.length < PORTION) return check.end();
  }
}
