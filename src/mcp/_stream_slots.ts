/** Bounds how many streams are open, for each person and in all. */
export interface StreamSlots {
  /** A place, until it is disposed; null: there is none. */
  take(userId: string): Disposable | null;
  /** How many are taken. */
  count(): number;
}

/** As many as a person's tools may keep open: each holds a connection and subscriptions. */
const MAX_PER_USER = 16;
const MAX_IN_ALL = 1_000;

/** Builds the slots. */
export function createStreamSlots(): StreamSlots {
  const taken = new Map<string, number>();
  let count = 0;
  return { take, count: () => count };

  function take(userId: string): Disposable | null {
    const own = taken.get(userId) ?? 0;
    if (own >= MAX_PER_USER || count >= MAX_IN_ALL) return null;
    taken.set(userId, own + 1);
    count++;
    let isHeld = true;
    return {
      [Symbol.dispose]() {
        if (!isHeld) return;
        isHeld = false;
        give(userId);
      },
    };
  }

  function give(userId: string): void {
    count--;
    const left = (taken.get(userId) ?? 1) - 1;
    if (left === 0) taken.delete(userId);
    else taken.set(userId, left);
  }
}
