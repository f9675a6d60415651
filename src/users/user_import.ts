import type { Audit } from "../audit/audit.ts";
import { systemActor, type UserRole } from "../base/actor.ts";
import { newIdAt } from "../base/ids.ts";
import type { Connection } from "../database/database.ts";
import { createPasswords } from "./_passwords.ts";
import { findUserByEmail, insertUser } from "./_rows.ts";
import { toEmailKey } from "./user_input.ts";

/** An account to be, from a seed. */
export interface ImportedUser {
  email: string;
  name: string;
  role: UserRole;
  passwordHash: string;
  /** Milliseconds since the Unix epoch. */
  createdAt: number;
}

/** Hashes passwords as the users room does, in their order; `cost` is bcrypt's, as there where it is absent. */
export async function hashPasswords(
  passwords: readonly string[],
  { onHashed, cost }: { onHashed: () => void; cost?: number },
): Promise<string[]> {
  const { hash } = createPasswords(cost);
  const hashes: string[] = [];
  // No more at once than run at once: those who wait are bounded, and a seed may have thousands.
  const rest = passwords.entries();
  await Promise.all(Array.from({ length: navigator.hardwareConcurrency }, async () => {
    for (const [index, password] of rest) hashes[index] = await hash(password).finally(onHashed);
  }));
  return hashes;
}

/** The id of the account with this e-mail, null where there is none. */
export async function findUserId(connection: Connection, email: string): Promise<string | null> {
  return (await findUserByEmail(connection, toEmailKey(email)))?.id ?? null;
}

/** Makes an account in the caller's transaction and returns its id. For seeds: nobody's permission is asked. */
export async function importUser(connection: Connection, audit: Audit, user: ImportedUser): Promise<string> {
  const id = newIdAt(user.createdAt);
  const times = { lockedUntil: null, lastSignInAt: null, createdAt: user.createdAt, updatedAt: user.createdAt };
  await insertUser(connection, { id, ...user, status: "ACTIVE", ...times }, toEmailKey(user.email));
  await audit.record(connection, systemActor, { kind: "user.created", subjectId: id, details: { role: user.role } });
  return id;
}
