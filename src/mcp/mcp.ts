import { createMcpHandler } from "@modelcontextprotocol/server";
import { AppError } from "../base/errors.ts";
import { roomLog } from "../base/log.ts";
import { hashArguments } from "./_argument_hash.ts";
import { createPlainRequests, type PlainAnswer } from "./_plain_requests.ts";
import { findNeededScopes, toScopeError } from "./_tool_scopes.ts";
import { createUpdateStreams } from "./_update_streams.ts";
import type { Adapter } from "./adapter.ts";
import type { Caller } from "./caller.ts";
import type { StreamOwner } from "./stream_owner.ts";

const log = roomLog("mcp");

/** MCP over Streamable HTTP, protocol 2026-07-28 and, statelessly, the 2025 versions. */
export interface Mcp {
  /** Answers a request of somebody signed in until its signal. Throws `FORBIDDEN` for a tool beyond a token's scopes. */
  fetch(incoming: IncomingRequest): Promise<Response | McpAnswer>;
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

/** A message, and the request that it came with. */
export interface IncomingRequest extends IncomingMessage {
  headers: Headers;
  /** The request with its signal; made only where it is needed, as most messages can be answered without. */
  request: () => Request;
  /** Ends when nobody waits for the answer, or may have it. */
  signal: () => AbortSignal;
}

const DENIAL = { outcome: "denied", errorCode: "FORBIDDEN", durationMs: 0, resultBytes: 0 } as const;
const MAX_BODY_BYTES = 1_048_576;

/** A response that is not yet one: its status is 200, and whoever makes it adds headers of his own. */
export type McpAnswer = PlainAnswer;

/** Builds the HTTP side of an adapter. */
export function createMcp(adapter: Adapter): Mcp {
  const plain = createPlainRequests(adapter.plainCalls);
  const closing = new AbortController();
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
      closing.abort(new AppError("UNAVAILABLE", "Cannot answer: the server stops"));
      await streams[Symbol.asyncDispose]();
      await handler.close();
    },
  };

  async function fetch(incoming: IncomingRequest): Promise<Response | McpAnswer> {
    const { caller, message, headers } = incoming;
    const needed = findNeededScopes(message, { scopes: caller.scopes, scopesOf: adapter.scopesOf });
    if (needed !== null) {
      caller.record({ ...DENIAL, tool: needed.tool, argumentHash: hashArguments(needed.input), startedAt: new Date() });
      throw toScopeError(needed);
    }
    const request = plain.read(message, headers);
    const asking = { caller, signal: () => AbortSignal.any([incoming.signal(), closing.signal]) };
    const answering = request === null || closing.signal.aborted ? null : plain.answer(request, asking);
    if (answering !== null) return await answering;
    const response = await fetchBySdk(incoming);
    if (request !== null) plain.watch(request, response);
    return response;
  }

  async function fetchBySdk({ caller, owner, message, ...incoming }: IncomingRequest): Promise<Response> {
    const request = incoming.request();
    const stream = await streams.answer(request, { caller, owner, message });
    if (stream !== null) return stream;
    // The token itself stays outside: nothing behind this needs it.
    const authInfo = { token: "", clientId: "", scopes: [] };
    served.set(authInfo, { caller, owner });
    return await handler.fetch(request, { authInfo, ...(message === undefined ? {} : { parsedBody: message }) });
  }
}
