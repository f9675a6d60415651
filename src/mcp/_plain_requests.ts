import { createKnownClients } from "./_known_clients.ts";
import { EVENT_STREAM_HEADERS } from "./_event_stream.ts";
import { PLAIN_PROTOCOL, type PlainCall, type PlainCalls } from "./_plain_calls.ts";
import type { Caller } from "./caller.ts";

/** Plain calls over HTTP, of both eras. */
export interface PlainRequests {
  /** What a request calls, if it is sent as clients send it; null: it is the SDK's. */
  read(message: unknown, headers: Headers): PlainRequest | null;
  /** Answers it; null: the SDK is to, and `watch` to see how. Never throws. */
  answer(request: PlainRequest, asking: { caller: Caller; signal: () => AbortSignal }): Promise<PlainAnswer> | null;
  /** Sees how the SDK answered. */
  watch(request: PlainRequest, response: Response): void;
}

/** A plain call, and how it was sent. */
export interface PlainRequest {
  call: PlainCall;
  /** What the client is known by. */
  client: string;
  headers: Readonly<Record<string, string>>;
}

/** A response of status 200. */
export interface PlainAnswer {
  body: string;
  headers: Readonly<Record<string, string>>;
}

const JSON_HEADERS = { "content-type": "application/json" };
/** Of headers by which a client is known. */
const MAX_HEADER_CHARACTERS = 200;

/** Builds what answers plain calls over HTTP. */
export function createPlainRequests(plainCalls: PlainCalls): PlainRequests {
  const known = createKnownClients();
  return {
    read(message, headers) {
      const call = plainCalls.read(message);
      if (call === null || headers.get("content-type") !== "application/json") return null;
      if (call.client === null) return readLegacy(call, headers);
      return isStandard(call, headers) ? { call, client: call.client, headers: JSON_HEADERS } : null;
    },
    answer: (request, asking) => known.has(request.client) ? answer(request, asking) : null,
    watch({ client, headers }, response) {
      const isAnswered = response.headers.get("content-type") === headers["content-type"];
      if (response.status === 200 && isAnswered) known.add(client);
    },
  };

  async function answer(
    { call, headers }: PlainRequest,
    asking: { caller: Caller; signal: () => AbortSignal },
  ): Promise<PlainAnswer> {
    const json = await plainCalls.answer(call, asking);
    return { body: call.client === null ? `event: message\ndata: ${json}\n\n` : json, headers };
  }
}

/** MCP 2026-07-28, Standard Request Headers */
function isStandard({ tool }: PlainCall, headers: Headers): boolean {
  return headers.get("mcp-protocol-version") === PLAIN_PROTOCOL && headers.get("mcp-method") === "tools/call" &&
    headers.get("mcp-name") === tool.name;
}

/** Protocol 2025: nothing else of a request tells how it is to be answered. */
function readLegacy(call: PlainCall, headers: Headers): PlainRequest | null {
  const told = [headers.get("accept"), headers.get("mcp-protocol-version"), headers.get("mcp-method")];
  if (told.some((value) => (value?.length ?? 0) > MAX_HEADER_CHARACTERS)) return null;
  return { call, client: JSON.stringify(told), headers: EVENT_STREAM_HEADERS };
}
