/** One message's turn among those of its conversation. */
export interface Turn {
  /** Lets the next message begin although this one is not done. */
  overlap(): void;
  /** Settles when all that began before is done. */
  alone(): Promise<void>;
  /** Begins to store something once all that began before has begun to, or stores nothing. */
  store<Stored>(write: () => Promise<Stored>): Promise<Stored>;
}

/** Turns of one conversation: what may overlap does, and is stored in order all the same. */
export interface Turns {
  /** Does the work of the next turn, and settles when the one after it may begin. `work` never rejects. */
  take(work: (turn: Turn) => Promise<void>): Promise<void>;
}

/** Enough for them to share a commit. */
const MAX_OVERLAPPING = 4;

/** Builds the turns of one conversation; each is taken once the one before lets it. */
export function createTurns(): Turns {
  const running = new Set<Promise<void>>();
  let lastStored: Promise<void> = Promise.resolve();
  return { take };

  async function take(work: (turn: Turn) => Promise<void>): Promise<void> {
    const [others, before] = [[...running], lastStored];
    const [nextMayBegin, stored] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    lastStored = before.then(() => stored.promise);
    const done = work({
      overlap: nextMayBegin.resolve,
      alone: async () => void await Promise.all(others),
      store: async (write) => {
        await before;
        const writing = write();
        stored.resolve();
        return await writing;
      },
    }).finally(() => {
      running.delete(done);
      stored.resolve();
      nextMayBegin.resolve();
    });
    running.add(done);
    await nextMayBegin.promise;
    if (running.size >= MAX_OVERLAPPING) await Promise.race(running);
  }
}
