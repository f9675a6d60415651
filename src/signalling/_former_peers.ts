import type { Member } from "./_member.ts";

/** Peers by their resume tokens: those in a room, and those that left lately. */
export interface FormerPeers {
  /** Remembers a peer, or when it left. */
  add(member: Member, leftAt: number | null): void;
  /** Forgets a peer under its token. */
  remove(member: Member): void;
  /** The peer that a token is good for, if it is this user's and this room's. */
  find(token: string, wanted: { userId: string; roomKey: string }): Member | null;
  /** Forgets those that left too long ago, and returns those that still may come back. */
  sweep(): Member[];
}

/** A page that reloads or a network that changes needs a few seconds; after this the others have given it up. */
const RESUME_TTL_MS = 60_000;
/** A flood of peers that leave pushes the oldest out. */
const MAX_LEFT = 10_000;

/** Builds the memory of peers. */
export function createFormerPeers(now: () => number): FormerPeers {
  const here = new Map<string, Member>();
  // In the order of leaving, so that who is too old comes first.
  const left = new Map<string, { member: Member; leftAt: number }>();
  return { add, remove, find, sweep };

  function add(member: Member, leftAt: number | null): void {
    remove(member);
    if (leftAt === null) here.set(member.resumeToken, member);
    else left.set(member.resumeToken, { member, leftAt });
  }

  function remove({ resumeToken }: Member): void {
    here.delete(resumeToken);
    left.delete(resumeToken);
  }

  function find(token: string, { userId, roomKey }: { userId: string; roomKey: string }): Member | null {
    const former = left.get(token);
    const member = former?.member ?? here.get(token);
    // Its grace may be over without that having been noticed yet.
    const leftAt = former?.leftAt ?? member?.awaySince ?? null;
    if (leftAt !== null && now() - leftAt >= RESUME_TTL_MS) return null;
    return member?.actor.userId === userId && member.room.key === roomKey ? member : null;
  }

  function sweep(): Member[] {
    forgetOld();
    return [...left.values()].map(({ member }) => member);
  }

  function forgetOld(): void {
    for (const [token, { member, leftAt }] of left) {
      if (now() - leftAt < RESUME_TTL_MS && left.size <= MAX_LEFT) return;
      left.delete(token);
      member.received.clear();
    }
  }
}
