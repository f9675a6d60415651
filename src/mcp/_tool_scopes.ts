import { z } from "zod";
import { AppError, type ToolScopes } from "../base/errors.ts";

/** All scopes that a token needs for a tool; undefined: there is no such tool. */
export type ScopesOf = (tool: string) => readonly string[] | undefined;

const toolCall = z.object({
  method: z.literal("tools/call"),
  params: z.object({ name: z.string(), arguments: z.record(z.string(), z.unknown()).catch({}) }),
});

/** The first tool, and its arguments, that a JSON-RPC message, or one of a batch, calls without a scope that it needs; null: none. */
export function findNeededScopes(
  message: unknown,
  { scopes, scopesOf }: { scopes: readonly string[] | null; scopesOf: ScopesOf },
): (ToolScopes & { input: Record<string, unknown> }) | null {
  // A session may do all that its person may.
  if (scopes === null) return null;
  const messages: unknown[] = Array.isArray(message) ? message : [message];
  for (const each of messages) {
    const { name: tool, arguments: input = {} } = toolCall.safeParse(each).data?.params ?? {};
    const needed = tool === undefined ? undefined : scopesOf(tool);
    if (tool === undefined || needed === undefined) continue;
    if (needed.some((scope) => !scopes.includes(scope))) return { tool, scopes: needed, input };
  }
  return null;
}

/** The refusal of such a call, which becomes 403 with the scopes that are needed. RFC 6750 §3.1 */
export function toScopeError(needed: ToolScopes): AppError {
  const message = `Cannot call ${needed.tool} with this access token: it needs the scope ${
    needed.scopes.join(" and ")
  }`;
  return new AppError("FORBIDDEN", message, { needed });
}
