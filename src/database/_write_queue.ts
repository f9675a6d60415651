import type { DatabaseSync } from "node:sqlite";
import { AppError } from "../base/errors.ts";
import type { Connection, Transaction } from "./database.ts";
import { translated } from "./database.ts";

/** The queue of the one writer. */
export interface WriteQueue extends AsyncDisposable {
  /** Runs `work` after those that came before it; resolves when its commit is on disk. */
  write<T>(work: (transaction: Transaction) => Promise<T>): Promise<T>;
  /** Runs `work` on the writer while no transaction is open. */
  between<T>(work: (writer: DatabaseSync) => T | Promise<T>): Promise<T>;
  /** How many transactions were committed so far, each counted before its callers hear of it. */
  commits(): number;
}

/** Writes that may wait for their turn; beyond it the server is overloaded and says so. */
const MAX_WAITING_WRITES = 1_000;
/** Writes that share one commit: its sync to the disk takes some five times as long as a small write. */
const MAX_GROUP_SIZE = 64;
/** How long the first of a group waits for the others' work, beyond its own. */
const MAX_GROUP_MS = 5;

/** A write that waits. */
interface Turn {
  work(transaction: Transaction): Promise<unknown>;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

interface Waiting {
  turns: Turn[];
  onCommit: () => void;
}

/** Builds the queue on the only writing connection; `written` runs statements on it. */
export function createWriteQueue(writer: DatabaseSync, written: Connection): WriteQueue {
  const turns: Turn[] = [];
  let waiting = 0;
  // A group of turns, or what runs between them: one at a time.
  let last: Promise<unknown> = Promise.resolve();
  let isDraining = false;
  let closed = false;
  let commits = 0;
  return { write, between, commits: () => commits, [Symbol.asyncDispose]: close };

  function write<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    if (closed) return Promise.reject(new AppError("UNAVAILABLE", "Cannot write: the database is closed"));
    if (waiting >= MAX_WAITING_WRITES) {
      return Promise.reject(new AppError("UNAVAILABLE", "Cannot write: too many writes wait already"));
    }
    waiting++;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    turns.push({ work, resolve: resolve as Turn["resolve"], reject });
    if (!isDraining) {
      isDraining = true;
      last = last.then(drain);
    }
    return promise.finally(() => waiting--);
  }

  async function drain(): Promise<void> {
    // Whoever is on the way to a write comes to be in this group too, and what is to run between groups gets its chance.
    await new Promise((resolve) => setImmediate(resolve));
    await commitGroup(writer, written, { turns, onCommit: () => commits++ });
    isDraining = turns.length > 0;
    if (isDraining) last = last.then(drain);
  }

  function between<T>(work: (writer: DatabaseSync) => T | Promise<T>): Promise<T> {
    const done = last.then(() => translated(() => work(writer)));
    last = done.catch(() => undefined);
    return done;
  }

  async function close(): Promise<void> {
    closed = true;
    for (let seen: unknown; seen !== last;) await (seen = last);
  }
}

/** Runs waiting turns in one transaction; each caller learns of its own when all of them are on disk. */
async function commitGroup(writer: DatabaseSync, written: Connection, { turns, onCommit }: Waiting): Promise<void> {
  const group: Turn[] = [];
  const settlements: (() => void)[] = [];
  try {
    translated(() => writer.exec("BEGIN IMMEDIATE"));
    const startedAt = performance.now();
    do {
      const turn = turns.shift();
      if (turn === undefined) break;
      group.push(turn);
      settlements.push(await runTurn(writer, written, turn));
    } while (group.length < MAX_GROUP_SIZE && performance.now() - startedAt < MAX_GROUP_MS);
    translated(() => writer.exec("COMMIT"));
    onCommit();
    for (const settle of settlements) settle();
  } catch (error) {
    if (writer.isTransaction) writer.exec("ROLLBACK");
    // Where not even a transaction could begin, nobody's has a better chance now.
    for (const turn of group.length > 0 ? group : turns.splice(0)) turn.reject(error);
  }
}

/** Runs one turn in a savepoint of its own and returns how to tell its caller. Throws if the whole transaction was lost. */
async function runTurn(writer: DatabaseSync, written: Connection, turn: Turn): Promise<() => void> {
  try {
    const value = await nest(writer, written, (transaction) => turn.work(transaction));
    return () => turn.resolve(value);
  } catch (error) {
    // SQLite ends the transaction by itself after some errors, a full disk among them.
    if (!writer.isTransaction) throw error;
    return () => turn.reject(error);
  }
}

async function nest<T>(
  writer: DatabaseSync,
  written: Connection,
  work: (transaction: Transaction) => Promise<T>,
): Promise<T> {
  // Savepoints are a stack: two side by side would end each other.
  let isNesting = false;
  let hasEnded = false;
  // What still runs after the end, or beside an inner one, would be part of another transaction, or of none.
  const inside = <T>(statement: () => Promise<T>): Promise<T> => {
    if (isNesting) return Promise.reject(new Error("Cannot use a transaction while another is nested in it"));
    if (hasEnded || !writer.isTransaction) return Promise.reject(new Error("Cannot use a transaction that has ended"));
    return statement();
  };
  const transaction: Transaction = {
    all: (query) => inside(() => written.all(query)),
    get: (query) => inside(() => written.get(query)),
    run: (query) => inside(() => written.run(query)),
    nest: (inner) =>
      inside(async () => {
        isNesting = true;
        return await nest(writer, written, inner).finally(() => isNesting = false);
      }),
  };
  translated(() => writer.exec("SAVEPOINT nested"));
  try {
    const value = await work(transaction);
    translated(() => writer.exec("RELEASE nested"));
    return value;
  } catch (error) {
    if (writer.isTransaction) writer.exec("ROLLBACK TO nested; RELEASE nested");
    throw error;
  } finally {
    hasEnded = true;
  }
}
