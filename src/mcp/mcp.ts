import { createMcpHandler } from "@modelcontextprotocol/server";
import { AppError } from "../base/errors.ts";
import { roomLog } from "../base/log.ts";
import { hashArguments } from "./_argument_hash.ts";
import { createKnownClients } from "./_known_clients.ts";
import { PLAIN_PROTOCOL, type PlainCall } from "./_plain_calls.ts";
import { findNeededScopes, toScopeError } from "./_tool_scopes.ts";
import { createUpdateStreams } from "./_update_streams.ts";
import type { Adapter } from "./adapter.ts";
import type { Caller } from "./caller.ts";
import type { StreamOwner } from "./stream_owner.ts";

const log = roomLog("mcp");

/** MCP over Streamable HTTP, protocol 2026-07-28 and, statelessly, the 2025 versions. */
export interface Mcp {
  /** Answers a request of somebody signed in until its signal. Throws `FORBIDDEN` for a tool beyond a token's scopes. */
  fetch(incoming: IncomingRequest): Promise<Response | PlainAnswer>;
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

/** A response of status 200 and type `application/json`. */
export interface PlainAnswer {
  json: string;
}

const DENIAL = { outcome: "denied", errorCode: "FORBIDDEN", durationMs: 0, resultBytes: 0 } as const;
const MAX_BODY_BYTES = 1_048_576;

/** Builds the HTTP side of an adapter. */
export function createMcp(adapter: Adapter): Mcp {
  const { plainCalls } = adapter;
  const known = createKnownClients();
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

  async function fetch(incoming: IncomingRequest): Promise<Response | PlainAnswer> {
    const { caller, message, headers } = incoming;
    const needed = findNeededScopes(message, { scopes: caller.scopes, scopesOf: adapter.scopesOf });
    if (needed !== null) {
      caller.record({ ...DENIAL, tool: needed.tool, argumentHash: hashArguments(needed.input), startedAt: new Date() });
      throw toScopeError(needed);
    }
    const call = readPlain(message, headers);
    if (call !== null && known.has(call) && !closing.signal.aborted) {
      const signal = () => AbortSignal.any([incoming.signal(), closing.signal]);
      return { json: await plainCalls.answer(call, { caller, signal }) };
    }
    const response = await fetchBySdk(incoming);
    if (call !== null && response.status === 200) known.add(call);
    return response;
  }

  // MCP 2026-07-28, Standard Request Headers
  function readPlain(message: unknown, headers: Headers): PlainCall | null {
    const call = plainCalls.read(message);
    if (call === null || call.client === null || headers.get("content-type") !== "application/json") return null;
    const isStandard = headers.get("mcp-protocol-version") === PLAIN_PROTOCOL &&
      headers.get("mcp-method") === "tools/call" && headers.get("mcp-name") === call.tool.name;
    return isStandard ? call : null;
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
