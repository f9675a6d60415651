import type { Connection } from "../database/database.ts";
import { insertRateLimit } from "./_rows.ts";
import type { RateLimitedAction } from "./rate_limits.ts";

/** How often something may be done in a minute, where no admin said otherwise. */
export const DEFAULT_RULES: Record<RateLimitedAction, number> = {
  sign_in: 20,
  graphql: 1_200,
  capture_element: 240,
  send_signal: 3_000,
  mcp: 600,
  socket: 120,
};

const WINDOW_SECONDS = 60;

/** Writes the rules that are not there, in the caller's transaction; returns how many. */
export async function insertDefaultRules(connection: Connection, now: number): Promise<number> {
  let inserted = 0;
  for (const [action, maxCount] of Object.entries(DEFAULT_RULES)) {
    if (await insertRateLimit(connection, { action, maxCount, windowSeconds: WINDOW_SECONDS }, now)) inserted++;
  }
  return inserted;
}
