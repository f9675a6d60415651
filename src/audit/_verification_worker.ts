// A worker thread that holds the whole log against its chain, so that the event loop never waits for it.
import { openReader } from "../database/database.ts";
import os from "node:os";
import { type Anchors, type ChainVerification, createChainCheck, startOf } from "./_chain_check.ts";
import { type Head, listEventsAfter } from "./_rows.ts";

/** Which part of the log to verify. */
export interface VerificationOrder extends Anchors {
  databaseFile: string;
  /** The event before its first one. */
  start: Head;
  /** Its last one; null: the log's end. */
  last: number | null;
  /** Whether it gives way to the process's other threads. */
  yields: boolean;
}

/** What the worker tells: how many more events it has read, or what it found. */
export type VerificationNews = { read: number } | ChainVerification | { error: string };

declare const self: {
  onmessage: ((event: MessageEvent<VerificationOrder>) => void) | null;
  postMessage(news: VerificationNews): void;
};

/** Events read at once: no snapshot is held for longer, or the write-ahead log could not be emptied. */
const PORTION = 500;
/** The server's own thread goes first where both want the same core. On Linux it holds for the calling thread. setpriority(2) */
const LOWEST_PRIORITY = 19;

self.onmessage = ({ data }) => {
  if (data.yields) os.setPriority(0, LOWEST_PRIORITY);
  verify(data).then(
    (verification) => self.postMessage(verification),
    (error) => self.postMessage({ error: error instanceof Error ? error.message : String(error) }),
  );
};

async function verify({ databaseFile, start, last, ...anchors }: VerificationOrder): Promise<ChainVerification> {
  using connection = openReader(databaseFile);
  const check = createChainCheck(anchors, { start, isLast: last === null });
  // Of the first part from the very first row on: what was pruned is not there any more.
  for (let after = start.sequence === startOf(anchors).sequence ? 0 : start.sequence;;) {
    const portion = await listEventsAfter(connection, after, PORTION);
    const events = last === null ? portion : portion.filter(({ sequence }) => sequence <= last);
    const goesOn = check.take(events);
    self.postMessage({ read: events.length });
    after = events.at(-1)?.sequence ?? after;
    if (!goesOn || events.length < PORTION) return check.end();
  }
}
