import { z } from "zod";
import { USER_ROLES } from "../base/actor.ts";
import { requiredText } from "../graphql/text_input.ts";

/** bcrypt reads no more: longer passwords are refused, never cut. */
export const MAX_PASSWORD_BYTES = 72;
const MIN_PASSWORD_LENGTH = 12;

/** An e-mail address, as far as it matters here: something, an @, something, no white space. */
export const emailSchema = requiredText(254).regex(/^[^\s@]+@[^\s@]+$/, "must be an e-mail address");

/** A new password. */
export const passwordSchema = z.string().min(
  MIN_PASSWORD_LENGTH,
  `must have at least ${MIN_PASSWORD_LENGTH} characters`,
)
  .refine(
    (text) => new TextEncoder().encode(text).length <= MAX_PASSWORD_BYTES,
    `must have at most ${MAX_PASSWORD_BYTES} bytes`,
  );

/** What an account is made from. */
export const newUserSchema = z.strictObject({
  email: emailSchema,
  name: requiredText(200),
  role: z.enum(USER_ROLES),
  password: passwordSchema,
});

// Two spellings of one address are one account. Unicode UAX #15 (NFKC).
/** What sign-in compares of an e-mail. */
export function toEmailKey(email: string): string {
  return email.normalize("NFKC").trim().toLowerCase();
}
