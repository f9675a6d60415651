import type { DatabaseSync, StatementSync } from "node:sqlite";

/** Statements kept prepared: more than the code has, so that only composed SQL ever pushes one out. */
const MAX_CACHED_STATEMENTS = 256;

/** Prepares each SQL text once and keeps the latest used. */
export function createStatementCache(connection: DatabaseSync): (sql: string) => StatementSync {
  const cache = new Map<string, StatementSync>();
  return function prepare(sql) {
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
  };
}
