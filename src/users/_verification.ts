import type { Clock } from "../base/clock.ts";
import type { Database } from "../database/database.ts";
import type { Passwords } from "./_passwords.ts";
import { findUserByEmail, findUserWithPassword, replacePassword, type UserWithPassword } from "./_rows.ts";
import type { Credentials, Verified } from "./users.ts";
import { MAX_PASSWORD_BYTES, toEmailKey } from "./user_input.ts";

/** Checks passwords, each in the same time whoever it is of. */
export interface Verification {
  /** Whose credentials these are, if their account may be used. Throws `UNAVAILABLE`. */
  verify(credentials: Credentials): Promise<Verified>;
  /** Whether this is the user's password. Throws `UNAVAILABLE`. */
  isPasswordOf(id: string, password: string): Promise<boolean>;
}

/** What it is built on. */
export interface VerificationDependencies {
  database: Database;
  passwords: Passwords;
  clock: Clock;
}

/** Builds the check of passwords. */
export function createVerification({ database, passwords, clock }: VerificationDependencies): Verification {
  return { verify, isPasswordOf };

  async function verify({ email, password }: Credentials): Promise<Verified> {
    const found = await findUserByEmail(database.read, toEmailKey(email));
    const matches = await isPassword(found, password);
    if (found === undefined) return { user: null, refusal: "unknown", userId: null };
    if (!matches) return { user: null, refusal: "wrong_password", userId: found.id };
    if (found.status !== "ACTIVE") return { user: null, refusal: "disabled", userId: found.id };
    const { passwordHash, ...user } = found;
    if (passwords.isOutdated(passwordHash)) await rehash(user.id, { password, passwordHash });
    return { user, refusal: null, userId: user.id };
  }

  async function isPasswordOf(id: string, password: string): Promise<boolean> {
    return await isPassword(await findUserWithPassword(database.read, id), password);
  }

  function isPassword(user: UserWithPassword | undefined, password: string): Promise<boolean> {
    // What is longer is nobody's password, and bcrypt would compare its beginning alone.
    const isHashable = new TextEncoder().encode(password).length <= MAX_PASSWORD_BYTES;
    return passwords.verify(isHashable ? password : "", isHashable ? user?.passwordHash ?? null : null);
  }

  // The cost was raised since: only now is the password at hand. OWASP Password Storage, "Upgrading the Work Factor"
  async function rehash(id: string, { password, passwordHash }: { password: string; passwordHash: string }) {
    const to = await passwords.hash(password);
    await database.write((connection) => replacePassword(connection, { id, from: passwordHash, to }, clock.now()));
  }
}
