import { createHash } from "node:crypto";
import type { Clock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import type { Kv } from "../kv/kv.ts";
import { toEmailKey } from "../users/user_input.ts";

/** One try: what became of it is told by exactly one of the three. */
export interface Attempt {
  /** The password was right: forgets the failures. */
  succeed(): Promise<void>;
  /** It was wrong; until when the e-mail is locked by that, null where it is not. */
  fail(): Promise<number | null>;
  /** It could not be checked: counts as none. */
  abandon(): Promise<void>;
}

/** Counts wrong passwords by e-mail, known or not, exactly: of a hundred at once no more than five are ever checked. */
export interface Lockouts {
  /** Takes one of the tries that are left, waiting for those under way; null where the e-mail is locked. Throws `UNAVAILABLE`. */
  begin(email: string): Promise<Attempt | null>;
  /** Ends a lock and forgets the failures and earlier locks. Throws `UNAVAILABLE`. */
  clear(email: string): Promise<void>;
}

/** What the file keeps of an e-mail under its SHA-256: what people type into that field is not always an address. */
interface LockoutRecord {
  /** When tries began that were not found right, those under way among them: after a crash they count as wrong. */
  tries: number[];
  /** Locks so far, each longer than the one before. */
  locks: number;
  /** Until then every try is refused; 0: none is. */
  lockedUntil: number;
}

/** An e-mail that is being tried, ahead of the file by what is being written. */
interface Entry {
  id: string;
  loaded: Promise<void>;
  failed: number[];
  open: number[];
  locks: number;
  lockedUntil: number;
  /** Calls that hold the entry. */
  holders: number;
  waiting: (() => void)[];
  saved: Promise<void>;
}

const MAX_FAILURES = 5;
const WINDOW_MS = 15 * 60_000;
/** The first lock, the second, all later ones. */
const LOCK_MS = [15 * 60_000, 30 * 60_000, 60 * 60_000];
const LONGEST_LOCK_MS = 60 * 60_000;
/** After this long without a failure the next lock is the first again. */
const FORGET_MS = 24 * 3_600_000;
/** Tries of one e-mail that wait for those under way; more only come from somebody who guesses. */
const MAX_WAITING = 128;

/** Builds the lockouts on the key-value file. */
export function createLockouts({ kv, clock }: { kv: Kv; clock: Clock }): Lockouts {
  const entries = new Map<string, Entry>();
  return { begin, clear: (email) => hold(email, (entry) => reset(entry)) };

  async function begin(email: string): Promise<Attempt | null> {
    const entry = take(email);
    try {
      await entry.loaded;
      const at = await waitForTry(entry);
      if (at === null) return release(entry, null);
      // Written before the check, so that no crash gives a try away.
      await save(entry).catch((error) => {
        entry.open.splice(entry.open.indexOf(at), 1);
        throw error;
      });
      return toAttempt(entry, at);
    } catch (error) {
      return release(entry, Promise.reject(error));
    }
  }

  async function waitForTry(entry: Entry): Promise<number | null> {
    while (entry.lockedUntil <= clock.now()) {
      entry.failed = entry.failed.filter((at) => at > clock.now() - WINDOW_MS);
      if (entry.failed.length >= MAX_FAILURES) await lock(entry);
      else if (entry.failed.length + entry.open.length < MAX_FAILURES) {
        const now = clock.now();
        entry.open.push(now);
        return now;
      } else if (entry.waiting.length >= MAX_WAITING) {
        throw new AppError("UNAVAILABLE", "Cannot sign in now: too many try at once");
      } else await new Promise<void>((resolve) => entry.waiting.push(resolve));
    }
    return null;
  }

  function toAttempt(entry: Entry, at: number): Attempt {
    const settle = async <T>(how: () => Promise<T>): Promise<T> => {
      entry.open.splice(entry.open.indexOf(at), 1);
      const settled = how();
      for (const resolve of entry.waiting.splice(0)) resolve();
      return await release(entry, settled);
    };
    return {
      succeed: () => settle(() => reset(entry)),
      abandon: () => settle(() => save(entry)),
      fail: () =>
        settle(async () => {
          entry.failed.push(at);
          if (entry.failed.length >= MAX_FAILURES) return await lock(entry);
          await save(entry);
          return null;
        }),
    };
  }

  async function lock(entry: Entry): Promise<number> {
    const lockedUntil = clock.now() + (LOCK_MS[entry.locks] ?? LONGEST_LOCK_MS);
    Object.assign(entry, { failed: [], locks: entry.locks + 1, lockedUntil });
    await save(entry);
    return lockedUntil;
  }

  function reset(entry: Entry): Promise<void> {
    Object.assign(entry, { failed: [], locks: 0, lockedUntil: 0 });
    return save(entry);
  }

  async function hold<T>(email: string, work: (entry: Entry) => Promise<T>): Promise<T> {
    const entry = take(email);
    return await release(entry, entry.loaded.then(() => work(entry)));
  }

  function take(email: string): Entry {
    const id = createHash("sha256").update(toEmailKey(email)).digest("hex");
    const entry = entries.getOrInsertComputed(id, load);
    entry.holders++;
    return entry;
  }

  function load(id: string): Entry {
    const state = { failed: [], open: [], locks: 0, lockedUntil: 0, holders: 0, waiting: [] };
    const entry: Entry = { id, ...state, loaded: Promise.resolve(), saved: Promise.resolve() };
    entry.loaded = kv.get<LockoutRecord>(["lockouts", id]).then(({ value }) => {
      if (value === null) return;
      const { tries: failed, ...lock } = value;
      Object.assign(entry, { failed, ...lock });
    });
    return entry;
  }

  // In memory only while somebody tries it: guesses at a million addresses leave nothing behind.
  async function release<T>(entry: Entry, result: T | Promise<T>): Promise<T> {
    try {
      return await result;
    } finally {
      if (--entry.holders === 0) entries.delete(entry.id);
    }
  }

  // One after the other, each with what is true by then: of two at once the later one must win.
  async function save(entry: Entry): Promise<void> {
    const write = async () => {
      const { id, failed, open, locks, lockedUntil } = entry;
      const record: LockoutRecord = { tries: [...failed, ...open], locks, lockedUntil };
      if (record.tries.length + locks === 0) await kv.delete(["lockouts", id]);
      else await kv.set(["lockouts", id], record, { expireIn: FORGET_MS });
    };
    const saved = entry.saved.then(write);
    entry.saved = saved.catch(() => {});
    await saved.catch((cause) => {
      throw new AppError("UNAVAILABLE", "Cannot count this sign-in now: try again later", { cause });
    });
  }
}
