import sql from "sql-template-tag";
import type { Connection } from "../database/database.ts";
import { listOf } from "../database/lists.ts";
import type { User } from "./users.ts";

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

/** Stores a new user. */
export async function insertUser(connection: Connection, user: UserWithPassword, emailKey: string): Promise<void> {
  await connection.run(sql`
    INSERT INTO users (id, email, email_key, name, role, status, password_hash, created_at, updated_at)
    VALUES (${user.id}, ${user.email}, ${emailKey}, ${user.name}, ${user.role}, ${user.status}, ${user.passwordHash},
      ${user.createdAt}, ${user.updatedAt})`);
}

/** Remembers when the user last signed in. */
export async function setLastSignIn(connection: Connection, id: string, at: number): Promise<void> {
  await connection.run(sql`UPDATE users SET last_sign_in_at = ${at} WHERE id = ${id}`);
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
