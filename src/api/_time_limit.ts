import type { AppError } from "../base/errors.ts";

/** Bounds how long promises may take. Disposing it forgets those that are pending. */
export interface TimeLimit extends Disposable {
  /** What `work` comes to; where it takes too long, this rejects, whether the work ends or not, and `onLate` hears why. */
  hold<T>(work: Promise<T>, onLate?: (reason: AppError) => void): Promise<T>;
}

/** One timer looks after all of them: one for each would cost more than many of them do. */
const TICKS_PER_LIMIT = 100;

/** A promise that may still be late. */
interface Pending {
  expiresAt: number;
  expire(): void;
}

/** Builds a limit; what is late rejects with what `reason` makes. */
export function createTimeLimit(limitMs: number, reason: () => AppError): TimeLimit {
  // In the order in which they began, which is the order in which they expire.
  const pending = new Set<Pending>();
  let timer: ReturnType<typeof setInterval> | undefined;
  return { hold, [Symbol.dispose]: dispose };

  function hold<T>(work: Promise<T>, onLate?: (reason: AppError) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const held: Pending = {
        expiresAt: performance.now() + limitMs,
        expire() {
          const late = reason();
          reject(late);
          onLate?.(late);
        },
      };
      pending.add(held);
      timer ??= setInterval(look, limitMs / TICKS_PER_LIMIT);
      work.then((value) => {
        pending.delete(held);
        resolve(value);
      }, (error) => {
        pending.delete(held);
        reject(error);
      });
    });
  }

  function look(): void {
    const now = performance.now();
    for (const held of pending) {
      if (held.expiresAt > now) return;
      pending.delete(held);
      held.expire();
    }
    dispose();
  }

  function dispose(): void {
    clearInterval(timer);
    timer = undefined;
    pending.clear();
  }
}
