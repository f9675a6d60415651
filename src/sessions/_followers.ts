import type { SignedInActor } from "../base/actor.ts";
import type { Clock } from "../base/clock.ts";
import { roomLog } from "../base/log.ts";
import type { CredentialEnd } from "./credential_end.ts";

/** Whose credentials end. */
export interface EndedCredentials {
  userId: string;
  /** Set: this session or access token alone. */
  credentialId?: string;
}

/** Tells what lasts longer than a request, such as a socket, that its credential ended. */
export interface Followers extends Disposable {
  /** Calls `onEnded` once, at most a second after the actor's credential expired or ended; not after it was disposed. */
  follow(actor: SignedInActor, onEnded: (end: CredentialEnd) => void): Disposable;
  /** Tells the followers of what just ended. */
  end(ended: EndedCredentials, how: CredentialEnd): void;
}

/** What followers are built on. */
export interface FollowersDependencies {
  clock: Clock;
  /** Until when the credential is good as far as is known now, milliseconds since the Unix epoch; null: it is not. */
  findExpiry: (actor: SignedInActor) => Promise<number | null>;
}

interface Follower {
  actor: SignedInActor;
  onEnded: (end: CredentialEnd) => void;
  /** Looked up when it passes: a session that is used lives longer. */
  expiresAt: number;
}

const SWEEP_INTERVAL_MS = 500;

const log = roomLog("sessions");

/** Builds the followers; disposing them stops the sweep. */
export function createFollowers({ clock, findExpiry }: FollowersDependencies): Followers {
  const followers = new Map<string, Set<Follower>>();
  let sweeper: ReturnType<typeof setInterval> | undefined;
  return { follow, end, [Symbol.dispose]: () => clearInterval(sweeper) };

  function follow(actor: SignedInActor, onEnded: (end: CredentialEnd) => void): Disposable {
    // Looked up at the first sweep: the credential may have ended since it was shown.
    const follower: Follower = { actor, onEnded, expiresAt: 0 };
    followers.getOrInsertComputed(actor.userId, () => new Set()).add(follower);
    sweeper ??= setInterval(() => void sweep(), SWEEP_INTERVAL_MS);
    return { [Symbol.dispose]: () => void remove(follower) };
  }

  function remove(follower: Follower): boolean {
    const { userId } = follower.actor;
    const own = followers.get(userId);
    const wasThere = own?.delete(follower) ?? false;
    if (own?.size === 0) followers.delete(userId);
    return wasThere;
  }

  function end({ userId, credentialId }: EndedCredentials, how: CredentialEnd): void {
    for (const follower of [...followers.get(userId) ?? []]) {
      if (credentialId !== undefined && credentialOf(follower.actor) !== credentialId) continue;
      if (remove(follower)) follower.onEnded(how);
    }
  }

  async function sweep(): Promise<void> {
    // Not before: between two requests of one client nobody follows.
    if (followers.size === 0) {
      clearInterval(sweeper);
      sweeper = undefined;
    }
    const now = clock.now();
    const due = [...followers.values()].flatMap((own) => [...own]).filter(({ expiresAt }) => expiresAt <= now);
    const expiries = new Map<string, Promise<number | null>>();
    for (const follower of due) {
      const { actor } = follower;
      try {
        // One look-up for all that hang on the same credential.
        const expiry = await expiries.getOrInsertComputed(credentialOf(actor), () => findExpiry(actor));
        if (expiry !== null && expiry > now) follower.expiresAt = expiry;
        else if (remove(follower)) follower.onEnded("SIGNED_OUT");
      } catch (cause) {
        log.warn("Cannot look a credential up: {cause}", { cause });
      }
    }
  }
}

function credentialOf(actor: SignedInActor): string {
  return actor.kind === "token" ? actor.tokenId : actor.sessionId;
}
