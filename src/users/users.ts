import type { Audit } from "../audit/audit.ts";
import { type Actor, requireSignedIn, systemActor, type UserRole } from "../base/actor.ts";
import type { Clock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import { newId, toGlobalId } from "../base/ids.ts";
import { requirePermission } from "../base/permissions.ts";
import type { Connection, Database } from "../database/database.ts";
import { type Page, type Slice, toSlice } from "../graphql/pages.ts";
import { type Accounts, createAccounts } from "./_accounts.ts";
import { createPasswords } from "./_passwords.ts";
import { countUsers, findUsers, hasUsers, insertUser, listUsers, setLastSignIn, setLockedUntil } from "./_rows.ts";
import { createVerification, type Verification } from "./_verification.ts";
import { findWeakness } from "./password_policy.ts";
import { toEmailKey, type USER_STATUSES } from "./user_input.ts";

/** Whether an account may be used. */
export type UserStatus = (typeof USER_STATUSES)[number];

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

/** Which users a list has; null: all. */
export interface UserListing {
  role: readonly UserRole[] | null;
  status: readonly UserStatus[] | null;
  /** A part of the e-mail or the name. */
  search: string | null;
  /** Ends a search whose caller went away. */
  signal?: AbortSignal;
}

/** Why credentials are refused, for the audit log alone. */
export type Refusal = "unknown" | "wrong_password" | "disabled";

/** What credentials turned out to be; `userId` is the account they name, if there is one, `passwordHash` what was checked. */
export type Verified =
  | { user: User; refusal: null; userId: string; passwordHash: string }
  | { user: null; refusal: Refusal; userId: string | null };

/** What an account is made from. */
export interface NewUser {
  email: string;
  name: string;
  password: string;
  role: UserRole;
}

/** What an admin changes of an account; null stays. */
export interface UserChange {
  id: string;
  name: string | null;
  role: UserRole | null;
  status: UserStatus | null;
}

/** An account before and after a change. */
export interface ChangedUser {
  before: User;
  after: User;
}

/** The people of the instance. */
export interface Users extends Verification, Accounts {
  /** Makes the first admin if there is no user yet, with a random password where none is given; returns what was made. Throws `INVALID_INPUT`. */
  ensureAdmin(options: { email: string; password: string | null }): Promise<Credentials | null>;
  /** The user with this id as the actor may see it: the actor itself, anyone for an admin's session. Throws `NOT_FOUND`. */
  get(actor: Actor, id: string): Promise<User>;
  /** Users, newest first, for admins. Throws `FORBIDDEN`. */
  list(actor: Actor, listing: UserListing, page: Page): Promise<Slice<User>>;
  /** Users that the actor was already shown by reference, in the order of the ids, null where there is none any more. */
  byIds(ids: readonly string[]): Promise<(User | null)[]>;
  /** Remembers a sign-in in the caller's transaction, which ends a lock; false if the password or the account is not what was checked any more. */
  recordSignIn(connection: Connection, checked: { id: string; passwordHash: string }): Promise<boolean>;
  /** Shows until when sign-in is refused, in the caller's transaction; null: it is not. */
  setLockedUntil(connection: Connection, id: string, until: number | null): Promise<void>;
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
  const verification = createVerification({ database, passwords, clock });
  const accounts = createAccounts({ database, audit, clock, passwords, get });
  return { ...verification, ...accounts, ensureAdmin, get, list, byIds, recordSignIn, setLockedUntil };

  async function ensureAdmin(options: { email: string; password: string | null }): Promise<Credentials | null> {
    if (await hasUsers(database.read)) return null;
    const { email } = options;
    const random = crypto.getRandomValues(new Uint8Array(GENERATED_PASSWORD_BYTES));
    const password = options.password ?? random.toBase64({ alphabet: "base64url" });
    const weakness = await findWeakness(password, { email, name: "Admin" });
    if (weakness !== null) throw new AppError("INVALID_INPUT", `FINGERPOST_ADMIN_PASSWORD ${weakness}`);
    const passwordHash = await passwords.hash(password);
    const now = clock.now();
    const user = { id: newId(), email, name: "Admin", role: "ADMIN", status: "ACTIVE" } as const;
    const times = { lockedUntil: null, lastSignInAt: null, createdAt: now, updatedAt: now };
    await database.write(async (connection) => {
      await insertUser(connection, { ...user, ...times, passwordHash }, toEmailKey(email));
      await audit.record(connection, systemActor, {
        kind: "user.created",
        subjectId: user.id,
        details: { role: "ADMIN" },
      });
    });
    return { email, password };
  }

  async function get(actor: Actor, id: string): Promise<User> {
    const { userId, role, kind } = requireSignedIn(actor);
    const isVisible = userId === id || (role === "ADMIN" && kind === "user");
    const [user] = await findUsers(database.read, [id]);
    if (user !== undefined && isVisible) return user;
    const message = `Cannot find user "${toGlobalId("User", id)}"`;
    throw new AppError("NOT_FOUND", message, user === undefined ? {} : { refusal: "hidden" });
  }

  async function list(actor: Actor, listing: UserListing, page: Page): Promise<Slice<User>> {
    requirePermission(actor, "READ_USERS");
    const search = listing.search === null ? null : toEmailKey(listing.search);
    const normal = { ...listing, search };
    // A search reads every name.
    const { signal } = listing;
    const connection = search === null ? database.read : database.background(signal === undefined ? {} : { signal });
    return toSlice(page, await listUsers(connection, normal, page), () => countUsers(connection, normal));
  }

  async function byIds(ids: readonly string[]): Promise<(User | null)[]> {
    const users = new Map((await findUsers(database.read, ids)).map((user) => [user.id, user]));
    return ids.map((id) => users.get(id) ?? null);
  }

  function recordSignIn(connection: Connection, checked: { id: string; passwordHash: string }): Promise<boolean> {
    return setLastSignIn(connection, checked, clock.now());
  }
}
