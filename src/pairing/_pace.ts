import type { Clock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";

/** How often each client may ask for the outcome. */
export interface Pace {
  /** Counts a question of a client's. Throws `RATE_LIMITED` where it came too early: from then on it waits longer. RFC 8628 §3.5, `slow_down` */
  keep(id: string): void;
  /** Forgets a client that has its answer. */
  forget(id: string): void;
}

interface Asked {
  at: number;
  intervalSeconds: number;
}

/** Between two questions, at the least. */
export const INTERVAL_SECONDS = 2;
/** RFC 8628 §3.5. */
const SLOW_DOWN_SECONDS = 5;
const MAX_INTERVAL_SECONDS = 60;
/** A timer and a network are not exact. */
const TOLERANCE_MS = 500;

/** Builds the pace of at most `capacity` clients, in memory: after a restart each may ask at once. */
export function createPace(clock: Clock, { capacity }: { capacity: number }): Pace {
  // In the order of their last questions.
  const clients = new Map<string, Asked>();
  return { keep, forget: (id) => void clients.delete(id) };

  function keep(id: string): void {
    const now = clock.now();
    const last = clients.get(id);
    const isEarly = last !== undefined && now - last.at < last.intervalSeconds * 1_000 - TOLERANCE_MS;
    const before = last?.intervalSeconds ?? INTERVAL_SECONDS;
    const intervalSeconds = isEarly ? Math.min(before + SLOW_DOWN_SECONDS, MAX_INTERVAL_SECONDS) : before;
    clients.delete(id);
    clients.set(id, { at: now, intervalSeconds });
    if (clients.size > capacity) clients.delete(clients.keys().next().value ?? id);
    if (!isEarly) return;
    const message = `Cannot ask so often: wait ${intervalSeconds} s before each question`;
    throw new AppError("RATE_LIMITED", message, { retryAfterSeconds: intervalSeconds });
  }
}
