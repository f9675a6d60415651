import { z } from "zod";

/**
 * Text as the API takes it, at most `maxLength` UTF-16 code units, as in JavaScript. What could not be given back unchanged is
 * refused: SQLite cuts text at a NUL, and UTF-8 has no lone surrogate.
 */
export function text(maxLength: number) {
  return z.string().max(maxLength).refine((value) => value.isWellFormed(), "must not hold a lone surrogate")
    .refine((value) => !value.includes("\0"), "must not hold a NUL");
}

/** `text` that is not empty. */
export function requiredText(maxLength: number) {
  return text(maxLength).min(1);
}
