import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import type { Sql } from "sql-template-tag";
import { AppError } from "../base/errors.ts";
import { createBackgroundReaders } from "./_background_readers.ts";
import { createStatementRecord, type StatementFigures } from "./_statement_record.ts";
import { createStatements, type Statements } from "./_statements.ts";
import { createVersion } from "./_version.ts";
import { createWriteQueue } from "./_write_queue.ts";

/** Runs parametrised SQL. Rows have the columns as the SQL names them; the caller says their type. */
export interface Connection {
  /** Every row. */
  all<Row>(query: Sql): Promise<Row[]>;
  /** The first row. */
  get<Row>(query: Sql): Promise<Row | undefined>;
  /** The number of rows changed. */
  run(query: Sql): Promise<number>;
}

/** A connection inside a transaction. */
export interface Transaction extends Connection {
  /** Runs `work` so that it can fail alone: thrown means that nothing of it happened, and the transaction goes on. */
  nest<T>(work: (transaction: Transaction) => Promise<T>): Promise<T>;
}

/** When a background statement is to stop. */
export interface BackgroundOptions {
  /** Of the caller, who may go away. */
  signal?: AbortSignal;
  /** From the call, waiting included; 10 s if absent. */
  deadlineMs?: number;
}

/** One SQLite file: any number of readers, one writer. Throws `UNAVAILABLE` where the disk or the file fails. */
export interface Database extends AsyncDisposable {
  /** Reads what is committed; can't write. For what answers in well under a millisecond. */
  readonly read: Connection;
  /**
   * Reads as `read` does, in a worker thread, so that a slow statement holds nobody up. Throws `UNAVAILABLE` at the deadline,
   * and the signal's reason. A statement ends early where it asks `still_wanted()` now and then.
   */
  background(options?: BackgroundOptions): Connection;
  /**
   * Runs `work` in one transaction, after those that came before it. Done means on disk; thrown means nothing happened.
   * Throws `CONFLICT` where what a row refers to was deleted meanwhile.
   * `work` awaits its own connection only: while it runs, every other write waits. Small writes that wait together share a commit.
   */
  write<T>(work: (transaction: Transaction) => Promise<T>): Promise<T>;
  /** Runs upkeep on the writing connection between transactions, on the event loop: only what takes a few milliseconds there. Writes wait for it. */
  between<T>(work: (writer: DatabaseSync) => T | Promise<T>): Promise<T>;
  /** A number that is another one as soon as a write is committed, and 0.4 ms after another process's; costs next to nothing. */
  version(): number;
  /** The statements that took the most time since the start, longest first. */
  slowestStatements(limit: number): StatementFigures[];
}

/** How a raw connection is opened. */
export interface ConnectionOptions {
  readOnly: boolean;
  /** Asked by a statement that calls `still_wanted()`: false ends the statement with an error. */
  isWanted?: () => boolean;
}

/** How long to wait for another process's write, such as a task's. */
const BUSY_TIMEOUT_MS = 5_000;
/** Pages in the WAL at which a commit itself copies them to the file: upkeep does so much earlier, off the event loop. */
const WAL_PAGES_AT_MOST = 16_000;

/** SQLite's primary result codes that mean the file or the disk, not the statement. https://sqlite.org/rescode.html */
const UNAVAILABLE_CODES = new Set([5, 8, 10, 11, 13, 14, 26]);
/** What SQLite says for those codes. https://sqlite.org/c3ref/errcode.html (sqlite3_errstr) */
const UNAVAILABLE_TEXTS =
  /^(database is locked|attempt to write a readonly database|disk I\/O error|database disk image is malformed|database or disk is full|unable to open database file|file is not a database)$/;

/** SQLITE_CONSTRAINT_FOREIGNKEY. https://sqlite.org/rescode.html */
const FOREIGN_KEY_CODE = 787;

/** Opens, or makes, the SQLite file at `path`. Throws `UNAVAILABLE` if it can't be opened or written, or is no database. */
export function openDatabase(path: string): Database {
  const writer = openConnection(path, { readOnly: false });
  // What a savepoint may have to undo; a capture's is more than SQLite keeps in memory by itself, and a temporary file costs an eighth of its time.
  writer.exec("PRAGMA temp_store = MEMORY");
  const reader = openConnection(path, { readOnly: true });
  const record = createStatementRecord();
  const writes = createWriteQueue(writer, createConnection(createStatements(writer, record)));
  const background = createBackgroundReaders(path, record);
  return {
    read: createConnection(createStatements(reader, record)),
    background: (options) => background.connection(options),
    write: (work) => writes.write(work),
    between: (work) => writes.between(work),
    version: createVersion(reader, writes.commits),
    slowestStatements: (limit) => record.slowest(limit),
    [Symbol.asyncDispose]: async () => {
      await background[Symbol.asyncDispose]();
      await writes[Symbol.asyncDispose]();
      reader.close();
      emptyLog(writer);
      writer.close();
    },
  };
}

/** Opens the file at `path` to read it alone, in a task or a worker thread of its own. Throws `UNAVAILABLE`. */
export function openReader(path: string): Connection & Disposable {
  const reader = openConnection(path, { readOnly: true });
  const connection = createConnection(createStatements(reader, createStatementRecord()));
  return { ...connection, [Symbol.dispose]: () => reader.close() };
}

/** Opens a raw connection with the settings that every connection of Fingerpost has. Throws `UNAVAILABLE`. */
export function openConnection(path: string, { readOnly, isWanted = () => true }: ConnectionOptions): DatabaseSync {
  let connection: DatabaseSync | undefined;
  try {
    const options = {
      readOnly,
      timeout: BUSY_TIMEOUT_MS,
      enableForeignKeyConstraints: true,
      enableDoubleQuotedStringLiterals: false,
      // Not in the type yet: no statement can damage the file's own structures. https://sqlite.org/c3ref/c_dbconfig_defensive.html
      defensive: true,
    };
    connection = new DatabaseSync(path, options);
    connection.function("still_wanted", { directOnly: true }, () => {
      if (isWanted()) return 1;
      throw new Error("The statement is not wanted any more");
    });
    // SQLite's lower() knows the letters of ASCII alone.
    connection.function(
      "fold_case",
      { directOnly: true, deterministic: true },
      (text) => String(text).normalize("NFKC").toLowerCase(),
    );
    connection.exec("PRAGMA trusted_schema = OFF");
    if (!readOnly) prepareForWriting(connection);
    return connection;
  } catch (error) {
    connection?.close();
    const reason = error instanceof Error ? error.message : String(error);
    throw new AppError("UNAVAILABLE", `Cannot open the database "${path}": ${reason}`, { cause: error });
  }
}

function prepareForWriting(connection: DatabaseSync): void {
  // Lets upkeep give free pages back bit by bit. It holds for a new file; saying it again would write to it.
  if (connection.prepare("PRAGMA auto_vacuum").get()?.["auto_vacuum"] === 0) {
    connection.exec("PRAGMA auto_vacuum = INCREMENTAL");
  }
  connection.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON");
  connection.exec(`PRAGMA wal_autocheckpoint = ${WAL_PAGES_AT_MOST}`);
  // A file that can't be written is found now, not by the first change.
  connection.exec("BEGIN IMMEDIATE; ROLLBACK");
}

// SQLite does so when the last connection closes, and a thread that was just ended may still have one: who copies the file of a
// stopped server is to have all of it.
function emptyLog(writer: DatabaseSync): void {
  try {
    writer.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  } catch {
    // It stays, as on a full disk, and the next start reads it.
  }
}

function createConnection(statements: Statements): Connection {
  const run = <T>(method: keyof Statements, query: Sql) =>
    Promise.try(() => translated(() => statements[method](query.sql, query.values as SQLInputValue[])) as T);
  return {
    all: (query) => run("all", query),
    get: (query) => run("get", query),
    run: (query) => run("run", query),
  };
}

/** Runs what talks to SQLite; where the file or the disk fails it throws `UNAVAILABLE`, where a row refers to one that is gone `CONFLICT`. */
export function translated<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (isDangling(error)) {
      throw new AppError("CONFLICT", "Cannot store this: what it belongs to was deleted meanwhile", { cause: error });
    }
    if (!isUnavailable(error)) throw error;
    throw new AppError("UNAVAILABLE", "Cannot reach the database now: try again later", { cause: error });
  }
}

// Rooms check what a row refers to before they write it; it can only have gone since.
function isDangling(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && error.errcode === FOREIGN_KEY_CODE;
}

function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  // `exec` throws without the code, with SQLite's own text for it.
  return "errcode" in error
    ? UNAVAILABLE_CODES.has(Number(error.errcode) & 0xff)
    : UNAVAILABLE_TEXTS.test(error.message);
}
