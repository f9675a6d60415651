// A worker thread with a read-only connection of its own: what is slow there does not hold the event loop.
import { type DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { openConnection } from "./database.ts";

/** What a worker is told first: the file, and the flag that is 1 while the running statement is not wanted any more. */
export interface WorkerSetup {
  path: string;
  cancelled: SharedArrayBuffer;
}

/** One statement to run. */
export interface WorkerRequest {
  method: "all" | "get";
  sql: string;
  values: SQLInputValue[];
}

/** What became of it. */
export type WorkerAnswer =
  | { value: unknown; milliseconds: number }
  | { message: string; errcode: number; milliseconds: number };

declare const self: {
  onmessage: ((event: MessageEvent<WorkerSetup | WorkerRequest>) => void) | null;
  postMessage(answer: WorkerAnswer): void;
};

/** Statements kept prepared; the slow ones are few. */
const MAX_CACHED_STATEMENTS = 64;

let connection: DatabaseSync | undefined;
const statements = new Map<string, StatementSync>();

self.onmessage = ({ data }) => {
  if ("sql" in data) return self.postMessage(answer(data));
  const cancelled = new Int32Array(data.cancelled);
  connection = openConnection(data.path, { readOnly: true, isWanted: () => Atomics.load(cancelled, 0) === 0 });
};

function answer({ method, sql, values }: WorkerRequest): WorkerAnswer {
  const startedAt = performance.now();
  try {
    const statement = prepare(sql);
    // Not by all(): where a function of ours throws, as still_wanted() does, it runs on for ever (Deno 2.9.6).
    const value = method === "all" ? [...statement.iterate(...values)] : statement.get(...values);
    return { value, milliseconds: performance.now() - startedAt };
  } catch (error) {
    // One that ended early is left in the middle.
    statements.delete(sql);
    const message = error instanceof Error ? error.message : String(error);
    const errcode = error instanceof Error && "errcode" in error ? Number(error.errcode) : 0;
    return { message, errcode, milliseconds: performance.now() - startedAt };
  }
}

function prepare(sql: string): StatementSync {
  if (connection === undefined) throw new Error("Cannot read: the worker was not told its file");
  const cached = statements.get(sql) ?? connection.prepare(sql);
  if (statements.size >= MAX_CACHED_STATEMENTS) statements.clear();
  statements.set(sql, cached);
  return cached;
}
