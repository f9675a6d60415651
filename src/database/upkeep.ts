import type { DatabaseSync } from "node:sqlite";
import { roomLog } from "../base/log.ts";
import type { CheckpointAnswer, CheckpointRequest } from "./_checkpoint_worker.ts";
import type { Database } from "./database.ts";

/** What keeps the file small, fast and free of what was deleted, without holding requests up. */
export interface Upkeep extends AsyncDisposable {
  /**
   * Empties the write-ahead log into the file, so that what was deleted is in the bytes of neither (deleting zeroes it in the
   * file: `secure_delete`). False where a reader is in the way. It runs by itself within 6 s of a change.
   */
  emptyLog(): Promise<boolean>;
  /** Refreshes what the query planner knows of each table and gives free pages back, in small steps; hourly by itself. */
  optimize(): Promise<void>;
}

/** How often what was committed is copied to the file, and a log that a reader kept from being emptied is tried again. */
const COPY_INTERVAL_MS = 1_000;
/** Deleted text may stay in the log for so long: the promise is 10 s. More often, and each write would pay for a growing log. */
const EMPTY_LOG_INTERVAL_MS = 5_000;
const OPTIMIZE_INTERVAL_MS = 3_600_000;
/** Rows of an index that ANALYZE looks at: milliseconds also for a large table. https://sqlite.org/lang_analyze.html#approx */
const ANALYSIS_LIMIT = 400;
/** Free pages that stay for new rows: giving every page back would only have the file grow again. */
const FREE_PAGES_KEPT = 1_000;
/** Pages given back at once: a few milliseconds. */
const FREE_PAGES_STEP = 100;

const log = roomLog("database");

/** Starts the upkeep of the file at `path` that `database` has open. */
export function startUpkeep(database: Database, path: string): Upkeep {
  let worker: Worker | undefined;
  let closed = false;
  let copying: Promise<void> | null = null;
  let emptiedAt = performance.now();
  const timers = [
    setInterval(() => quietly(copyOrEmptyLog()), COPY_INTERVAL_MS),
    setInterval(() => quietly(optimize()), OPTIMIZE_INTERVAL_MS),
  ];
  return { emptyLog, optimize, [Symbol.asyncDispose]: close };

  async function copyOrEmptyLog(): Promise<void> {
    if (await sizeOf(`${path}-wal`) === 0) emptiedAt = performance.now();
    else if (performance.now() - emptiedAt < EMPTY_LOG_INTERVAL_MS) await copyInBackground();
    else await emptyLog();
  }

  async function emptyLog(): Promise<boolean> {
    await copyInBackground();
    // The little that came since, and the truncation: the only part that the event loop waits for.
    const isEmpty = !closed && await database.between(truncateLog);
    if (isEmpty) emptiedAt = performance.now();
    return isEmpty;
  }

  function copyInBackground(): Promise<void> {
    return copying ??= (closed ? Promise.resolve() : copy()).finally(() => copying = null);
  }

  function copy(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const target = worker ??= startWorker(path);
    target.onmessage = ({ data }: MessageEvent<CheckpointAnswer>) => {
      if (data !== null) log.warning("Cannot copy the write-ahead log: {reason}", { reason: data });
      resolve();
    };
    target.onerror = (event) => {
      event.preventDefault();
      worker = undefined;
      log.warning("Cannot copy the write-ahead log: {reason}", { reason: event.message });
      resolve();
    };
    target.postMessage("copy" satisfies CheckpointRequest);
    return promise;
  }

  async function optimize(): Promise<void> {
    const tables = await database.between(listTables);
    for (const table of tables) {
      if (closed) return;
      await database.between((writer) => analyze(writer, table));
      await nextTurn();
    }
    while (!closed && await database.between(giveBackPages)) await nextTurn();
  }

  async function close(): Promise<void> {
    closed = true;
    for (const timer of timers) clearInterval(timer);
    await copying;
    worker?.terminate();
  }
}

function startWorker(path: string): Worker {
  const worker = new Worker(new URL("./_checkpoint_worker.ts", import.meta.url), { type: "module" });
  worker.postMessage({ path } satisfies CheckpointRequest);
  return worker;
}

/** Whether the log is empty now. */
function truncateLog(writer: DatabaseSync): boolean {
  // A reader in the way is not waited for: the event loop would stand still.
  const timeout = writer.prepare("PRAGMA busy_timeout").get()?.["timeout"];
  writer.exec("PRAGMA busy_timeout = 0");
  try {
    return writer.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get()?.["busy"] === 0;
  } finally {
    writer.exec(`PRAGMA busy_timeout = ${timeout}`);
  }
}

function listTables(writer: DatabaseSync): string[] {
  const rows = writer.prepare("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'").all();
  return rows.map(({ name }) => String(name)).filter((name) => !name.startsWith("sqlite_"));
}

function analyze(writer: DatabaseSync, table: string): void {
  writer.exec(`PRAGMA analysis_limit = ${ANALYSIS_LIMIT}; ANALYZE "${table.replaceAll('"', '""')}"`);
}

/** Whether there is more to give back. */
function giveBackPages(writer: DatabaseSync): boolean {
  const freePages = () => Number(writer.prepare("PRAGMA freelist_count").get()?.["freelist_count"]);
  const before = freePages();
  if (before <= FREE_PAGES_KEPT) return false;
  // Each row that it steps to is one page; `exec` would stop at the first.
  writer.prepare(`PRAGMA incremental_vacuum(${FREE_PAGES_STEP})`).all();
  // A file made before vacuuming was incremental gives nothing back.
  return freePages() < before;
}

/** Lets the event loop do what waits. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

async function sizeOf(path: string): Promise<number> {
  return await Deno.stat(path).then(({ size }) => size, () => 0);
}

function quietly(work: Promise<unknown>): void {
  work.catch((reason: unknown) => log.warning("Cannot keep the database up: {reason}", { reason }));
}
