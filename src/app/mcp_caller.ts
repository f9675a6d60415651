import type { Operations } from "../api/operations.ts";
import { factsElsewhere } from "../api/request_facts.ts";
import type { SignedInActor } from "../base/actor.ts";
import { newId } from "../base/ids.ts";
import type { Caller } from "../mcp/caller.ts";
import type { StreamOwner } from "../mcp/stream_owner.ts";
import type { ToolExecutions } from "../tool_executions/tool_executions.ts";
import type { Sessions } from "../sessions/sessions.ts";

/** What an actor's calls run on. */
export interface McpCallerDependencies {
  operations: Operations;
  toolExecutions: Pick<ToolExecutions, "record">;
}

/** Binds the MCP adapter's caller to an actor of this server: its operations run here, with the actor's rights. */
export function mcpCallerFor(actor: SignedInActor, { operations, toolExecutions }: McpCallerDependencies): Caller {
  const run = (query: string, variables: Record<string, unknown>, signal: () => AbortSignal) =>
    operations.run({ query, variables }, { actor, signal, requestId: newId(), ...factsElsewhere() });
  return {
    scopes: actor.kind === "token" ? actor.scopes : null,
    record: ({ startedAt, ...execution }) =>
      toolExecutions.record(actor, { ...execution, startedAt: startedAt.getTime() }),
    async execute(query, variables, { signal }) {
      const answer = await run(query, variables, signal);
      if (!("next" in answer)) return answer;
      await answer.return?.();
      return { errors: [{ message: "Cannot execute a subscription", extensions: { code: "INVALID_INPUT" } }] };
    },
    async *subscribe(query, variables, { signal }) {
      const answer = await run(query, variables, () => signal);
      if ("next" in answer) yield* endedBy(answer, signal);
      else yield answer;
    },
  };
}

/** Whose an actor's streams are: they end with its session or access token. */
export function streamOwnerOf(actor: SignedInActor, { follow }: Pick<Sessions, "follow">): StreamOwner {
  const credential = actor.kind === "token" ? `token ${actor.tokenId}` : `session ${actor.sessionId}`;
  return { credential, userId: actor.userId, follow: (onEnded) => follow(actor, onEnded) };
}

// What waits for the next result would wait on after the signal.
async function* endedBy<Result>(results: AsyncIterableIterator<Result>, signal: AbortSignal): AsyncIterable<Result> {
  const end = () => void results.return?.();
  signal.addEventListener("abort", end, { once: true });
  try {
    if (!signal.aborted) yield* results;
  } finally {
    signal.removeEventListener("abort", end);
    end();
  }
}
