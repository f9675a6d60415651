import { type Actor, requireSession } from "../base/actor.ts";
import { AppError } from "../base/errors.ts";
import { isId } from "../base/ids.ts";
import { requirePermission, requireSelfOr } from "../base/permissions.ts";
import type { User, UserChange } from "../users/users.ts";
import type { Followers } from "./_followers.ts";
import type { Lockouts } from "./_lockouts.ts";
import { deleteSession, deleteSessions, findSessionOf, findSessionOwner } from "./_records.ts";
import type { SessionsDependencies } from "./sessions.ts";

/** A password and the one that replaces it. */
export interface PasswordChange {
  currentPassword: string;
  newPassword: string;
}

/** What ends sessions, and the changes of accounts that do. Sockets, subscriptions and channels of theirs end within a second. */
export interface Endings {
  /** Ends the actor's session. Throws `UNAUTHENTICATED`, `FORBIDDEN`. */
  signOut(actor: Actor): Promise<void>;
  /** Ends a session of the user's: the actor's own, or anybody's for an admin. Throws `NOT_FOUND`. */
  revoke(actor: Actor, id: string): Promise<void>;
  /** Ends all sessions of a user but the actor's own; how many. Throws `NOT_FOUND`, `FORBIDDEN`. */
  revokeAll(actor: Actor, userId: string): Promise<number>;
  /** Gives the actor another password and ends its other sessions. Throws `INVALID_CREDENTIALS`, `INVALID_INPUT`, `UNAVAILABLE`. */
  changePassword(actor: Actor, change: PasswordChange): Promise<void>;
  /** Changes a user as `Users.update` does; another role or a disabled account ends what is open. */
  updateUser(actor: Actor, change: UserChange): Promise<User>;
  /** Deletes a user as `Users.delete` does, and its sessions. */
  deleteUser(actor: Actor, id: string): Promise<void>;
  /** Ends a lock after wrong passwords. For admins. Throws `NOT_FOUND`, `FORBIDDEN`. */
  unlockUser(actor: Actor, id: string): Promise<User>;
}

/** Builds the endings. */
export function createEndings(
  { database, kv, audit, users }: SessionsDependencies,
  { lockouts, followers }: { lockouts: Lockouts; followers: Followers },
): Endings {
  return { signOut, revoke, revokeAll, changePassword, updateUser, deleteUser, unlockUser };

  async function signOut(actor: Actor): Promise<void> {
    const { userId, sessionId } = requireSession(actor);
    // The event first: two stores can't share a transaction, and an event without its change is the lesser evil.
    await database.write((connection) =>
      audit.record(connection, actor, { kind: "user.signed_out", subjectId: userId, details: { sessionId } })
    );
    await deleteSession(kv, userId, sessionId);
    followers.end({ userId, credentialId: sessionId }, "SIGNED_OUT");
  }

  async function revoke(actor: Actor, id: string): Promise<void> {
    const { userId: ownId, role } = requireSession(actor);
    const notFound = new AppError("NOT_FOUND", `Cannot find session "${id.slice(0, 64)}"`);
    if (!isId(id)) throw notFound;
    const isOwn = await findSessionOf(kv, ownId, id) !== null;
    const ownerId = isOwn ? ownId : role === "ADMIN" ? await findSessionOwner(kv, id) : null;
    if (ownerId === null) throw notFound;
    await recordRevocation(actor, ownerId, { sessionId: id });
    await deleteSession(kv, ownerId, id);
    followers.end({ userId: ownerId, credentialId: id }, "REVOKED");
  }

  async function revokeAll(actor: Actor, userId: string): Promise<number> {
    requireSession(actor);
    await users.get(actor, userId);
    const { sessionId: exceptId } = requireSelfOr(actor, userId, "MANAGE_USERS");
    await recordRevocation(actor, userId, { all: true });
    return await endSessions(userId, exceptId);
  }

  async function endSessions(userId: string, exceptId: string): Promise<number> {
    const ended = await deleteSessions(kv, userId, { exceptId });
    for (const credentialId of ended) followers.end({ userId, credentialId }, "REVOKED");
    return ended.length;
  }

  async function changePassword(actor: Actor, { currentPassword, newPassword }: PasswordChange): Promise<void> {
    const { userId, sessionId: exceptId } = requireSession(actor);
    const { email } = await users.get(actor, userId);
    // Behind the lock too: who found a session open must not guess the password with it.
    const attempt = await lockouts.begin(email);
    const isRight = await users.isPasswordOf(userId, currentPassword).catch(async (error) => {
      await attempt?.abandon();
      throw error;
    });
    if (attempt === null || !isRight) {
      const reason = attempt === null ? "locked" : "wrong_password";
      await recordWrongPassword(actor, { userId, reason, lockedUntil: await attempt?.fail() ?? null });
      throw new AppError("INVALID_CREDENTIALS", "Cannot change the password: the present one is wrong");
    }
    await attempt.succeed();
    const endOthers = async () => void await endSessions(userId, exceptId);
    await users.replacePassword(actor, newPassword, endOthers);
    // Also what a sign-in with the old password began in between.
    await endOthers();
  }

  async function updateUser(actor: Actor, change: UserChange): Promise<User> {
    const { before, after } = await users.update(actor, change);
    const isDisabled = before.status === "ACTIVE" && after.status === "DISABLED";
    // When it is enabled again, too: a crash may have kept the sessions of before.
    if (before.status !== after.status) await deleteSessions(kv, after.id);
    if (isDisabled || before.role !== after.role) followers.end({ userId: after.id }, "REVOKED");
    return after;
  }

  async function deleteUser(actor: Actor, id: string): Promise<void> {
    requireSession(actor);
    const { email } = await users.get(actor, id);
    await users.delete(actor, id);
    await deleteSessions(kv, id);
    await lockouts.clear(email);
    followers.end({ userId: id }, "REVOKED");
  }

  async function unlockUser(actor: Actor, id: string): Promise<User> {
    requireSession(actor);
    const user = await users.get(actor, id);
    requirePermission(actor, "MANAGE_USERS");
    await database.write(async (connection) => {
      await users.setLockedUntil(connection, id, null);
      await audit.record(connection, actor, { kind: "user.unlocked", subjectId: id });
    });
    await lockouts.clear(user.email);
    return { ...user, lockedUntil: null };
  }

  function recordRevocation(actor: Actor, subjectId: string, details: { sessionId: string } | { all: boolean }) {
    return database.write((connection) =>
      audit.record(connection, actor, { kind: "session.revoked", subjectId, details })
    );
  }

  function recordWrongPassword(
    actor: Actor,
    { userId, reason, lockedUntil }: { userId: string; reason: string; lockedUntil: number | null },
  ): Promise<void> {
    return database.write(async (connection) => {
      const failed = { kind: "user.sign_in.failed", subjectId: userId } as const;
      await audit.record(connection, actor, { ...failed, details: { reason, operation: "changePassword" } });
      if (lockedUntil === null) return;
      await users.setLockedUntil(connection, userId, lockedUntil);
      const details = { until: new Date(lockedUntil).toISOString() };
      await audit.record(connection, actor, { kind: "user.locked", subjectId: userId, details });
    });
  }
}
