import { GraphQLError } from "graphql";
import type { Audit } from "../audit/audit.ts";
import type { SecurityEventKind } from "../audit/kinds.ts";
import type { Actor } from "../base/actor.ts";
import { AppError } from "../base/errors.ts";

/** Has the audit log tell that something was refused, where `error` is that; `operation` is the root field or the path that was asked for. */
export type NoteRefusal = (actor: Actor, error: unknown, operation: string) => void;

/** Operations whose refusal is a kind of its own. */
const SIGNALLING = new Set(["signals", "sendSignal", "channelMessages", "sendChannelMessage"]);

/** Builds the one place that tells refusals from other errors. */
export function noteRefusalsIn(audit: Pick<Audit, "refuse">): NoteRefusal {
  return (actor, error, operation) => {
    const cause = error instanceof GraphQLError ? error.originalError : error;
    const kind = cause instanceof AppError ? kindOf(cause, operation) : null;
    if (cause instanceof AppError && kind !== null) {
      audit.refuse(actor, { kind, details: { operation, code: cause.code } });
    }
  };
}

function kindOf({ code, refusal }: AppError, operation: string): SecurityEventKind | null {
  if (refusal === "credential") return "token.denied";
  if (code === "RATE_LIMITED") return "limit.exceeded";
  // A wrong password has an event of its own.
  const isDenied = code === "FORBIDDEN" || code === "UNAUTHENTICATED" || refusal === "hidden";
  if (!isDenied) return null;
  return SIGNALLING.has(operation) ? "signal.denied" : "access.denied";
}
