import type { ExecutionResult } from "graphql";
import type { AppError } from "../base/errors.ts";
import type { RequestContext } from "../graphql/builder.ts";
import { maskError } from "../graphql/error_mask.ts";
import { toEndError } from "../sessions/credential_end.ts";
import type { Sessions } from "../sessions/sessions.ts";

type Results = AsyncIterableIterator<ExecutionResult>;

/** Ends a subscription, with an answer that says why, when the credential ends under which it was begun. */
export function endWithCredential(
  results: AsyncIterable<ExecutionResult>,
  { actor, requestId }: Pick<RequestContext, "actor" | "requestId">,
  follow: Sessions["follow"],
): Results {
  const source = results[Symbol.asyncIterator]();
  if (actor.kind === "guest" || actor.kind === "system") return toIterator(source);
  let reason: AppError | null = null;
  // What the source waits for ends by it, and with that the wait of our own reader.
  const following = follow(actor, (end) => {
    reason = toEndError(end);
    void source.return?.();
  });
  return {
    async next() {
      const next = await source.next();
      if (next.done !== true) return next;
      following[Symbol.dispose]();
      if (reason === null) return next;
      const errors = [maskError(reason, requestId)];
      reason = null;
      return { done: false, value: { errors } };
    },
    async return() {
      following[Symbol.dispose]();
      return await source.return?.() ?? { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

function toIterator(source: AsyncIterator<ExecutionResult>): Results {
  return {
    next: () => source.next(),
    return: async () => await source.return?.() ?? { done: true, value: undefined },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
