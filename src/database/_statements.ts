import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import type { StatementRecord } from "./_statement_record.ts";

/** Statements kept prepared: more than the code has, so that only composed SQL ever pushes one out. */
const MAX_CACHED_STATEMENTS = 256;

/** Runs parametrised SQL on one connection at once, each text prepared once. */
export interface Statements {
  all(sql: string, values: SQLInputValue[]): unknown[];
  get(sql: string, values: SQLInputValue[]): unknown;
  /** The number of rows changed. */
  run(sql: string, values: SQLInputValue[]): number;
}

/** Prepares each SQL text once, keeps the latest used, and records how long each run took. */
export function createStatements(connection: DatabaseSync, record: StatementRecord): Statements {
  const cache = new Map<string, StatementSync>();
  return {
    all: (sql, values) => timed(sql, (statement) => statement.all(...values)),
    get: (sql, values) => timed(sql, (statement) => statement.get(...values)),
    run: (sql, values) => timed(sql, (statement) => Number(statement.run(...values).changes)),
  };

  function timed<T>(sql: string, work: (statement: StatementSync) => T): T {
    const startedAt = performance.now();
    try {
      return work(prepare(sql));
    } finally {
      record.add(sql, performance.now() - startedAt);
    }
  }

  function prepare(sql: string): StatementSync {
    const cached = cache.get(sql);
    if (cached !== undefined) {
      cache.delete(sql);
      cache.set(sql, cached);
      return cached;
    }
    const statement = connection.prepare(sql);
    cache.set(sql, statement);
    if (cache.size > MAX_CACHED_STATEMENTS) {
      const [oldest] = cache.keys();
      if (oldest !== undefined) cache.delete(oldest);
    }
    return statement;
  }
}
