import { z } from "zod";
import { USER_ROLES } from "../base/actor.ts";
import { requiredText, text } from "../graphql/text_input.ts";

/** bcrypt reads no more: longer passwords are refused, never cut. */
const MAX_PASSWORD_BYTES = 72;
const MIN_PASSWORD_LENGTH = 12;
/** Far above any password: what is longer is refused before it is counted. */
const MAX_INPUT_LENGTH = 1_000;

/** Whether an account may be used. */
export const USER_STATUSES = ["ACTIVE", "DISABLED"] as const;

/** An e-mail address, as far as it matters here: something, an @, something, no white space. */
export const emailSchema = requiredText(254).regex(/^[^\s@]+@[^\s@]+$/, "must be an e-mail address");

/** A new password. Characters are Unicode code points. */
export const passwordSchema = text(MAX_INPUT_LENGTH)
  .refine(
    (password) => [...password].length >= MIN_PASSWORD_LENGTH,
    `must have at least ${MIN_PASSWORD_LENGTH} characters`,
  )
  .refine((password) => byteLength(password) <= MAX_PASSWORD_BYTES, `must have at most ${MAX_PASSWORD_BYTES} bytes`);

/** What an account is made from. */
export const newUserSchema = z.strictObject({
  email: emailSchema,
  name: requiredText(200),
  role: z.enum(USER_ROLES),
  password: passwordSchema,
});

/** What may be changed of an account; what is absent stays. */
export const userChangeSchema = z.strictObject({
  id: z.string(),
  name: requiredText(200).nullish(),
  role: z.enum(USER_ROLES).nullish(),
  status: z.enum(USER_STATUSES).nullish(),
});

/** Whether bcrypt reads all of a password: it stops after 72 bytes, and repeats a shorter one with a NUL in between. */
export function isHashable(password: string): boolean {
  return byteLength(password) <= MAX_PASSWORD_BYTES && !password.includes("\0") && password.isWellFormed();
}

// Two spellings of one address are one account. Unicode UAX #15 (NFKC).
/** What sign-in compares of an e-mail. */
export function toEmailKey(email: string): string {
  return email.normalize("NFKC").trim().toLowerCase();
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
