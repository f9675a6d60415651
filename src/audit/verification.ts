import { AppError } from "../base/errors.ts";
import type { Connection } from "../database/database.ts";
import type { Sealer } from "../database/sealing.ts";
import { type Anchors, type ChainVerification, startOf } from "./_chain_check.ts";
import { readCheckpointFile } from "./_checkpoint_file.ts";
import { listCheckpoints, listKeys, listPrunings } from "./_checkpoint_rows.ts";
import { openKeys } from "./_keys.ts";
import { findHead, listEventsAfter } from "./_rows.ts";
import type { VerificationNews, VerificationOrder } from "./_verification_worker.ts";

/** What a verification found. */
export type { ChainVerification } from "./_chain_check.ts";

/** As many as there are cores, which is soon bound by the disk. */
const MAX_THREADS = Math.min(4, navigator.hardwareConcurrency);
/** A thread takes some 50 ms to start. */
const MIN_EVENTS_A_THREAD = 20_000;

/** What to verify. */
export interface VerificationRequest {
  /** Reads the database. */
  connection: Connection;
  databaseFile: string;
  checkpointFile: string;
  sealer: Sealer;
  /** Whether it gives way to the process's own work, as in a server. */
  yields?: boolean;
  signal?: AbortSignal;
  onProgress?: (done: number, total: number) => void;
}

/**
 * Holds every event against the chain and the chain against its checkpoints, in a worker thread; beside a server that writes.
 * Throws `UNAVAILABLE` where the file can't be read, and the signal's reason.
 */
export async function verifyLog(request: VerificationRequest): Promise<ChainVerification> {
  for (;;) {
    const { flaw, ...anchors } = await readAnchors(request);
    const verification = await verifyParts(anchors, request);
    if (verification.valid) return flaw === null ? verification : flawed(verification, anchors, flaw);
    const { prunings, keys } = await readAnchors(request);
    // What was pruned meanwhile was missed by the reader, and by nobody else; what a new key chains was not known yet.
    const isSame = prunings.length === anchors.prunings.length && keys.length === anchors.keys.length;
    if (isSame) return verification;
  }
}

interface FoundAnchors extends Anchors {
  /** What is wrong with the file of checkpoints itself. */
  flaw: string | null;
}

async function readAnchors({ connection, checkpointFile, sealer }: VerificationRequest): Promise<FoundAnchors> {
  // The file first: it never has what the table does not have yet.
  const file = await readCheckpointFile(checkpointFile);
  const keys = await openKeys(await listKeys(connection), sealer);
  const stored = await listCheckpoints(connection);
  const [faulty] = file.faultyLines;
  // Of a single one the process may have died between the table and the file.
  const isGone = !file.exists && stored.length > 1;
  return {
    keys,
    flaw: isGone
      ? "the file of checkpoints is missing"
      : faulty
      ? `line ${faulty} of the file of checkpoints is none`
      : null,
    checkpoints: [...file.checkpoints, ...stored],
    prunings: [...file.prunings, ...await listPrunings(connection)],
  };
}

// The events hold; what was cut off behind them would not show.
function flawed(verification: ChainVerification, anchors: Anchors, flaw: string): ChainVerification {
  const firstBrokenSequence = startOf(anchors).sequence + verification.checked + 1;
  return {
    ...verification,
    valid: false,
    firstBrokenSequence,
    fault: `${flaw}: whether the end was cut can't be told`,
  };
}

// Each part begins behind an event that the part before holds: together they hold the whole chain.
async function verifyParts(anchors: Anchors, request: VerificationRequest): Promise<ChainVerification> {
  const { connection, databaseFile, yields = false, onProgress } = request;
  const first = startOf(anchors);
  const total = (await findHead(connection))?.sequence ?? 0;
  const count = Math.max(1, Math.min(MAX_THREADS, Math.floor(total / MIN_EVENTS_A_THREAD)));
  const starts = [first];
  for (let part = 1; part < count; part++) {
    const place = first.sequence + Math.floor((total - first.sequence) * part / count);
    starts.push(...await listEventsAfter(connection, place - 1, 1));
  }
  let done = 0;
  const onRead = (read: number) => onProgress?.(done += read, total - first.sequence);
  const parts = await Promise.all(starts.map(({ sequence, hash }, index) => {
    const last = starts[index + 1]?.sequence ?? null;
    return runWorker({ ...anchors, databaseFile, start: { sequence, hash }, last, yields }, {
      signal: request.signal,
      onRead,
    });
  }));
  const checked = parts.reduce((sum, part) => sum + part.checked, 0);
  // A forged checkpoint is seen by each part: what is broken first counts.
  const [broken = null] = parts.filter(({ valid }) => !valid)
    .sort((a, b) => (a.firstBrokenSequence ?? 0) - (b.firstBrokenSequence ?? 0));
  if (broken === null) return { valid: true, checked, firstBrokenSequence: null, fault: null };
  return { ...broken, checked: Math.max(0, (broken.firstBrokenSequence ?? 0) - 1 - first.sequence) };
}

async function runWorker(
  order: VerificationOrder,
  { signal, onRead }: { signal: AbortSignal | undefined; onRead: (read: number) => void },
): Promise<ChainVerification> {
  signal?.throwIfAborted();
  const worker = new Worker(new URL("./_verification_worker.ts", import.meta.url), { type: "module" });
  const { promise, resolve, reject } = Promise.withResolvers<ChainVerification>();
  const fail = (reason: string) => reject(new AppError("UNAVAILABLE", `Cannot verify the audit log: ${reason}`));
  const cancel = () => reject(signal?.reason);
  signal?.addEventListener("abort", cancel, { once: true });
  worker.onmessage = ({ data }: MessageEvent<VerificationNews>) => {
    if ("read" in data) onRead(data.read);
    else if ("error" in data) fail(data.error);
    else resolve(data);
  };
  worker.onerror = (event) => {
    event.preventDefault();
    fail(event.message);
  };
  worker.postMessage(order);
  try {
    return await promise;
  } finally {
    signal?.removeEventListener("abort", cancel);
    worker.terminate();
  }
}
