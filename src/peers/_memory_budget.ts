/** Memory that all channels share for what pages have said and the server has not answered yet. */
export interface MemoryBudget {
  /** Takes room for `bytes`; false, and nothing is taken, where it would be too much. */
  take(bytes: number): boolean;
  /** Gives room back. */
  give(bytes: number): void;
  /** What is taken. */
  taken(): number;
}

/** Eight of the largest messages at once. */
export const MAX_TOTAL_BYTES = 64 * 1_048_576;
/** Two of the largest messages, so that no one channel has it all. */
export const MAX_CHANNEL_BYTES = 16 * 1_048_576;

/** Builds a budget, as a share of another if one is given. */
export function createMemoryBudget(limit = MAX_TOTAL_BYTES, whole: MemoryBudget | null = null): MemoryBudget {
  let taken = 0;
  return { take, give, taken: () => taken };

  function take(bytes: number): boolean {
    if (taken + bytes > limit || whole?.take(bytes) === false) return false;
    taken += bytes;
    return true;
  }

  function give(bytes: number): void {
    taken -= bytes;
    whole?.give(bytes);
  }
}
