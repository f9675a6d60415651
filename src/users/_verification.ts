import type { Clock } from "../base/clock.ts";
import type { Database } from "../database/database.ts";
import type { Passwords } from "./_passwords.ts";
import { findUserByEmail, findUserWithPassword, replacePassword, type UserWithPassword } from "./_rows.ts";
import type { Credentials, Verified } from "./users.ts";
import { isHashable, toEmailKey } from "./user_input.ts";

/** Checks passwords, each in the same time whoever it is of. */
export interface Verification {
  /**
   * Whose credentials these are, if their account may be used. With `rehash` a hash of an old cost is replaced, which takes
   * longer: only for an answer that tells that they were right. Throws `UNAVAILABLE`.
   */
  verify(credentials: Credentials, options: { rehash: boolean }): Promise<Verified>;
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

  async function verify({ email, password }: Credentials, { rehash }: { rehash: boolean }): Promise<Verified> {
    const found = await findUserByEmail(database.read, toEmailKey(email));
    const matches = await isPassword(found, password);
    if (found === undefined) return { user: null, refusal: "unknown", userId: null };
    if (!matches) return { user: null, refusal: "wrong_password", userId: found.id };
    if (found.status !== "ACTIVE") return { user: null, refusal: "disabled", userId: found.id };
    const { passwordHash: checked, ...user } = found;
    const isRenewed = rehash && passwords.isOutdated(checked);
    const passwordHash = isRenewed ? await renewHash(user.id, password, checked) : checked;
    return { user, refusal: null, userId: user.id, passwordHash };
  }

  async function isPasswordOf(id: string, password: string): Promise<boolean> {
    return await isPassword(await findUserWithPassword(database.read, id), password);
  }

  function isPassword(user: UserWithPassword | undefined, password: string): Promise<boolean> {
    // What can't be set is nobody's password: bcrypt would compare the beginning of a longer one, and one with a NUL like
    // another without.
    if (!isHashable(password)) return passwords.verify("", null);
    return passwords.verify(password, user?.passwordHash ?? null);
  }

  // The cost was raised since: only now is the password at hand. OWASP Password Storage, "Upgrading the Work Factor"
  async function renewHash(id: string, password: string, from: string): Promise<string> {
    const to = await passwords.hash(password);
    const isReplaced = await database.write((connection) => replacePassword(connection, { id, from, to }, clock.now()));
    return isReplaced ? to : from;
  }
}
