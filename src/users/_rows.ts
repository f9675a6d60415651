import sql, { empty, type Sql } from "sql-template-tag";
import { USER_ROLES, type UserRole } from "../base/actor.ts";
import type { Connection } from "../database/database.ts";
import { listOf } from "../database/lists.ts";
import type { Page } from "../graphql/pages.ts";
import { USER_STATUSES } from "./user_input.ts";
import type { User, UserListing, UserStatus } from "./users.ts";

const COLUMNS = sql`id, email, name, role, status, locked_until AS lockedUntil, last_sign_in_at AS lastSignInAt,
  created_at AS createdAt, updated_at AS updatedAt`;

/** Whether there is any user. */
export async function hasUsers(connection: Connection): Promise<boolean> {
  return await connection.get(sql`SELECT 1 FROM users LIMIT 1`) !== undefined;
}

/** The users with these ids, in no order. */
export function findUsers(connection: Connection, ids: readonly string[]): Promise<User[]> {
  return connection.all<User>(sql`SELECT ${COLUMNS} FROM users WHERE id IN ${listOf(ids)}`);
}

/** The user who signs in with this e-mail key, with the password's hash. */
export function findUserByEmail(connection: Connection, emailKey: string): Promise<UserWithPassword | undefined> {
  return connection.get<UserWithPassword>(
    sql`SELECT ${COLUMNS}, password_hash AS passwordHash FROM users WHERE email_key = ${emailKey}`,
  );
}

/** The user with this id, with the password's hash. */
export function findUserWithPassword(connection: Connection, id: string): Promise<UserWithPassword | undefined> {
  return connection.get<UserWithPassword>(
    sql`SELECT ${COLUMNS}, password_hash AS passwordHash FROM users WHERE id = ${id}`,
  );
}

/** At most one more than a page of users, newest first, or oldest first from the end. */
export function listUsers(connection: Connection, listing: UserListing, page: Page): Promise<User[]> {
  const after = page.after === null ? empty : sql`AND id < ${page.after}`;
  const before = page.before === null ? empty : sql`AND id > ${page.before}`;
  const order = page.fromEnd ? sql`ASC` : sql`DESC`;
  return connection.all<User>(sql`
    SELECT ${COLUMNS} FROM users ${matching(listing)} ${after} ${before} ORDER BY id ${order} LIMIT ${page.limit + 1}`);
}

/** How many users a listing has. */
export async function countUsers(connection: Connection, listing: UserListing): Promise<number> {
  const row = await connection.get<{ count: number }>(
    sql`SELECT count(*) AS count FROM users ${matching(listing)}`,
  );
  return row?.count ?? 0;
}

/** Stores a new user. */
export async function insertUser(connection: Connection, user: UserWithPassword, emailKey: string): Promise<void> {
  await connection.run(sql`
    INSERT INTO users (id, email, email_key, name, role, status, password_hash, created_at, updated_at)
    VALUES (${user.id}, ${user.email}, ${emailKey}, ${user.name}, ${user.role}, ${user.status}, ${user.passwordHash},
      ${user.createdAt}, ${user.updatedAt})`);
}

/** Changes what an admin may change of a user. */
export async function updateUser(connection: Connection, user: User): Promise<void> {
  await connection.run(sql`
    UPDATE users SET name = ${user.name}, role = ${user.role}, status = ${user.status}, updated_at = ${user.updatedAt}
    WHERE id = ${user.id}`);
}

/** Gives the user another password, if the present one is still the one that was checked; false if not. */
export async function replacePassword(
  connection: Connection,
  { id, from, to }: { id: string; from: string; to: string },
  now: number,
): Promise<boolean> {
  return await connection.run(sql`
    UPDATE users SET password_hash = ${to}, updated_at = ${now} WHERE id = ${id} AND password_hash = ${from}`) > 0;
}

/** Remembers until when sign-in is refused; null: it is not. */
export async function setLockedUntil(connection: Connection, id: string, until: number | null): Promise<void> {
  await connection.run(sql`UPDATE users SET locked_until = ${until} WHERE id = ${id}`);
}

/** Remembers when the user last signed in, which ends a lock, if the account is active and has the password still; false if not. */
export async function setLastSignIn(
  connection: Connection,
  { id, passwordHash }: { id: string; passwordHash: string },
  at: number,
): Promise<boolean> {
  return await connection.run(sql`
    UPDATE users SET last_sign_in_at = ${at}, locked_until = NULL
    WHERE id = ${id} AND password_hash = ${passwordHash} AND status = 'ACTIVE'`) > 0;
}

/** Whether there is an admin who may sign in, beside this one. */
export async function hasOtherAdmin(connection: Connection, id: string): Promise<boolean> {
  const row = await connection.get(
    sql`SELECT 1 FROM users WHERE role = 'ADMIN' AND status = 'ACTIVE' AND id <> ${id} LIMIT 1`,
  );
  return row !== undefined;
}

/** Deletes a user with its access tokens and memberships; what it captured stays, without its name. */
export async function deleteUser(connection: Connection, id: string): Promise<void> {
  await connection.run(sql`DELETE FROM users WHERE id = ${id}`);
}

/** A user's row with what no one else reads. */
export interface UserWithPassword extends User {
  passwordHash: string;
}

// By role and status, which have an index, always: a search reads the names and addresses within them.
function matching({ role, status, search }: UserListing): Sql {
  if (role === null && status === null && search === null) return sql`WHERE TRUE`;
  const roles: readonly UserRole[] = role ?? USER_ROLES;
  const statuses: readonly UserStatus[] = status ?? USER_STATUSES;
  // First, so that a statement that is not wanted ends where nothing fits too; users are too few to ask more seldom.
  const found = search === null
    ? empty
    : sql`AND still_wanted() AND (instr(email_key, ${search}) OR instr(fold_case(name), ${search}))`;
  return sql`INDEXED BY users_by_role WHERE role IN ${listOf(roles)} AND status IN ${listOf(statuses)} ${found}`;
}
