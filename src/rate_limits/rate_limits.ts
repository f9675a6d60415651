import type { Clock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import { roomLog } from "../base/log.ts";
import type { Database } from "../database/database.ts";
import type { Kv } from "../kv/kv.ts";
import { listRateLimits } from "./_rows.ts";

/** What is limited; each has a rule in the table `rate_limits`. */
export type RateLimitedAction = "sign_in" | "graphql" | "capture_element" | "send_signal" | "mcp" | "socket";

/** Counters in fixed windows. */
export interface RateLimits {
  /** Counts one `action` of `subject` (a user, a token, an address). Throws `RATE_LIMITED` with the seconds to wait. */
  take(action: RateLimitedAction, subject: string): Promise<void>;
}

interface Rule {
  maxCount: number;
  windowSeconds: number;
}

/** One subject's count in one window. `leased` is what the key-value file says; the first `used` of it are spent. */
interface Counter {
  window: number;
  used: number;
  leased: number;
  extending: Promise<void> | null;
}

/** Limits up to this are written one by one, so that not even a restart loses or adds one. */
const MAX_EXACT_COUNT = 100;
/** Above it a twentieth of the limit is written at once: a restart forfeits at most that, and a request seldom writes. */
const LEASES_PER_WINDOW = 20;
/** A changed rule holds within this time. */
const RULES_TTL_MS = 1_000;
/** Counters in memory; above it the older half is dropped. */
const MAX_COUNTERS = 10_000;

const log = roomLog("rate_limits");

/** Builds the rate limits on the rules' table and the counters' file. */
export function createRateLimits({ database, kv, clock }: { database: Database; kv: Kv; clock: Clock }): RateLimits {
  const counters = new Map<string, Counter>();
  let rules = new Map<string, Rule>();
  let rulesReadAt = -Infinity;
  return { take };

  async function take(action: RateLimitedAction, subject: string): Promise<void> {
    const rule = await findRule(action);
    const windowMs = rule.windowSeconds * 1_000;
    const window = Math.floor(clock.now() / windowMs);
    const counter = findCounter(`${action} ${subject}`, window);
    while (counter.used >= counter.leased && counter.used < rule.maxCount) {
      const extending = counter.extending ??= extend(counter, rule, ["rate_limits", action, subject, window])
        .finally(() => counter.extending = null);
      await extending;
    }
    if (counter.used < rule.maxCount) {
      counter.used++;
      return;
    }
    const retryAfterSeconds = Math.max(1, Math.ceil(((window + 1) * windowMs - clock.now()) / 1_000));
    const message = `Cannot do this so often: wait ${retryAfterSeconds} s`;
    throw new AppError("RATE_LIMITED", message, { retryAfterSeconds });
  }

  async function findRule(action: RateLimitedAction): Promise<Rule> {
    if (clock.now() - rulesReadAt >= RULES_TTL_MS) {
      const rows = await listRateLimits(database.read);
      rules = new Map(rows.map((row) => [row.action, row]));
      rulesReadAt = clock.now();
    }
    const rule = rules.get(action);
    if (rule === undefined) throw new AppError("UNAVAILABLE", `Cannot find the rate limit of "${action}"`);
    return rule;
  }

  function findCounter(key: string, window: number): Counter {
    const known = counters.get(key);
    if (known?.window === window) return known;
    if (counters.size >= MAX_COUNTERS) forgetOldest();
    const counter = { window, used: 0, leased: 0, extending: null };
    counters.set(key, counter);
    return counter;
  }

  // What a counter leased is in the file, so one that is still counted goes on from there.
  function forgetOldest(): void {
    for (const key of counters.keys()) {
      if (counters.size <= MAX_COUNTERS / 2) return;
      counters.delete(key);
    }
  }

  async function extend(counter: Counter, rule: Rule, key: Deno.KvKey): Promise<void> {
    if (counter.leased === 0) {
      const stored = await kv.get<number>(key);
      counter.used = counter.leased = stored.value ?? 0;
    }
    const lease = rule.maxCount <= MAX_EXACT_COUNT ? 1 : Math.ceil(rule.maxCount / LEASES_PER_WINDOW);
    const leased = Math.min(counter.leased + lease, rule.maxCount);
    if (leased <= counter.leased) return;
    try {
      await kv.set(key, leased, { expireIn: rule.windowSeconds * 2_000 });
    } catch (cause) {
      // On a full disk those who only read go on, and are counted by this process; what must be exact is not done.
      if (lease === 1) throw new AppError("UNAVAILABLE", "Cannot count this now: try again later", { cause });
      log.warning("Cannot write a rate limit's counter: {cause}", { cause });
    }
    counter.leased = leased;
  }
}
