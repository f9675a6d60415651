import type { Audit } from "../audit/audit.ts";
import type { Actor } from "../base/actor.ts";
import type { Clock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import { clientBlock } from "../base/ip_addresses.ts";
import { requirePermission } from "../base/permissions.ts";
import type { Database } from "../database/database.ts";
import type { Kv } from "../kv/kv.ts";
import { createCounters } from "./_counters.ts";
import { upsertRateLimit } from "./_rows.ts";
import { createRules, listRules, type Rule } from "./_rules.ts";
import type { RateLimitedAction } from "./default_rules.ts";

/** How often something may be done; `updatedAt` is 0 where nobody changed it. */
export type RateLimitRule = Rule;

/** A rule as it is to be. */
export interface RateLimitChange {
  action: RateLimitedAction;
  /** From 1 to `MAX_LIMIT`. */
  limit: number;
  /** From 1 to `MAX_WINDOW_SECONDS`. */
  windowSeconds: number;
}

/** The rules, and counters that hold to them. */
export interface RateLimits {
  /**
   * Counts one `action` of `subject`: a user, a token, or an address, of which IPv6 counts with its /64. Up to a limit of 100 it
   * is exact. Throws `RATE_LIMITED` with the seconds to wait, `UNAVAILABLE`.
   */
  take(action: RateLimitedAction, subject: string): Promise<void>;
  /** How much of `action` a subject has left in its window, and the seconds until that ends. Throws `UNAVAILABLE`. */
  left(
    action: RateLimitedAction,
    subject: string,
  ): Promise<{ limit: number; remaining: number; resetSeconds: number }>;
  /** Every rule. Throws `UNAUTHENTICATED`, `FORBIDDEN`. */
  list(actor: Actor): Promise<RateLimitRule[]>;
  /** Changes a rule, which holds from the next `take` on, for what was counted already too. Throws `UNAUTHENTICATED`, `FORBIDDEN`. */
  set(actor: Actor, change: RateLimitChange): Promise<RateLimitRule>;
}

/** More than any server answers in a day. */
export const MAX_LIMIT = 1_000_000_000;
/** A day. */
export const MAX_WINDOW_SECONDS = 86_400;

/** What the rate limits are built on. */
export interface RateLimitsDependencies {
  database: Database;
  kv: Kv;
  audit: Audit;
  clock: Clock;
}

/** By whom most actions are counted: a token, a user with all of its sessions, or a guest's address. */
export function subjectOf(actor: Actor): string {
  if (actor.kind === "token") return `token ${actor.tokenId}`;
  if (actor.kind === "user") return `user ${actor.userId}`;
  return actor.origin.ipAddress ?? "unknown";
}

/** What is nearly always answered: a promise for each would cost as much as counting does. */
const TAKEN = Promise.resolve();

/** Builds the rate limits on the rules' table and the counters' file. */
export function createRateLimits({ database, kv, audit, clock }: RateLimitsDependencies): RateLimits {
  const rules = createRules(database, clock);
  const counters = createCounters(kv, clock);
  return { take, left, list, set };

  function take(action: RateLimitedAction, subject: string): Promise<void> {
    const [rule, client] = [rules.find(action), clientBlock(subject)];
    return !(rule instanceof Promise) && counters.spend(client, rule) ? TAKEN : count(client, rule);
  }

  async function count(client: string, rule: Rule | Promise<Rule>): Promise<void> {
    const waitMs = await counters.count(client, await rule);
    if (waitMs === 0) return;
    const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1_000));
    const message = `Cannot do this so often: wait ${retryAfterSeconds} s`;
    throw new AppError("RATE_LIMITED", message, { retryAfterSeconds });
  }

  async function left(action: RateLimitedAction, subject: string) {
    const rule = await rules.find(action);
    const { used, endsInMs } = await counters.look(clientBlock(subject), rule);
    const remaining = Math.max(0, rule.maxCount - used);
    return { limit: rule.maxCount, remaining, resetSeconds: Math.max(1, Math.ceil(endsInMs / 1_000)) };
  }

  async function list(actor: Actor): Promise<RateLimitRule[]> {
    requirePermission(actor, "MANAGE_LIMITS");
    return await listRules(database.read);
  }

  async function set(actor: Actor, { action, limit, windowSeconds }: RateLimitChange): Promise<RateLimitRule> {
    requirePermission(actor, "MANAGE_LIMITS");
    const rule: Rule = { action, maxCount: limit, windowSeconds, updatedAt: clock.now() };
    await database.write(async (connection) => {
      const before = (await listRules(connection)).find((known) => known.action === action);
      await upsertRateLimit(connection, rule);
      const details = { action, from: before === undefined ? null : describe(before), to: describe(rule) };
      await audit.record(connection, actor, { kind: "limit.changed", details });
    });
    rules.forget();
    return rule;
  }
}

function describe({ maxCount, windowSeconds }: Rule): string {
  return `${maxCount} in ${windowSeconds} s`;
}
