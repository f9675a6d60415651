import type { Connection } from "../database/database.ts";
import { insertRateLimit } from "./_rows.ts";

/** What is limited. */
export const RATE_LIMITED_ACTIONS = [
  "sign_in",
  "graphql",
  "capture_element",
  "send_signal",
  "mcp",
  "socket",
  "start_pairing",
  "pairing_code",
] as const;
/** One of the limited actions; each has a rule in the table `rate_limits`. */
export type RateLimitedAction = (typeof RATE_LIMITED_ACTIONS)[number];

/** How often something may be done in a minute, where no admin said otherwise. */
export const DEFAULT_RULES: Record<RateLimitedAction, number> = {
  sign_in: 20,
  graphql: 1_200,
  capture_element: 240,
  send_signal: 3_000,
  mcp: 600,
  socket: 120,
  start_pairing: 20,
  pairing_code: 20,
};

/** The window of the default rules. */
export const DEFAULT_WINDOW_SECONDS = 60;

/** Writes the rules that are not there, in the caller's transaction; returns how many. */
export async function insertDefaultRules(connection: Connection, now: number): Promise<number> {
  let inserted = 0;
  for (const [action, maxCount] of Object.entries(DEFAULT_RULES)) {
    const row = { action, maxCount, windowSeconds: DEFAULT_WINDOW_SECONDS, updatedAt: now };
    if (await insertRateLimit(connection, row)) inserted++;
  }
  return inserted;
}
