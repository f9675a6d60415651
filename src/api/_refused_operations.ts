import type { ExecutionResult } from "graphql";
import { isAsyncIterable, type Plugin } from "graphql-yoga";
import type { RequestContext } from "../graphql/builder.ts";
import type { NoteRefusal } from "./refused_attempts.ts";

/** Notes what operations were refused, before the errors are masked. */
export function useRefusals(note: NoteRefusal): Plugin<RequestContext> {
  return {
    onContextBuilding: ({ extendContext }) => extendContext({ refused: [] }),
    onExecute: ({ args }) => ({
      onExecuteDone: ({ result }) => isAsyncIterable(result) ? undefined : noteAll(result, args.contextValue),
    }),
    onSubscribe: ({ args }) => ({
      onSubscribeResult: ({ result }) => isAsyncIterable(result) ? undefined : noteAll(result, args.contextValue),
    }),
  };

  function noteAll({ errors = [] }: ExecutionResult, { actor, refused = [] }: RequestContext): void {
    for (const error of errors) note(actor, error, String(error.path?.[0] ?? "document"));
    for (const error of refused) note(actor, error, "node");
  }
}
