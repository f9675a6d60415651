import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import type { Sql } from "sql-template-tag";
import { AppError } from "../base/errors.ts";
import { createStatementCache } from "./_statements.ts";

/** Runs parametrised SQL. Rows have the columns as the SQL names them; the caller says their type. */
export interface Connection {
  /** Every row. */
  all<Row>(query: Sql): Promise<Row[]>;
  /** The first row. */
  get<Row>(query: Sql): Promise<Row | undefined>;
  /** The number of rows changed. */
  run(query: Sql): Promise<number>;
}

/** One SQLite file: any number of readers, one writer. Throws `UNAVAILABLE` where the disk or the file fails. */
export interface Database extends AsyncDisposable {
  /** Reads what is committed; can't write. */
  readonly read: Connection;
  /**
   * Runs `work` in one transaction, after those that came before it. Done means on disk; thrown means nothing happened.
   * `work` awaits its own connection only: while it runs, every other write waits.
   */
  write<T>(work: (connection: Connection) => Promise<T>): Promise<T>;
}

/** Writes that may wait for their turn; beyond it the server is overloaded and says so. */
const MAX_WAITING_WRITES = 1_000;
/** How long to wait for another process's write, such as a migration or a backup. */
const BUSY_TIMEOUT_MS = 5_000;

/** SQLite's primary result codes that mean the file or the disk, not the statement. https://sqlite.org/rescode.html */
const UNAVAILABLE_CODES = new Set([5, 8, 10, 11, 13, 14]);

/** Opens, or makes, the SQLite file at `path`. Throws `UNAVAILABLE` if it can't be opened or is no database. */
export function openDatabase(path: string): Database {
  const writer = openConnection(path, { readOnly: false });
  const reader = openConnection(path, { readOnly: true });
  const read = createConnection(reader);
  const written = createConnection(writer);
  let lastTurn = Promise.resolve();
  let waiting = 0;
  let closed = false;
  return { read, write, [Symbol.asyncDispose]: close };

  function write<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    if (closed) return Promise.reject(new AppError("UNAVAILABLE", "Cannot write: the database is closed"));
    if (waiting >= MAX_WAITING_WRITES) {
      return Promise.reject(new AppError("UNAVAILABLE", "Cannot write: too many writes wait already"));
    }
    waiting++;
    const turn = lastTurn.then(() => transact(work)).finally(() => waiting--);
    lastTurn = turn.then(() => undefined, () => undefined);
    return turn;
  }

  async function transact<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    translated(() => writer.exec("BEGIN IMMEDIATE"));
    try {
      const result = await work(written);
      translated(() => writer.exec("COMMIT"));
      return result;
    } catch (error) {
      // SQLite ends the transaction by itself after some errors, a full disk among them.
      if (writer.isTransaction) writer.exec("ROLLBACK");
      throw error;
    }
  }

  async function close(): Promise<void> {
    closed = true;
    await lastTurn;
    reader.close();
    writer.close();
  }
}

/** Opens a raw connection with the settings that every connection of Fingerpost has. Throws `UNAVAILABLE`. */
export function openConnection(path: string, options: { readOnly: boolean }): DatabaseSync {
  let connection: DatabaseSync | undefined;
  try {
    connection = new DatabaseSync(path, {
      readOnly: options.readOnly,
      timeout: BUSY_TIMEOUT_MS,
      enableForeignKeyConstraints: true,
      enableDoubleQuotedStringLiterals: false,
    });
    connection.exec("PRAGMA trusted_schema = OFF");
    if (!options.readOnly) {
      connection.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON");
    }
    return connection;
  } catch (error) {
    connection?.close();
    const reason = error instanceof Error ? error.message : String(error);
    throw new AppError("UNAVAILABLE", `Cannot open the database "${path}": ${reason}`, { cause: error });
  }
}

function createConnection(connection: DatabaseSync): Connection {
  const prepare = createStatementCache(connection);
  return {
    all: <Row>(query: Sql) =>
      Promise.try(() => translated(() => prepare(query.sql).all(...bindings(query))) as unknown[] as Row[]),
    get: <Row>(query: Sql) =>
      Promise.try(() => translated(() => prepare(query.sql).get(...bindings(query))) as Row | undefined),
    run: (query) => Promise.try(() => Number(translated(() => prepare(query.sql).run(...bindings(query))).changes)),
  };
}

function bindings(query: Sql): SQLInputValue[] {
  return query.values as SQLInputValue[];
}

/** Runs what talks to SQLite; where the file or the disk fails it throws `UNAVAILABLE`. */
export function translated<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    const code = error instanceof Error && "errcode" in error ? Number(error.errcode) & 0xff : 0;
    if (!UNAVAILABLE_CODES.has(code)) throw error;
    throw new AppError("UNAVAILABLE", "Cannot reach the database now: try again later", { cause: error });
  }
}
