/** Work that must be done in a page without taking its time: a little at a time, and then a rest. */
export interface Slices {
  /** Has the key's work done, after a delay; asked for twice before that, it is done once, at the earlier time. */
  ask(key: string, delayMs?: number): void;
  /** Forgets a key. */
  drop(key: string): void;
  /** Does nothing while it runs; afterwards what was asked for. */
  pauseWhile<Result>(during: () => Promise<Result>): Promise<Result>;
  close(): void;
}

/** Less than half a frame. */
const MAX_SLICE_MS = 6;
/** For each millisecond of work so many of rest: it takes one of twenty at most. */
const REST_FACTOR = 19;

/** Builds them. `work` answers for how long its key is to rest, in milliseconds. */
export function createSlices(view: Window, work: (key: string) => number): Slices {
  const due = new Map<string, number>();
  const earliest = new Map<string, number>();
  let timer = 0;
  let timerAt = 0;
  let restUntil = 0;
  let pauses = 0;
  return { ask, drop, pauseWhile, close };

  function ask(key: string, delayMs = 0): void {
    const at = Math.max(view.performance.now() + delayMs, earliest.get(key) ?? 0);
    if ((due.get(key) ?? Infinity) <= at) return;
    due.set(key, at);
    schedule();
  }

  function drop(key: string): void {
    due.delete(key);
    earliest.delete(key);
  }

  function schedule(): void {
    if (due.size === 0 || pauses > 0) return;
    const at = Math.max(restUntil, Math.min(...due.values()));
    if (timer !== 0 && timerAt <= at) return;
    view.clearTimeout(timer);
    timerAt = at;
    timer = view.setTimeout(slice, Math.max(0, at - view.performance.now()));
  }

  function slice(): void {
    timer = 0;
    if (pauses > 0) return;
    const start = view.performance.now();
    let now = start;
    for (const [key, at] of [...due]) {
      if (at > start) continue;
      due.delete(key);
      const rest = work(key);
      now = view.performance.now();
      earliest.set(key, now + rest);
      if (now - start > MAX_SLICE_MS) break;
    }
    restUntil = now + (now - start) * REST_FACTOR;
    // What was asked for meanwhile comes after the rest too.
    for (const [key, at] of due) due.set(key, Math.max(at, earliest.get(key) ?? 0));
    schedule();
  }

  async function pauseWhile<Result>(during: () => Promise<Result>): Promise<Result> {
    pauses++;
    try {
      return await during();
    } finally {
      pauses--;
      schedule();
    }
  }

  function close(): void {
    view.clearTimeout(timer);
    due.clear();
    pauses = Infinity;
  }
}
