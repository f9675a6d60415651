import { AppError } from "../base/errors.ts";
import { createTimeLimit } from "./_time_limit.ts";

/** One operation that runs: what ends its work, and its answer. */
export interface Deadline {
  /** Ends when the client goes away, and at the deadline with `UNAVAILABLE`. Made when it is first asked for: few operations do. */
  signal(): AbortSignal;
  /** What `work` comes to. At the deadline the signal ends, and this rejects with `UNAVAILABLE` whether the work ends or not. */
  hold<T>(work: () => T | Promise<T>): T | Promise<T>;
}

/** Ends what takes too long, on every transport. Disposing it forgets what runs. */
export interface Deadlines extends Disposable {
  /** Begins an operation; `ofClient`, asked only if need be, ends when its client goes away. */
  begin(ofClient: () => AbortSignal): Deadline;
}

/** How deadlines are kept. */
export interface DeadlineOptions {
  /** How long an operation may take; 10 s if absent. */
  deadlineMs?: number | undefined;
}

/** What a person waits for an answer. */
const DEADLINE_MS = 10_000;

/** Builds the deadlines. */
export function createDeadlines({ deadlineMs = DEADLINE_MS }: DeadlineOptions = {}): Deadlines {
  const limit = createTimeLimit(deadlineMs, () => tooLate(deadlineMs));
  return { begin, [Symbol.dispose]: () => limit[Symbol.dispose]() };

  function begin(ofClient: () => AbortSignal): Deadline {
    let made: AbortSignal | null = null;
    let controller: AbortController | null = null;
    let reason: AppError | null = null;
    return {
      signal() {
        if (made !== null) return made;
        controller = new AbortController();
        if (reason !== null) controller.abort(reason);
        return made = AbortSignal.any([ofClient(), controller.signal]);
      },
      hold(work) {
        const result = work();
        if (!(result instanceof Promise)) return result;
        return limit.hold(result, (late) => {
          reason = late;
          controller?.abort(late);
        });
      },
    };
  }
}

function tooLate(deadlineMs: number): AppError {
  return new AppError("UNAVAILABLE", `Cannot answer this within ${deadlineMs / 1_000} s: ask for less`);
}
