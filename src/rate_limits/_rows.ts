import sql from "sql-template-tag";
import type { Connection } from "../database/database.ts";

/** How often something may be done. */
export interface RateLimitRow {
  action: string;
  maxCount: number;
  windowSeconds: number;
}

/** Every rule: there is one for each action of the code. */
export function listRateLimits(connection: Connection): Promise<RateLimitRow[]> {
  return connection.all<RateLimitRow>(
    sql`SELECT action, max_count AS maxCount, window_seconds AS windowSeconds FROM rate_limits`,
  );
}
