import { invalidInput } from "../base/errors.ts";
import { toEmailKey } from "./user_input.ts";

/** Whose password it is to be. */
export interface PasswordOwner {
  email: string;
  name: string;
}

/** What everybody thinks of first who is asked for a password here. OWASP ASVS 5.0 6.1.2 */
const PRODUCT = "fingerpost";
/** A name shorter than this is in many good passwords by chance. */
const MIN_NAME_LENGTH = 4;

let common: Promise<ReadonlySet<string>> | null = null;

/** Refuses a password that is guessed first, as `findWeakness` finds it. Throws `INVALID_INPUT` at `path`. */
export async function requireGoodPassword(
  password: string,
  owner: PasswordOwner,
  path: (string | number)[],
): Promise<void> {
  const weakness = await findWeakness(password, owner);
  if (weakness !== null) throw invalidInput(path, `Cannot take this password: it ${weakness}`);
}

/**
 * What makes a password one that is guessed first: it is one of the most common, or the owner's e-mail or name with little
 * around it; null where nothing does. Length is the schema's affair, and there are no rules of composition.
 * NIST SP 800-63B §5.1.1.2, OWASP ASVS 5.0 6.2.
 */
export async function findWeakness(password: string, owner: PasswordOwner): Promise<string | null> {
  const key = toEmailKey(password);
  if ((await commonPasswords()).has(key)) return "is a common one";
  const isMostlyOwners = guessableParts(owner).some((part) =>
    // Also where other signs stand between the words than in the name.
    [key, withoutSeparators(key)].some((text) => text.includes(part) && text.length < 2 * part.length)
  );
  return isMostlyOwners ? "is mostly the account's own e-mail or name, or Fingerpost's" : null;
}

function guessableParts({ email, name }: PasswordOwner): string[] {
  const key = toEmailKey(email);
  const words = [key, key.split("@")[0] ?? "", toEmailKey(name), PRODUCT];
  return [...new Set([...words, ...words.map(withoutSeparators)])].filter((part) => part.length >= MIN_NAME_LENGTH);
}

function withoutSeparators(text: string): string {
  return text.replaceAll(/[\s\p{P}\p{S}]+/gu, "");
}

// 49,000 of them, by frequency; read when the first password is set, not at the start.
function commonPasswords(): Promise<ReadonlySet<string>> {
  return common ??= import("@zxcvbn-ts/language-common").then(({ dictionary }) =>
    new Set(dictionary["passwords-common"].map(String))
  );
}
