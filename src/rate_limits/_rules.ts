import type { Clock } from "../base/clock.ts";
import type { Connection, Database } from "../database/database.ts";
import { listRateLimits, type RateLimitRow } from "./_rows.ts";
import {
  DEFAULT_RULES,
  DEFAULT_WINDOW_SECONDS,
  RATE_LIMITED_ACTIONS,
  type RateLimitedAction,
} from "./default_rules.ts";

/** A rule of an action that the code knows. */
export type Rule = RateLimitRow & { action: RateLimitedAction };

/** The rules as they are now. */
export interface Rules {
  /** An action's rule; whatever changed it, it is known here within a second. */
  find(action: RateLimitedAction): Rule | Promise<Rule>;
  /** Has the next look read the rules anew. */
  forget(): void;
}

/** A rule that another process changed, such as SQLite's shell, holds within this time. */
const TTL_MS = 1_000;

/** Builds the cache of the rules: the table is read once a second, not for every request. */
export function createRules(database: Database, clock: Clock): Rules {
  let rules = new Map<RateLimitedAction, Rule>();
  let readAt = -Infinity;
  let changes = 0;
  let reading: Promise<void> | null = null;
  return { find, forget };

  function find(action: RateLimitedAction): Rule | Promise<Rule> {
    const age = clock.now() - readAt;
    // A clock that was set back must not keep old rules.
    const rule = age >= 0 && age < TTL_MS ? rules.get(action) : undefined;
    return rule ?? readAndFind(action);
  }

  async function readAndFind(action: RateLimitedAction): Promise<Rule> {
    await (reading ??= read().finally(() => reading = null));
    return rules.get(action) ?? defaultRule(action);
  }

  async function read(): Promise<void> {
    const [now, seenChanges] = [clock.now(), changes];
    const rows = await listRules(database.read);
    rules = new Map(rows.map((rule) => [rule.action, rule]));
    // What was read before a change that came meanwhile is good for those who asked before it, and for nobody after.
    readAt = seenChanges === changes ? now : -Infinity;
  }

  function forget(): void {
    changes++;
    readAt = -Infinity;
    reading = null;
  }
}

/** Each action's rule, in the order of the code; the default for one that the table has lost. */
export async function listRules(connection: Connection): Promise<Rule[]> {
  const rows = await listRateLimits(connection);
  return RATE_LIMITED_ACTIONS.map((action) => {
    const row = rows.find((row) => row.action === action);
    return row === undefined ? defaultRule(action) : { ...row, action };
  });
}

function defaultRule(action: RateLimitedAction): Rule {
  return { action, maxCount: DEFAULT_RULES[action], windowSeconds: DEFAULT_WINDOW_SECONDS, updatedAt: 0 };
}
