import type { Audit } from "../audit/audit.ts";
import { type Actor, requireSignedIn, systemActor, type UserRole } from "../base/actor.ts";
import type { Clock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import { newId, toGlobalId } from "../base/ids.ts";
import type { Connection, Database } from "../database/database.ts";
import { createPasswords } from "./_passwords.ts";
import { deleteUser, findUserByEmail, findUsers, hasOtherAdmin, hasUsers, insertUser, setLastSignIn } from "./_rows.ts";
import { MAX_PASSWORD_BYTES, toEmailKey } from "./user_input.ts";

/** Whether an account may be used. */
export type UserStatus = "ACTIVE" | "DISABLED";

/** An account. Times are milliseconds since the Unix epoch. */
export interface User {
  id: string;
  email: string;
  name: string;
  role: UserRole;
  status: UserStatus;
  lockedUntil: number | null;
  lastSignInAt: number | null;
  createdAt: number;
  updatedAt: number;
}

/** How somebody proves who they are. */
export interface Credentials {
  email: string;
  password: string;
}

/** The people of the instance. */
export interface Users {
  /** Makes the first admin if there is no user yet, with a random password where none is given; returns what was made. */
  ensureAdmin(options: { email: string; password: string | null }): Promise<Credentials | null>;
  /** The user with this id as the actor may see it: the actor itself, anyone for an admin. Throws `NOT_FOUND`. */
  get(actor: Actor, id: string): Promise<User>;
  /** Users that the actor was already shown by reference, in the order of the ids, null where there is none any more. */
  byIds(ids: readonly string[]): Promise<(User | null)[]>;
  /** The active user whose credentials these are, else null after the same time. Throws `UNAVAILABLE`. */
  authenticate(credentials: Credentials): Promise<User | null>;
  /** Remembers a sign-in in the caller's transaction. */
  recordSignIn(connection: Connection, id: string): Promise<void>;
  /** Deletes an account with its access tokens and memberships; what it captured stays. For admins. Throws `NOT_FOUND`, `FORBIDDEN`, `CONFLICT` for the last admin. */
  delete(actor: Actor, id: string): Promise<void>;
}

/** What the users room is built on. */
export interface UsersDependencies {
  database: Database;
  audit: Audit;
  clock: Clock;
}

const GENERATED_PASSWORD_BYTES = 18;

/** Builds the users room. */
export function createUsers({ database, audit, clock }: UsersDependencies): Users {
  const passwords = createPasswords();
  return { ensureAdmin, get, byIds, authenticate, recordSignIn, delete: remove };

  async function ensureAdmin(options: { email: string; password: string | null }): Promise<Credentials | null> {
    if (await hasUsers(database.read)) return null;
    const random = crypto.getRandomValues(new Uint8Array(GENERATED_PASSWORD_BYTES));
    const password = options.password ?? random.toBase64({ alphabet: "base64url" });
    const passwordHash = await passwords.hash(password);
    const now = clock.now();
    const user = { id: newId(), email: options.email, name: "Admin", role: "ADMIN", status: "ACTIVE" } as const;
    const times = { lockedUntil: null, lastSignInAt: null, createdAt: now, updatedAt: now };
    await database.write(async (connection) => {
      await insertUser(connection, { ...user, ...times, passwordHash }, toEmailKey(options.email));
      await audit.record(connection, systemActor, {
        kind: "user.created",
        subjectId: user.id,
        details: { role: "ADMIN" },
      });
    });
    return { email: options.email, password };
  }

  async function get(actor: Actor, id: string): Promise<User> {
    const { userId, role } = requireSignedIn(actor);
    const [user] = userId === id || role === "ADMIN" ? await findUsers(database.read, [id]) : [];
    if (user === undefined) throw new AppError("NOT_FOUND", `Cannot find user "${toGlobalId("User", id)}"`);
    return user;
  }

  async function byIds(ids: readonly string[]): Promise<(User | null)[]> {
    const users = new Map((await findUsers(database.read, ids)).map((user) => [user.id, user]));
    return ids.map((id) => users.get(id) ?? null);
  }

  async function authenticate({ email, password }: Credentials): Promise<User | null> {
    const found = await findUserByEmail(database.read, toEmailKey(email));
    const isHashable = new TextEncoder().encode(password).length <= MAX_PASSWORD_BYTES;
    const passwordHash = isHashable ? found?.passwordHash ?? null : null;
    const matches = await passwords.verify(isHashable ? password : "", passwordHash);
    if (!matches || found === undefined || found.status !== "ACTIVE") return null;
    const { passwordHash: _hidden, ...user } = found;
    return user;
  }

  function recordSignIn(connection: Connection, id: string): Promise<void> {
    return setLastSignIn(connection, id, clock.now());
  }

  async function remove(actor: Actor, id: string): Promise<void> {
    const signedIn = requireSignedIn(actor);
    if (signedIn.kind === "token") throw new AppError("FORBIDDEN", "Cannot delete an account with an access token");
    const { role } = await get(actor, id);
    if (signedIn.role !== "ADMIN") throw new AppError("FORBIDDEN", "Cannot delete an account: this is for admins");
    await database.write(async (connection) => {
      // Asked in the transaction: of two admins who delete each other at once, one stays.
      if (role === "ADMIN" && !await hasOtherAdmin(connection, id)) {
        throw new AppError("CONFLICT", "Cannot delete the last admin");
      }
      await deleteUser(connection, id);
      await audit.record(connection, actor, { kind: "user.deleted", subjectId: id });
    });
  }
}
