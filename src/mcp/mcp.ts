import { createMcpHandler } from "@modelcontextprotocol/server";
import { roomLog } from "../base/log.ts";
import type { Adapter } from "./adapter.ts";
import type { Caller } from "./caller.ts";

const log = roomLog("mcp");

/** MCP over Streamable HTTP, protocol 2026-07-28 and, statelessly, the 2025 versions. */
export interface Mcp {
  /** Answers a request of somebody signed in; host, origin and rate are checked before, and its body is read. */
  fetch(request: Request, caller: Caller): Promise<Response>;
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 1_048_576;

/** Builds the HTTP side of an adapter. */
export function createMcp(adapter: Adapter): Mcp {
  const handlers = new WeakMap<object, Caller>();
  const handler = createMcpHandler(({ era, authInfo }) => {
    const caller = authInfo && handlers.get(authInfo);
    if (caller === undefined) throw new Error("An MCP request came without its caller");
    return adapter.serverFor(caller, { era, transport: "http" });
  }, { maxRequestBodySize: MAX_BODY_BYTES, onerror: (error) => log.debug("MCP refused: {error}", { error }) });
  return { fetch, close: () => handler.close() };

  async function fetch(request: Request, caller: Caller): Promise<Response> {
    // The token itself stays outside: nothing behind this needs it.
    const authInfo = { token: "", clientId: "", scopes: [] };
    handlers.set(authInfo, caller);
    return await handler.fetch(request, { authInfo });
  }
}
