import type { Actor, GuestActor } from "../base/actor.ts";
import { AppError } from "../base/errors.ts";
import { newId } from "../base/ids.ts";
import type { Credentials, User, Verified } from "../users/users.ts";
import type { Followers } from "./_followers.ts";
import type { Attempt, Lockouts } from "./_lockouts.ts";
import { ABSOLUTE_TIMEOUT_MS, deleteSession, deleteSessions, insertSession } from "./_records.ts";
import { newSessionToken, tokenKey } from "./_tokens.ts";
import type { Session, SessionsDependencies } from "./sessions.ts";

/** A new session and the token that is told once. */
export interface SignedIn {
  token: string;
  session: Session;
  user: User;
}

/** Starts sessions. */
export interface SignIn {
  /**
   * Starts a session and ends the one that the request came in; the token is told here and nowhere else. The answer and its
   * time are the same for an unknown e-mail, a wrong password, a lock and a disabled account.
   * Throws `INVALID_CREDENTIALS`, `RATE_LIMITED`, `UNAVAILABLE`.
   */
  signIn(actor: Actor, credentials: Credentials): Promise<SignedIn>;
}

/** Sessions that a user may have at once; with one more the oldest ends. */
const MAX_SESSIONS = 100;

/** Builds sign-in. */
export function createSignIn(
  { database, kv, audit, rateLimits, users, clock }: SessionsDependencies,
  { lockouts, followers }: { lockouts: Lockouts; followers: Followers },
): SignIn {
  return { signIn };

  async function signIn(actor: Actor, credentials: Credentials): Promise<SignedIn> {
    await rateLimits.take("sign_in", actor.origin.ipAddress ?? "unknown");
    const attempt = await lockouts.begin(credentials.email);
    let verified: Verified;
    try {
      // Where it is locked too: an answer that comes sooner would tell.
      verified = await users.verify(credentials);
    } catch (error) {
      await attempt?.abandon();
      throw error;
    }
    if (attempt === null || verified.user === null) return await refuse(actor, attempt, verified);
    await attempt.succeed();
    if (actor.kind === "user") await endPrevious(actor.userId, actor.sessionId);
    return await start(actor, verified.user);
  }

  async function start(actor: Actor, user: User): Promise<SignedIn> {
    const now = clock.now();
    const token = newSessionToken();
    const times = { createdAt: now, lastUsedAt: now, endsAt: now + ABSOLUTE_TIMEOUT_MS };
    const session: Session = { id: newId(), userId: user.id, ...times, ...actor.origin };
    const { id: sessionId, userId } = session;
    await database.write(async (connection) => {
      const signedIn = { kind: "user", userId, role: user.role, sessionId, origin: actor.origin } as const;
      await users.recordSignIn(connection, userId);
      await audit.record(connection, signedIn, { kind: "user.sign_in.succeeded", subjectId: userId });
    });
    await insertSession(kv, tokenKey(token), session);
    for (const credentialId of await deleteSessions(kv, userId, { keep: MAX_SESSIONS })) {
      followers.end({ userId, credentialId }, "REVOKED");
    }
    return { token, session, user: { ...user, lastSignInAt: now, lockedUntil: null } };
  }

  async function refuse(actor: Actor, attempt: Attempt | null, { userId, refusal }: Verified): Promise<never> {
    const lockedUntil = await attempt?.fail() ?? null;
    const guest: GuestActor = { kind: "guest", origin: actor.origin };
    const subject = userId === null ? {} : { subjectId: userId };
    const reason = attempt === null ? "locked" : refusal;
    await database.write(async (connection) => {
      await audit.record(connection, guest, { kind: "user.sign_in.failed", ...subject, details: { reason } });
      if (lockedUntil === null) return;
      if (userId !== null) await users.setLockedUntil(connection, userId, lockedUntil);
      const until = new Date(lockedUntil).toISOString();
      await audit.record(connection, guest, { kind: "user.locked", ...subject, details: { until } });
    });
    throw new AppError("INVALID_CREDENTIALS", "Cannot sign in: the e-mail or the password is wrong");
  }

  // OWASP ASVS 5.0 7.2.4: to sign in again ends what was there.
  async function endPrevious(userId: string, sessionId: string): Promise<void> {
    await deleteSession(kv, userId, sessionId);
    followers.end({ userId, credentialId: sessionId }, "SIGNED_OUT");
  }
}
