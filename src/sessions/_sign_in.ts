import type { Actor, GuestActor } from "../base/actor.ts";
import { AppError } from "../base/errors.ts";
import { newId } from "../base/ids.ts";
import type { Credentials, Refusal, User, Verified } from "../users/users.ts";
import type { Followers } from "./_followers.ts";
import type { Lockouts } from "./_lockouts.ts";
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

/** Why a sign-in is refused, for the audit log alone. */
interface RefusedSignIn {
  userId: string | null;
  reason: Refusal | "locked" | "changed";
  /** Set: this try locked the e-mail. */
  lockedUntil?: number | null;
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
      verified = await users.verify(credentials, { rehash: attempt !== null });
    } catch (error) {
      await attempt?.abandon();
      throw error;
    }
    const { userId } = verified;
    if (attempt === null) return await refuse(actor, { userId, reason: "locked" });
    if (verified.user === null) {
      return await refuse(actor, { userId, reason: verified.refusal, lockedUntil: await attempt.fail() });
    }
    await attempt.succeed();
    const signedIn = await start(actor, verified.user, verified.passwordHash);
    if (signedIn === null) return await refuse(actor, { userId, reason: "changed" });
    if (actor.kind === "user") await endPrevious(actor.userId, actor.sessionId);
    return signedIn;
  }

  /** The new session; null if the account was disabled or deleted, or got another password, since the check. */
  async function start(actor: Actor, user: User, passwordHash: string): Promise<SignedIn | null> {
    const now = clock.now();
    const token = newSessionToken();
    const times = { createdAt: now, lastUsedAt: now, endsAt: now + ABSOLUTE_TIMEOUT_MS };
    const session: Session = { id: newId(), userId: user.id, ...times, ...actor.origin };
    const { id: sessionId, userId } = session;
    // The session first, while nobody has its token: what ends all sessions of an account changes the account before, so
    // that either it finds this one, or the change is found here.
    await insertSession(kv, tokenKey(token), session);
    const forget = () => deleteSession(kv, userId, sessionId).then(() => null);
    const isStarted = await database.write(async (connection) => {
      const signedIn = { kind: "user", userId, role: user.role, sessionId, origin: actor.origin } as const;
      if (!await users.recordSignIn(connection, { id: userId, passwordHash })) return false;
      await audit.record(connection, signedIn, { kind: "user.sign_in.succeeded", subjectId: userId });
      return true;
    }).catch(async (error) => {
      await forget();
      throw error;
    });
    if (!isStarted) return await forget();
    for (const credentialId of await deleteSessions(kv, userId, { keep: MAX_SESSIONS })) {
      followers.end({ userId, credentialId }, "REVOKED");
    }
    return { token, session, user: { ...user, lastSignInAt: now, lockedUntil: null } };
  }

  async function refuse(actor: Actor, { userId, reason, lockedUntil = null }: RefusedSignIn): Promise<never> {
    const guest: GuestActor = { kind: "guest", origin: actor.origin };
    const subject = userId === null ? {} : { subjectId: userId };
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
