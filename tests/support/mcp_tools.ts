import { createMcpHandler, Server } from "@modelcontextprotocol/server";
import { findNeededScopes, toScopeError } from "../../src/mcp/_tool_scopes.ts";
import type { McpService } from "../../src/app/mcp_service.ts";

/** Tools of a test's own, behind the server's own route: `wait` and `progress` work until their signal, `write` needs a scope. */
export interface McpTools {
  /** For `startApp`. */
  wrapMcp: (mcp: McpService) => McpService;
  /** The next call that waits: resolves when it has begun, with when it was told to stop. */
  nextCall(): Promise<{ stopped: Promise<number> }>;
}

const TOOLS = ["wait", "progress", "write"];
const SCOPES: Record<string, string[]> = { wait: [], progress: [], write: ["ELEMENTS_READ", "ELEMENTS_WRITE"] };

/** Builds the tools. */
export function makeMcpTools(): McpTools {
  const begun: PromiseWithResolvers<{ stopped: Promise<number> }>[] = [];
  let taken = 0;
  let made = 0;
  const slot = (index: number) => begun[index] ??= Promise.withResolvers();
  const handler = createMcpHandler(createServer);
  const mcp: McpService = {
    fetch(actor, { request, message }) {
      const scopes = actor.kind === "token" ? actor.scopes : null;
      const needed = findNeededScopes(message, { scopes, scopesOf: (tool) => SCOPES[tool] });
      if (needed !== null) throw toScopeError(needed);
      return handler.fetch(request(), message === undefined ? {} : { parsedBody: message });
    },
    streamCount: () => 0,
    close: () => handler.close(),
  };
  return {
    wrapMcp: (own) => ({ ...mcp, close: () => Promise.all([own.close(), mcp.close()]).then(() => {}) }),
    nextCall: () => slot(taken++).promise,
  };

  function createServer(): Server {
    const server = new Server({ name: "test", version: "1" }, { capabilities: { tools: { listChanged: true } } });
    server.setRequestHandler("tools/list", () => ({
      tools: TOOLS.map((name) => ({ name, inputSchema: { type: "object" as const, properties: {} } })),
    }));
    server.setRequestHandler("tools/call", async ({ params }, { mcpReq }) => {
      if (params.name === "write") return { content: [{ type: "text", text: "written" }] };
      const progressToken = mcpReq._meta?.progressToken ?? 1;
      if (params.name === "progress") {
        await mcpReq.notify({ method: "notifications/progress", params: { progressToken, progress: 1 } });
      }
      const stopped = new Promise<number>((resolve) => {
        mcpReq.signal.addEventListener("abort", () => resolve(performance.now()), { once: true });
      });
      slot(made++).resolve({ stopped });
      await stopped;
      return { content: [{ type: "text", text: "too late" }] };
    });
    return server;
  }
}
