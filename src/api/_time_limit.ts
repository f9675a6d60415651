import type { AppError } from "../base/errors.ts";

/** Bounds how long promises may take. Disposing it forgets those that are pending. */
export interface TimeLimit extends Disposable {
  /** What `work` comes to; where it takes too long, this rejects, whether the work ends or not, and `onLate` hears why. */
  hold<T>(work: Promise<T>, onLate?: (reason: AppError) => void): Promise<T>;
}

/** One timer looks after all of them: one for each would cost more than many of them do. */
const TICKS_PER_LIMIT = 100;

/** A promise that may still be late, between those that began before and after it. */
interface Pending {
  expiresAt: number;
  expire: () => void;
  previous: Pending | null;
  next: Pending | null;
}

/** Builds a limit; what is late rejects with what `reason` makes. */
export function createTimeLimit(limitMs: number, reason: () => AppError): TimeLimit {
  // A list through the promises themselves: tables of a Set, made anew all the time, would keep what was in them until V8 looks at
  // everything, and with it each request.
  let oldest: Pending | null = null;
  let newest: Pending | null = null;
  let timer: ReturnType<typeof setInterval> | undefined;
  return { hold, [Symbol.dispose]: dispose };

  function hold<T>(work: Promise<T>, onLate?: (reason: AppError) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const pending = append(() => {
        const late = reason();
        reject(late);
        onLate?.(late);
      });
      timer ??= setInterval(look, limitMs / TICKS_PER_LIMIT);
      work.then((value) => {
        remove(pending);
        resolve(value);
      }, (error) => {
        remove(pending);
        reject(error);
      });
    });
  }

  function append(expire: () => void): Pending {
    const pending: Pending = { expiresAt: performance.now() + limitMs, expire, previous: newest, next: null };
    if (newest === null) oldest = pending;
    else newest.next = pending;
    newest = pending;
    return pending;
  }

  function remove(pending: Pending): void {
    const { previous, next } = pending;
    // It was removed when it was late.
    if (previous === null && oldest !== pending) return;
    if (previous === null) oldest = next;
    else previous.next = next;
    if (next === null) newest = previous;
    else next.previous = previous;
    pending.previous = pending.next = null;
  }

  function look(): void {
    const now = performance.now();
    for (let pending = oldest; pending !== null; pending = oldest) {
      if (pending.expiresAt > now) return;
      remove(pending);
      pending.expire();
    }
    dispose();
  }

  function dispose(): void {
    clearInterval(timer);
    timer = undefined;
    oldest = newest = null;
  }
}
