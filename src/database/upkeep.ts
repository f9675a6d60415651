import type { DatabaseSync } from "node:sqlite";
import { roomLog } from "../base/log.ts";
import type { CheckpointAnswer, CheckpointRequest } from "./_checkpoint_worker.ts";
import type { Database } from "./database.ts";
import { fileSize } from "./disk.ts";

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
/** Copies before the last one, each of what came during the one before, so that writes wait for little. */
const MAX_COPIES = 5;
/** Pages that are copied in a few milliseconds. */
const FEW_PAGES = 500;
const OPTIMIZE_INTERVAL_MS = 3_600_000;
/** Rows of an index that ANALYZE looks at: milliseconds also for a large table. https://sqlite.org/lang_analyze.html#approx */
const ANALYSIS_LIMIT = 400;
/** Free pages that stay for new rows: giving every page back would only have the file grow again. */
const FREE_PAGES_KEPT = 1_000;
/** Pages given back at once: a few milliseconds. */
const FREE_PAGES_STEP = 100;

type Done = Exclude<CheckpointAnswer, { error: string }>;
const NOTHING_DONE: Done = { pages: 0, isEmpty: false };

const log = roomLog("database");

/** Starts the upkeep of the file at `path` that `database` has open. */
export function startUpkeep(database: Database, path: string): Upkeep {
  let worker: Worker | undefined;
  let closed = false;
  let working: Promise<unknown> = Promise.resolve();
  let emptiedAt = performance.now();
  // A commit would copy all that a backup kept in the log, and the event loop would stand still for as long.
  quietly(database.between((writer) => writer.exec("PRAGMA wal_autocheckpoint = 0")));
  const timers = [
    setInterval(() => quietly(copyOrEmptyLog()), COPY_INTERVAL_MS),
    setInterval(() => quietly(optimize()), OPTIMIZE_INTERVAL_MS),
  ];
  return { emptyLog, optimize, [Symbol.asyncDispose]: close };

  async function copyOrEmptyLog(): Promise<void> {
    if (await fileSize(`${path}-wal`) === 0) emptiedAt = performance.now();
    else if (performance.now() - emptiedAt < EMPTY_LOG_INTERVAL_MS) await ask("copy");
    else await emptyLog();
  }

  async function emptyLog(): Promise<boolean> {
    let pages = 0;
    for (let copies = 0; copies < MAX_COPIES; copies++) {
      const before = pages;
      ({ pages } = await ask("copy"));
      if (pages - before < FEW_PAGES) break;
    }
    // Writes wait for the rest, and for the disk; the event loop does not.
    const { isEmpty } = await database.between(() => ask("empty"));
    if (isEmpty) emptiedAt = performance.now();
    return isEmpty;
  }

  /** One after the other. What could not be done is tried again with the next second. */
  function ask(request: "copy" | "empty"): Promise<Done> {
    const answer = working.then(() => closed ? NOTHING_DONE : send(request));
    working = answer;
    return answer;
  }

  function send(request: "copy" | "empty"): Promise<Done> {
    const { promise, resolve } = Promise.withResolvers<Done>();
    const fail = (reason: string) => {
      log.warning("Cannot copy the write-ahead log: {reason}", { reason });
      resolve(NOTHING_DONE);
    };
    const target = worker ??= startWorker(path);
    target.onmessage = ({ data }: MessageEvent<CheckpointAnswer>) => {
      if ("error" in data) fail(data.error);
      else resolve(data);
    };
    target.onerror = (event) => {
      event.preventDefault();
      worker = undefined;
      fail(event.message);
    };
    target.postMessage(request satisfies CheckpointRequest);
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
    await working;
    worker?.terminate();
  }
}

function startWorker(path: string): Worker {
  const worker = new Worker(new URL("./_checkpoint_worker.ts", import.meta.url), { type: "module" });
  worker.postMessage({ path } satisfies CheckpointRequest);
  return worker;
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

function quietly(work: Promise<unknown>): void {
  work.catch((reason: unknown) => log.warning("Cannot keep the database up: {reason}", { reason }));
}
