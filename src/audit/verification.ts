import { AppError } from "../base/errors.ts";
import type { Connection } from "../database/database.ts";
import type { Sealer } from "../database/sealing.ts";
import type { Anchors, ChainVerification } from "./_chain_check.ts";
import { readCheckpointFile } from "./_checkpoint_file.ts";
import { listCheckpoints, listKeys, listPrunings } from "./_checkpoint_rows.ts";
import { openKeys } from "./_keys.ts";
import type { VerificationNews, VerificationOrder } from "./_verification_worker.ts";

/** What a verification found. */
export type { ChainVerification } from "./_chain_check.ts";

/** What to verify. */
export interface VerificationRequest {
  /** Reads the database. */
  connection: Connection;
  databaseFile: string;
  checkpointFile: string;
  sealer: Sealer;
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
    const verification = await runWorker({ ...anchors, databaseFile: request.databaseFile }, request);
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

async function runWorker(
  order: VerificationOrder,
  { signal, onProgress }: VerificationRequest,
): Promise<ChainVerification> {
  signal?.throwIfAborted();
  const worker = new Worker(new URL("./_verification_worker.ts", import.meta.url), { type: "module" });
  const { promise, resolve, reject } = Promise.withResolvers<ChainVerification>();
  const fail = (reason: string) => reject(new AppError("UNAVAILABLE", `Cannot verify the audit log: ${reason}`));
  const cancel = () => reject(signal?.reason);
  signal?.addEventListener("abort", cancel, { once: true });
  worker.onmessage = ({ data }: MessageEvent<VerificationNews>) => {
    if ("done" in data) onProgress?.(data.done, data.total);
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
