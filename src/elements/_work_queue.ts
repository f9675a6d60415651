import { AppError } from "../base/errors.ts";

/** Runs work that takes much memory or a core, a bounded number at once. Throws `UNAVAILABLE` when too much waits, and the signal's reason. */
export type WorkQueue = <Result>(work: () => Promise<Result>, signal?: AbortSignal) => Promise<Result>;

/** How much runs, how much waits, and what can't be done then: "scale a screenshot". */
export interface WorkQueueOptions {
  maxAtOnce: number;
  maxWaiting: number;
  action: string;
}

/** Builds a queue, first come, first served. */
export function createWorkQueue({ maxAtOnce, maxWaiting, action }: WorkQueueOptions): WorkQueue {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work, signal) => {
    if (running < maxAtOnce) running++;
    else await takeTurn();
    try {
      // Who went away while it waited needs nothing any more.
      signal?.throwIfAborted();
      return await work();
    } finally {
      // A place is handed over rather than freed, so that a newcomer can't take it first.
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  };

  async function takeTurn(): Promise<void> {
    if (waiting.length >= maxWaiting) throw new AppError("UNAVAILABLE", `Cannot ${action} now: too many wait for it`);
    await new Promise<void>((resolve) => waiting.push(resolve));
  }
}
