import type { Clock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import { roomLog } from "../base/log.ts";
import type { Kv } from "../kv/kv.ts";
import type { Rule } from "./_rules.ts";

/** Counts of subjects in windows that begin with the first count. */
export interface Counters {
  /** Counts one for a subject that has some of a lease left; false: nothing was counted, and `count` must. */
  spend(subject: string, rule: Rule): boolean;
  /** Counts one for a subject, and returns 0; where the rule holds no more, the milliseconds until it does. Throws `UNAVAILABLE`. */
  count(subject: string, rule: Rule): Promise<number>;
  /** How many a subject has counted in its window, and the milliseconds until that ends. Throws `UNAVAILABLE`. */
  look(subject: string, rule: Rule): Promise<{ used: number; endsInMs: number }>;
}

/** What the key-value file holds of a counter. */
interface StoredCounter {
  /** When the window began; how long it is, the rule says that holds now. */
  startedAt: number;
  /** Spent, or leased to be spent. */
  count: number;
}

/** One subject's count in one window. */
interface Counter extends StoredCounter {
  used: number;
  /** The file's count may be more than was spent. */
  isLeased: boolean;
  /** How long the file keeps it. */
  expireIn: number;
  loading: Promise<void> | null;
  writing: Promise<void> | null;
}

/** Limits up to this are written as they are spent, so that not even a restart loses or adds one. */
const MAX_EXACT_COUNT = 100;
/** Above it a fifth of the limit is written at once, so that a request seldom writes; a restart forfeits at most that. */
const LEASES_PER_WINDOW = 5;
/** Counters in memory, some 300 bytes each; above it those whose windows began first are dropped, and read again if need be. */
const MAX_COUNTERS = 10_000;

const log = roomLog("rate_limits");

/** Builds the counters on the key-value file. */
export function createCounters(kv: Kv, clock: Clock): Counters {
  // In the order in which their windows began.
  const counters = new Map<string, Counter>();
  return { spend, count, look };

  function spend(subject: string, rule: Rule): boolean {
    const counter = counters.get(keyOf(subject, rule));
    if (counter === undefined || counter.loading !== null || !isOf(counter, rule)) return false;
    if (rule.maxCount <= MAX_EXACT_COUNT || counter.used >= Math.min(rule.maxCount, counter.count)) return false;
    counter.used++;
    return true;
  }

  async function count(subject: string, rule: Rule): Promise<number> {
    const key = keyOf(subject, rule);
    const counter = await findCounter(key, rule);
    if (counter.used >= rule.maxCount) return counter.startedAt + rule.windowSeconds * 1_000 - clock.now();
    // Taken before anything is awaited: of many at once, no two may take the same one.
    const mine = ++counter.used;
    const isExact = rule.maxCount <= MAX_EXACT_COUNT;
    try {
      while (counter.count < mine || (isExact && counter.isLeased)) {
        await (counter.writing ??= write(key, counter, rule).finally(() => counter.writing = null));
      }
    } catch (cause) {
      if (isExact) {
        counter.used--;
        throw new AppError("UNAVAILABLE", "Cannot count this now: try again later", { cause });
      }
      // On a full disk those who only read go on, and are counted by this process.
      log.warning("Cannot write a rate limit's counter: {cause}", { cause });
      counter.count = Math.max(counter.count, countToStore(counter, rule));
    }
    return 0;
  }

  async function look(subject: string, rule: Rule): Promise<{ used: number; endsInMs: number }> {
    const { used, startedAt } = await findCounter(keyOf(subject, rule), rule);
    return { used, endsInMs: startedAt + rule.windowSeconds * 1_000 - clock.now() };
  }

  async function findCounter(key: string, rule: Rule): Promise<Counter> {
    const known = counters.get(key) ?? addCounter(key, { isStored: true });
    if (known.loading !== null) await known.loading;
    // Somebody else who waited may have begun the next window by now.
    const counter = counters.get(key) ?? known;
    if (isOf(counter, rule)) return counter;
    counters.delete(key);
    return addCounter(key, { isStored: false });
  }

  // A clock that was set back must not make a window longer than two.
  function isOf({ startedAt }: Counter, { windowSeconds }: Rule): boolean {
    return Math.abs(clock.now() - startedAt) < windowSeconds * 1_000;
  }

  function addCounter(key: string, { isStored }: { isStored: boolean }): Counter {
    if (counters.size >= MAX_COUNTERS) forgetOldest();
    const counter: Counter = {
      startedAt: clock.now(),
      count: 0,
      used: 0,
      isLeased: false,
      expireIn: 0,
      loading: null,
      writing: null,
    };
    counters.set(key, counter);
    if (isStored) counter.loading = load(key, counter);
    return counter;
  }

  async function load(key: string, counter: Counter): Promise<void> {
    try {
      const { value } = await kv.get<StoredCounter>(kvKey(key));
      if (value !== null) Object.assign(counter, { ...value, used: value.count });
      counter.loading = null;
    } catch (cause) {
      counters.delete(key);
      throw new AppError("UNAVAILABLE", "Cannot read what was counted: try again later", { cause });
    }
  }

  // One that is being written stays: the file does not know yet what it counted.
  function forgetOldest(): void {
    for (const [key, counter] of counters) {
      if (counters.size <= MAX_COUNTERS / 2) return;
      if (counter.loading !== null || counter.writing !== null) continue;
      counters.delete(key);
      if (counter.isLeased) giveBack(key, counter);
    }
  }

  // Or who comes back would have spent what was only leased, each time anew.
  function giveBack(key: string, { startedAt, used: count, expireIn }: Counter): void {
    kv.set(kvKey(key), { startedAt, count } satisfies StoredCounter, { expireIn }).catch((cause) =>
      log.warning("Cannot write a rate limit's counter: {cause}", { cause })
    );
  }

  async function write(key: string, counter: Counter, rule: Rule): Promise<void> {
    const count = countToStore(counter, rule);
    const isLeased = count > counter.used;
    const stored: StoredCounter = { startedAt: counter.startedAt, count };
    const expireIn = rule.windowSeconds * 2_000;
    await kv.set(kvKey(key), stored, { expireIn });
    Object.assign(counter, { count, isLeased, expireIn });
  }
}

function countToStore({ used }: Counter, { maxCount }: Rule): number {
  if (maxCount <= MAX_EXACT_COUNT) return used;
  return Math.max(used, Math.min(used - 1 + Math.ceil(maxCount / LEASES_PER_WINDOW), maxCount));
}

function keyOf(subject: string, { action }: Rule): string {
  return `${action} ${subject}`;
}

function kvKey(key: string): Deno.KvKey {
  return ["rate_limits", ...key.split(" ")];
}
