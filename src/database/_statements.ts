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

/** A prepared statement, and the names of its columns. */
interface Prepared {
  statement: StatementSync;
  names: string[];
}

/** Prepares each SQL text once, keeps the latest used, and records how long each run took. */
export function createStatements(connection: DatabaseSync, record: StatementRecord): Statements {
  const cache = new Map<string, Prepared>();
  return {
    all: (sql, values) =>
      timed(sql, ({ statement, names }) => {
        const rows: unknown[] = statement.all(...values);
        return rows.map((row) => toObject(names, row));
      }),
    get: (sql, values) =>
      timed(sql, ({ statement, names }) => {
        const row: unknown = statement.get(...values);
        return row === undefined ? undefined : toObject(names, row);
      }),
    run: (sql, values) => timed(sql, ({ statement }) => Number(statement.run(...values).changes)),
  };

  function timed<T>(sql: string, work: (prepared: Prepared) => T): T {
    const startedAt = performance.now();
    try {
      return work(prepare(sql));
    } finally {
      record.add(sql, performance.now() - startedAt);
    }
  }

  function prepare(sql: string): Prepared {
    const cached = cache.get(sql);
    if (cached !== undefined) {
      // Only then does the order matter, and moving one costs as much as a short statement.
      if (cache.size === MAX_CACHED_STATEMENTS) {
        cache.delete(sql);
        cache.set(sql, cached);
      }
      return cached;
    }
    const statement = connection.prepare(sql);
    useArrays(statement);
    const prepared = { statement, names: statement.columns().map(({ name }) => name) };
    cache.set(sql, prepared);
    if (cache.size > MAX_CACHED_STATEMENTS) {
      const [oldest] = cache.keys();
      if (oldest !== undefined) cache.delete(oldest);
    }
    return prepared;
  }
}

// A third less time than for objects, which node:sqlite makes in a form that is slow to read too. It is not in every version of the type.
function useArrays(statement: object): void {
  if ("setReturnArrays" in statement && typeof statement.setReturnArrays === "function") {
    statement.setReturnArrays(true);
  }
}

function toObject(names: readonly string[], row: unknown): unknown {
  if (!Array.isArray(row)) return row;
  const object: Record<string, unknown> = {};
  for (let index = 0; index < names.length; index++) object[names[index] ?? ""] = row[index];
  return object;
}
