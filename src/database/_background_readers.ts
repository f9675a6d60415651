import type { SQLInputValue } from "node:sqlite";
import type { Sql } from "sql-template-tag";
import { AppError } from "../base/errors.ts";
import type { WorkerAnswer, WorkerRequest, WorkerSetup } from "./_background_worker.ts";
import type { StatementRecord } from "./_statement_record.ts";
import { type BackgroundOptions, type Connection, translated } from "./database.ts";

/** Read-only connections in worker threads, for statements that are slow. */
export interface BackgroundReaders extends AsyncDisposable {
  connection(options?: BackgroundOptions): Connection;
}

/** Threads: what the machine has beside the event loop's core, but two, so that one slow statement does not hold all others. */
const MAX_READERS = Math.min(4, Math.max(2, navigator.hardwareConcurrency - 1));
/** Statements that may wait for a thread; beyond it the server is overloaded and says so. */
const MAX_WAITING = 256;
/** How long a statement may take with its wait: what a person waits for an answer. */
const DEFAULT_DEADLINE_MS = 10_000;

/** One thread, and the flag that tells its statement to stop. */
interface Reader {
  worker: Worker;
  cancelled: Int32Array;
}

/** Builds the pool on the file; threads start when they are first needed. */
export function createBackgroundReaders(path: string, record: StatementRecord): BackgroundReaders {
  const idle: Reader[] = [];
  const waiting: ((reader: Reader) => void)[] = [];
  const all = new Set<Reader>();
  const closing = new AbortController();
  return { connection, [Symbol.asyncDispose]: close };

  function connection({ signal, deadlineMs = DEFAULT_DEADLINE_MS }: BackgroundOptions = {}): Connection {
    const read = <T>(method: WorkerRequest["method"], query: Sql): Promise<T> => {
      const request = { method, sql: query.sql, values: query.values as SQLInputValue[] };
      return bounded(request, signal, deadlineMs) as Promise<T>;
    };
    return {
      all: (query) => read("all", query),
      get: (query) => read("get", query),
      run: () => Promise.reject(new Error("Cannot write on a connection that reads")),
    };
  }

  async function bounded(request: WorkerRequest, caller: AbortSignal | undefined, deadlineMs: number) {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(tooLate(deadlineMs)), deadlineMs);
    const signal = AbortSignal.any([late.signal, closing.signal, ...(caller === undefined ? [] : [caller])]);
    try {
      return await run(request, signal);
    } finally {
      clearTimeout(timer);
    }
  }

  async function run(request: WorkerRequest, signal: AbortSignal): Promise<unknown> {
    signal.throwIfAborted();
    const reader = await acquire(signal);
    if (signal.aborted) {
      release(reader);
      throw signal.reason;
    }
    const answered = ask(reader, request);
    answered.then(() => release(reader), () => discard(reader));
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const cancel = () => {
      // The thread is free again only when SQLite has come to a check of the flag.
      Atomics.store(reader.cancelled, 0, 1);
      reject(signal.reason);
    };
    signal.addEventListener("abort", cancel, { once: true });
    try {
      return unpack(request, await Promise.race([answered, aborted]));
    } finally {
      signal.removeEventListener("abort", cancel);
    }
  }

  function unpack(request: WorkerRequest, answer: WorkerAnswer): unknown {
    record.add(request.sql, answer.milliseconds);
    if ("value" in answer) return answer.value;
    const { message, errcode } = answer;
    return translated(() => {
      throw Object.assign(new Error(message), { errcode });
    });
  }

  async function acquire(signal: AbortSignal): Promise<Reader> {
    const free = idle.pop();
    if (free !== undefined) return free;
    if (all.size < MAX_READERS) return start();
    if (waiting.length >= MAX_WAITING) {
      throw new AppError("UNAVAILABLE", "Cannot read: too many slow reads wait already");
    }
    const { promise, resolve, reject } = Promise.withResolvers<Reader>();
    waiting.push(resolve);
    const leave = () => {
      waiting.splice(waiting.indexOf(resolve), 1);
      reject(signal.reason);
    };
    signal.addEventListener("abort", leave, { once: true });
    return await promise.finally(() => signal.removeEventListener("abort", leave));
  }

  function start(): Reader {
    const worker = new Worker(new URL("./_background_worker.ts", import.meta.url), { type: "module" });
    const flag = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
    const setup: WorkerSetup = { path, cancelled: flag };
    worker.postMessage(setup);
    const reader = { worker, cancelled: new Int32Array(flag) };
    all.add(reader);
    return reader;
  }

  function release(reader: Reader): void {
    Atomics.store(reader.cancelled, 0, 0);
    const next = waiting.shift();
    if (next === undefined) idle.push(reader);
    else next(reader);
  }

  function ask({ worker }: Reader, request: WorkerRequest): Promise<WorkerAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<WorkerAnswer>();
    worker.onmessage = ({ data }: MessageEvent<WorkerAnswer>) => resolve(data);
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new AppError("UNAVAILABLE", "Cannot read: the reading thread failed", { cause: event.message }));
    };
    worker.postMessage(request);
    return promise;
  }

  function discard(reader: Reader): void {
    all.delete(reader);
    reader.worker.terminate();
    const next = waiting.shift();
    if (next !== undefined) next(start());
  }

  function close(): Promise<void> {
    closing.abort(new AppError("UNAVAILABLE", "Cannot read: the database is closed"));
    for (const reader of all) {
      Atomics.store(reader.cancelled, 0, 1);
      reader.worker.terminate();
    }
    return Promise.resolve();
  }
}

function tooLate(deadlineMs: number): AppError {
  return new AppError("UNAVAILABLE", `Cannot read this within ${deadlineMs / 1_000} s: ask for less`);
}
