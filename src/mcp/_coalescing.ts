/** Passes news on at once, and of what follows for the same key within the interval one more at its end. */
export interface Coalescer extends Disposable {
  notify(key: string): void;
}

interface Resting {
  timer: ReturnType<typeof setTimeout>;
  hasNews: boolean;
}

/** Builds a coalescer; `deliver` is not called after it was disposed. */
export function createCoalescer(intervalMs: number, deliver: (key: string) => void): Coalescer {
  const resting = new Map<string, Resting>();
  return {
    notify(key) {
      const already = resting.get(key);
      if (already === undefined) pass(key);
      else already.hasNews = true;
    },
    [Symbol.dispose]() {
      for (const { timer } of resting.values()) clearTimeout(timer);
      resting.clear();
    },
  };

  function pass(key: string): void {
    resting.set(key, { hasNews: false, timer: setTimeout(() => rouse(key), intervalMs) });
    deliver(key);
  }

  function rouse(key: string): void {
    const { hasNews = false } = resting.get(key) ?? {};
    if (hasNews) pass(key);
    else resting.delete(key);
  }
}
