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
    const anchors = await readAnchors(request);
    const verification = await verifyParts(anchors, request);
    const { prunings } = await readAnchors(request);
    // What was pruned meanwhile was missed by the reader, and by nobody else.
    if (verification.valid || prunings.length === anchors.prunings.length) return verification;
  }
}

async function readAnchors({ connection, checkpointFile, sealer }: VerificationRequest): Promise<Anchors> {
  // The file first: it never has what the table does not have yet.
  const file = await readCheckpointFile(checkpointFile);
  const keys = await openKeys(await listKeys(connection), sealer);
  return {
    keys,
    checkpoints: [...file.checkpoints, ...await listCheckpoints(connection)],
    prunings: [...file.prunings, ...await listPrunings(connection)],
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
  const broken = parts.findIndex(({ valid }) => !valid);
  const held = parts.slice(0, broken === -1 ? parts.length : broken + 1);
  const checked = held.reduce((sum, part) => sum + part.checked, 0);
  return { valid: true, firstBrokenSequence: null, fault: null, ...held.at(-1), checked };
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
