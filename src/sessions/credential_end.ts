import { AppError } from "../base/errors.ts";

/** How a credential ended: by itself or its holder, or taken away by somebody. */
export type CredentialEnd = "SIGNED_OUT" | "REVOKED";

/** What is told to who had something open with it. */
export function toEndError(end: CredentialEnd): AppError {
  return end === "SIGNED_OUT"
    ? new AppError("UNAUTHENTICATED", "No longer signed in")
    : new AppError("FORBIDDEN", "The right to this was taken away");
}
