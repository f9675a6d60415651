import type { Audit, SecurityEvent } from "../audit/audit.ts";
import { type Actor, requireSession } from "../base/actor.ts";
import type { Clock } from "../base/clock.ts";
import { AppError, invalidInput } from "../base/errors.ts";
import { newId } from "../base/ids.ts";
import { requirePermission } from "../base/permissions.ts";
import type { Connection, Database } from "../database/database.ts";
import type { Passwords } from "./_passwords.ts";
import {
  deleteUser,
  findUserByEmail,
  findUsers,
  findUserWithPassword,
  hasOtherAdmin,
  insertUser,
  replacePassword,
  updateUser,
} from "./_rows.ts";
import { requireGoodPassword } from "./password_policy.ts";
import { toEmailKey } from "./user_input.ts";
import type { ChangedUser, NewUser, User, UserChange } from "./users.ts";

/** Accounts and how they change. What ends their sessions lies in the sessions room, which calls these. */
export interface Accounts {
  /** Makes an account. For admins. Throws `INVALID_INPUT`, `CONFLICT` for an e-mail that has one, `FORBIDDEN`, `UNAVAILABLE`. */
  create(actor: Actor, input: NewUser): Promise<User>;
  /** Changes an account. For admins. Throws `NOT_FOUND`, `FORBIDDEN`, `CONFLICT` for the last admin. */
  update(actor: Actor, change: UserChange): Promise<ChangedUser>;
  /**
   * Gives the actor another password; the caller has checked the present one. `endSessions` runs when nothing but the disk can
   * fail any more: a crash after it leaves sessions ended too soon, not too late. Throws `INVALID_INPUT`, `CONFLICT`, `UNAVAILABLE`.
   */
  replacePassword(actor: Actor, newPassword: string, endSessions: () => Promise<void>): Promise<void>;
  /** Deletes an account with its access tokens and memberships; what it captured stays. For admins. Throws `NOT_FOUND`, `FORBIDDEN`, `CONFLICT` for the last admin. */
  delete(actor: Actor, id: string): Promise<void>;
}

/** What they are built on. */
export interface AccountsDependencies {
  database: Database;
  audit: Audit;
  clock: Clock;
  passwords: Passwords;
  /** The user as the actor may see it. Throws `NOT_FOUND`. */
  get: (actor: Actor, id: string) => Promise<User>;
}

/** Builds the accounts. */
export function createAccounts({ database, audit, clock, passwords, get }: AccountsDependencies): Accounts {
  return { create, update, replacePassword: changePassword, delete: remove };

  async function create(actor: Actor, { password, ...input }: NewUser): Promise<User> {
    requirePermission(actor, "MANAGE_USERS");
    await requireGoodPassword(password, input, ["input", "password"]);
    await requireFreeEmail(database.read, input.email);
    const passwordHash = await passwords.hash(password);
    const now = clock.now();
    const times = { lockedUntil: null, lastSignInAt: null, createdAt: now, updatedAt: now };
    const user: User = { id: newId(), ...input, status: "ACTIVE", ...times };
    await database.write(async (connection) => {
      // Asked again: hashing took a while.
      await requireFreeEmail(connection, input.email);
      await insertUser(connection, { ...user, passwordHash }, toEmailKey(input.email));
      await audit.record(connection, actor, {
        kind: "user.created",
        subjectId: user.id,
        details: { role: user.role },
      });
    });
    return user;
  }

  async function update(actor: Actor, { id, name, role, status }: UserChange): Promise<ChangedUser> {
    requireSession(actor);
    await get(actor, id);
    requirePermission(actor, "MANAGE_USERS");
    return await database.write(async (connection) => {
      const [before] = await findUsers(connection, [id]);
      if (before === undefined) throw new AppError("NOT_FOUND", "Cannot change this user: it was just deleted");
      const changed = { name: name ?? before.name, role: role ?? before.role, status: status ?? before.status };
      const after: User = { ...before, ...changed, updatedAt: clock.now() };
      const events = eventsOf(before, after);
      if (events.length === 0) return { before, after: before };
      if (!isActiveAdmin(after)) await requireOtherAdmin(connection, before);
      await updateUser(connection, after);
      for (const event of events) await audit.record(connection, actor, event);
      return { before, after };
    });
  }

  async function changePassword(actor: Actor, newPassword: string, endSessions: () => Promise<void>): Promise<void> {
    const { userId: id } = requireSession(actor);
    const user = await findUserWithPassword(database.read, id);
    if (user === undefined) throw new AppError("NOT_FOUND", "Cannot change the password: the account was deleted");
    const path = ["input", "newPassword"];
    await requireGoodPassword(newPassword, user, path);
    if (await passwords.verify(newPassword, user.passwordHash)) {
      throw invalidInput(path, "Cannot take this password: it is the present one");
    }
    const to = await passwords.hash(newPassword);
    await endSessions();
    await database.write(async (connection) => {
      if (!await replacePassword(connection, { id, from: user.passwordHash, to }, clock.now())) {
        throw new AppError("CONFLICT", "Cannot change the password: it was changed meanwhile");
      }
      await audit.record(connection, actor, { kind: "user.password_changed", subjectId: id });
    });
  }

  async function remove(actor: Actor, id: string): Promise<void> {
    requireSession(actor);
    await get(actor, id);
    requirePermission(actor, "MANAGE_USERS");
    await database.write(async (connection) => {
      const [user] = await findUsers(connection, [id]);
      if (user === undefined) throw new AppError("NOT_FOUND", "Cannot delete this user: it was just deleted");
      await requireOtherAdmin(connection, user);
      await deleteUser(connection, id);
      await audit.record(connection, actor, { kind: "user.deleted", subjectId: id });
    });
  }
}

function eventsOf(before: User, after: User): SecurityEvent[] {
  const events: SecurityEvent[] = [];
  const add = (kind: SecurityEvent["kind"], details: Record<string, string>) =>
    events.push({ kind, subjectId: after.id, details });
  if (before.name !== after.name) add("user.updated", { changed: "name" });
  if (before.role !== after.role) add("user.role_changed", { from: before.role, to: after.role });
  if (before.status !== after.status) {
    if (after.status === "DISABLED") add("user.disabled", {});
    else add("user.updated", { changed: "status" });
  }
  return events;
}

function isActiveAdmin({ role, status }: User): boolean {
  return role === "ADMIN" && status === "ACTIVE";
}

// Asked in the transaction: of two admins who take each other's role at once, one stays.
async function requireOtherAdmin(connection: Connection, user: User): Promise<void> {
  if (!isActiveAdmin(user) || await hasOtherAdmin(connection, user.id)) return;
  throw new AppError("CONFLICT", "Cannot take the last admin away: make another one first");
}

async function requireFreeEmail(connection: Connection, email: string): Promise<void> {
  if (await findUserByEmail(connection, toEmailKey(email)) === undefined) return;
  throw new AppError("CONFLICT", "Cannot make this account: the e-mail has one already");
}
