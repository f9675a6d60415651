import { AppError } from "../base/errors.ts";

/** Close codes of our own (RFC 6455 §7.4.2), and the one of a server that stops. */
export const CLOSE_CODES = {
  unauthenticated: 4401,
  forbidden: 4403,
  tooLarge: 4413,
  tooMany: 4429,
  goingAway: 1001,
} as const;

/** Bytes of a close frame's reason: RFC 6455 §5.5. */
const MAX_REASON = 123;

/** What a close frame has room for: bytes, not characters, and never half a character. */
export function shortReason(reason: string): string {
  const bytes = new TextEncoder().encode(reason).subarray(0, MAX_REASON);
  return new TextDecoder().decode(bytes, { stream: true });
}

/** Why what ran on a socket ended, where whoever had it has no right to it any more; else the socket broke, and what ran on it may go on by another. */
export function endReason(code: number, reason: string): AppError | undefined {
  if (code === CLOSE_CODES.unauthenticated) return new AppError("UNAUTHENTICATED", reason);
  return code === CLOSE_CODES.forbidden ? new AppError("FORBIDDEN", reason) : undefined;
}
