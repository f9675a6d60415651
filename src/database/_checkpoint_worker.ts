// A worker thread that copies what was committed from the write-ahead log to the database file, beside the writer.
import type { DatabaseSync } from "node:sqlite";
import { openConnection } from "./database.ts";

/** What it is told: the file first, then to copy. */
export type CheckpointRequest = { path: string } | "copy";
/** null, or why it could not. */
export type CheckpointAnswer = string | null;

declare const self: {
  onmessage: ((event: MessageEvent<CheckpointRequest>) => void) | null;
  postMessage(answer: CheckpointAnswer): void;
};

let connection: DatabaseSync | undefined;

self.onmessage = ({ data }) => {
  try {
    if (data !== "copy") connection = openConnection(data.path, { readOnly: false });
    // PASSIVE waits for nobody and nobody waits for it. https://sqlite.org/pragma.html#pragma_wal_checkpoint
    else connection?.prepare("PRAGMA wal_checkpoint(PASSIVE)").get();
    if (data === "copy") self.postMessage(null);
  } catch (error) {
    self.postMessage(error instanceof Error ? error.message : String(error));
  }
};
