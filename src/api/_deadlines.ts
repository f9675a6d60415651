import { AppError } from "../base/errors.ts";

/** One operation that runs: what ends its work, and its answer. */
export interface Deadline {
  /** Ends when the client goes away, and at the deadline with `UNAVAILABLE`. Made when it is first asked for: few operations do. */
  readonly signal: AbortSignal;
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
/** One timer looks after all operations: a timer and a signal for each would cost more than many of them do. */
const TICKS_PER_DEADLINE = 100;

/** An operation that its deadline may still end. */
interface Running {
  expiresAt: number;
  expire(): void;
}

/** Builds the deadlines. */
export function createDeadlines({ deadlineMs = DEADLINE_MS }: DeadlineOptions = {}): Deadlines {
  // In the order in which they began, which is the order in which they expire.
  const running = new Set<Running>();
  let timer: ReturnType<typeof setInterval> | undefined;
  return { begin, [Symbol.dispose]: dispose };

  function begin(ofClient: () => AbortSignal): Deadline {
    let signal: AbortSignal | null = null;
    let controller: AbortController | null = null;
    let reason: AppError | null = null;
    return {
      get signal() {
        if (signal !== null) return signal;
        controller = new AbortController();
        if (reason !== null) controller.abort(reason);
        return signal = AbortSignal.any([ofClient(), controller.signal]);
      },
      hold(work) {
        const result = work();
        if (!(result instanceof Promise)) return result;
        return untilLate(result, (late) => {
          reason = late;
          controller?.abort(late);
        });
      },
    };
  }

  function untilLate<T>(work: Promise<T>, end: (reason: AppError) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const operation: Running = {
        expiresAt: performance.now() + deadlineMs,
        expire() {
          const reason = tooLate(deadlineMs);
          reject(reason);
          end(reason);
        },
      };
      running.add(operation);
      timer ??= setInterval(look, deadlineMs / TICKS_PER_DEADLINE);
      work.then((value) => {
        running.delete(operation);
        resolve(value);
      }, (error) => {
        running.delete(operation);
        reject(error);
      });
    });
  }

  function look(): void {
    const now = performance.now();
    for (const operation of running) {
      if (operation.expiresAt > now) return;
      running.delete(operation);
      operation.expire();
    }
    dispose();
  }

  function dispose(): void {
    clearInterval(timer);
    timer = undefined;
    running.clear();
  }
}

function tooLate(deadlineMs: number): AppError {
  return new AppError("UNAVAILABLE", `Cannot answer this within ${deadlineMs / 1_000} s: ask for less`);
}
