import type { Clock } from "../base/clock.ts";

/** Whose id a resume token gives back, and where. */
export interface Resumption {
  peerId: string;
  userId: string;
  roomKey: string;
}

/** Peers that left lately and may come back under their old id. */
export interface Resumptions {
  /** Remembers a peer that just left by its resume token. */
  add(token: string, resumption: Resumption): void;
  /** Takes the resumption that the token is good for, if it is this user's and this room's; each is good once. */
  take(token: string, wanted: Omit<Resumption, "peerId">): Resumption | null;
}

/** A page that reloads or a network that changes needs a few seconds; after this the others have given it up. */
const RESUME_TTL_MS = 60_000;
/** About 300 bytes each: a flood of peers that leave pushes the oldest out. */
const MAX_RESUMPTIONS = 10_000;

/** Builds the memory of peers that left. */
export function createResumptions(clock: Clock): Resumptions {
  // In the order of leaving, so that what is too old comes first.
  const byToken = new Map<string, Resumption & { leftAt: number }>();
  return { add, take };

  function add(token: string, resumption: Resumption): void {
    forgetOld();
    byToken.set(token, { ...resumption, leftAt: clock.now() });
  }

  function take(token: string, { userId, roomKey }: Omit<Resumption, "peerId">): Resumption | null {
    forgetOld();
    const found = byToken.get(token);
    if (found === undefined || found.userId !== userId || found.roomKey !== roomKey) return null;
    byToken.delete(token);
    return found;
  }

  function forgetOld(): void {
    for (const [token, { leftAt }] of byToken) {
      if (clock.now() - leftAt < RESUME_TTL_MS && byToken.size < MAX_RESUMPTIONS) return;
      byToken.delete(token);
    }
  }
}
