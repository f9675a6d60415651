import { invalidInput } from "../base/errors.ts";
import { toEmailKey } from "./user_input.ts";

/** Whose password it is to be. */
export interface PasswordOwner {
  email: string;
  name: string;
}

/** A name shorter than this is in many good passwords by chance. */
const MIN_NAME_LENGTH = 4;

let common: Promise<ReadonlySet<string>> | null = null;

/**
 * Refuses a password that is guessed first: one of the most common, or the owner's e-mail or name with little around it.
 * Length is the schema's affair, and there are no rules of composition. NIST SP 800-63B §5.1.1.2, OWASP ASVS 5.0 6.2.
 * Throws `INVALID_INPUT` at `path`.
 */
export async function requireGoodPassword(
  password: string,
  owner: PasswordOwner,
  path: (string | number)[],
): Promise<void> {
  const key = toEmailKey(password);
  if ((await commonPasswords()).has(key)) throw invalidInput(path, "Cannot take this password: it is a common one");
  for (const part of guessableParts(owner)) {
    if (!key.includes(part) || key.length >= 2 * part.length) continue;
    throw invalidInput(path, "Cannot take this password: it is mostly the account's own e-mail or name");
  }
}

function guessableParts({ email, name }: PasswordOwner): string[] {
  const key = toEmailKey(email);
  const words = [key, key.split("@")[0] ?? "", toEmailKey(name)];
  return [...new Set([...words, ...words.map((word) => word.replaceAll(/[\s._-]+/g, ""))])]
    .filter((part) => part.length >= MIN_NAME_LENGTH);
}

// 49,000 of them, by frequency; read when the first password is set, not at the start.
function commonPasswords(): Promise<ReadonlySet<string>> {
  return common ??= import("@zxcvbn-ts/language-common").then(({ dictionary }) =>
    new Set(dictionary["passwords-common"].map(String))
  );
}
