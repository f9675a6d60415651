// A worker thread that moves what was committed from the write-ahead log to the database file, beside the writer.
import type { DatabaseSync } from "node:sqlite";
import { openConnection } from "./database.ts";

/** What it is told: the file first; then to copy beside the writer, or to copy and empty the log while nobody writes. */
export type CheckpointRequest = { path: string } | "copy" | "empty";
/** How many pages the log had and whether it is empty now, or why it could not be done. */
export type CheckpointAnswer = { pages: number; isEmpty: boolean } | { error: string };

declare const self: {
  onmessage: ((event: MessageEvent<CheckpointRequest>) => void) | null;
  postMessage(answer: CheckpointAnswer): void;
};

// PASSIVE waits for nobody and nobody waits for it. https://sqlite.org/pragma.html#pragma_wal_checkpoint
const MODES = { copy: "PASSIVE", empty: "TRUNCATE" };

let connection: DatabaseSync | undefined;

self.onmessage = ({ data }) => {
  try {
    if (typeof data === "string") self.postMessage(checkpoint(data));
    else connection = open(data.path);
  } catch (error) {
    self.postMessage({ error: error instanceof Error ? error.message : String(error) });
  }
};

function open(path: string): DatabaseSync {
  const opened = openConnection(path, { readOnly: false });
  // A reader in the way is not waited for: writes would wait as long.
  opened.exec("PRAGMA busy_timeout = 0");
  return opened;
}

function checkpoint(request: "copy" | "empty"): CheckpointAnswer {
  const { busy, log } = connection?.prepare(`PRAGMA wal_checkpoint(${MODES[request]})`).get() ?? {};
  return { pages: Number(log), isEmpty: request === "empty" && busy === 0 };
}
