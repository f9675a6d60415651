import { createMcpHandler } from "@modelcontextprotocol/server";
import { roomLog } from "../base/log.ts";
import { hashArguments } from "./_argument_hash.ts";
import { findNeededScopes, toScopeError } from "./_tool_scopes.ts";
import { createUpdateStreams } from "./_update_streams.ts";
import type { Adapter } from "./adapter.ts";
import type { Caller } from "./caller.ts";
import type { StreamOwner } from "./stream_owner.ts";

const log = roomLog("mcp");

/** MCP over Streamable HTTP, protocol 2026-07-28 and, statelessly, the 2025 versions. */
export interface Mcp {
  /** Answers a request of somebody signed in until its signal. Throws `FORBIDDEN` for a tool beyond a token's scopes. */
  fetch(request: Request, incoming: IncomingMessage): Promise<Response>;
  /** How many streams of updates are open. */
  streamCount(): number;
  close(): Promise<void>;
}

/** Who sent a message, and what it holds. */
export interface IncomingMessage {
  caller: Caller;
  owner: StreamOwner;
  /** The request's body, parsed; undefined where it is no JSON, and to be read from the request. */
  message: unknown;
}

const DENIAL = { outcome: "denied", errorCode: "FORBIDDEN", durationMs: 0, resultBytes: 0 } as const;
const MAX_BODY_BYTES = 1_048_576;

/** Builds the HTTP side of an adapter. */
export function createMcp(adapter: Adapter): Mcp {
  const served = new WeakMap<object, { caller: Caller; owner: StreamOwner }>();
  const streams = createUpdateStreams({
    documents: adapter.documents,
    serverFor: (caller) => adapter.serverFor(caller, { era: "modern", transport: "http" }),
  });
  const handler = createMcpHandler(({ era, authInfo }) => {
    const serving = authInfo && served.get(authInfo);
    if (serving === undefined) throw new Error("An MCP request came without its caller");
    const subscriptions = streams.subscriptionsOf(serving.caller, serving.owner);
    return adapter.serverFor(serving.caller, { era, transport: "http", subscriptions });
  }, { maxRequestBodySize: MAX_BODY_BYTES, onerror: (error) => log.debug("MCP refused: {error}", { error }) });
  return {
    fetch,
    streamCount: () => streams.count(),
    async close() {
      await streams[Symbol.asyncDispose]();
      await handler.close();
    },
  };

  async function fetch(request: Request, { caller, owner, message }: IncomingMessage): Promise<Response> {
    const needed = findNeededScopes(message, { scopes: caller.scopes, scopesOf: adapter.scopesOf });
    if (needed !== null) {
      caller.record({ ...DENIAL, tool: needed.tool, argumentHash: hashArguments(needed.input), startedAt: new Date() });
      throw toScopeError(needed);
    }
    const stream = await streams.answer(request, { caller, owner, message });
    if (stream !== null) return stream;
    // The token itself stays outside: nothing behind this needs it.
    const authInfo = { token: "", clientId: "", scopes: [] };
    served.set(authInfo, { caller, owner });
    return await handler.fetch(request, { authInfo, ...(message === undefined ? {} : { parsedBody: message }) });
  }
}
