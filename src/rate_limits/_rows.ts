import sql from "sql-template-tag";
import type { Connection } from "../database/database.ts";

/** How often something may be done. */
export interface RateLimitRow {
  action: string;
  maxCount: number;
  windowSeconds: number;
  updatedAt: number;
}

/** Every rule: there is one for each action of the code. */
export function listRateLimits(connection: Connection): Promise<RateLimitRow[]> {
  return connection.all<RateLimitRow>(sql`
    SELECT action, max_count AS maxCount, window_seconds AS windowSeconds, updated_at AS updatedAt FROM rate_limits`);
}

/** Adds a rule that is not there; false where it is. */
export async function insertRateLimit(
  connection: Connection,
  { action, maxCount, windowSeconds, updatedAt }: RateLimitRow,
): Promise<boolean> {
  return await connection.run(sql`
    INSERT INTO rate_limits (action, max_count, window_seconds, updated_at)
    VALUES (${action}, ${maxCount}, ${windowSeconds}, ${updatedAt})
    ON CONFLICT (action) DO NOTHING`) > 0;
}

/** Sets a rule. */
export async function upsertRateLimit(
  connection: Connection,
  { action, maxCount, windowSeconds, updatedAt }: RateLimitRow,
): Promise<void> {
  await connection.run(sql`
    INSERT INTO rate_limits (action, max_count, window_seconds, updated_at)
    VALUES (${action}, ${maxCount}, ${windowSeconds}, ${updatedAt})
    ON CONFLICT (action) DO UPDATE SET max_count = excluded.max_count, window_seconds = excluded.window_seconds,
      updated_at = excluded.updated_at`);
}
