import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport as LegacyStdioTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { bearer, type Data, type RunningApp } from "./running_app.ts";

/** What tests ask of an AI tool's client, whichever protocol it speaks. */
export interface McpClient extends AsyncDisposable {
  /** The protocol version that it agreed on with the server. */
  version: string | undefined;
  tools(): Promise<Data[]>;
  call(name: string, input?: Record<string, unknown>): Promise<Data>;
}

/** How a client reaches the server. */
export type McpTransport = "http" | "stdio";

/** Real clients by the protocol version that they speak: the current SDK's and its predecessor's. */
export const MCP_CLIENTS = { "2026-07-28": connectModern, "2025-11-25": connectLegacy };

const PROJECT = new URL("../..", import.meta.url).pathname;

async function connectModern(
  app: Pick<RunningApp, "url">,
  token: string,
  transport: McpTransport = "http",
): Promise<McpClient> {
  const client = new Client({ name: "test", version: "1" }, { versionNegotiation: { mode: "auto" } });
  const requestInit = { headers: bearer(token) };
  await client.connect(
    transport === "stdio"
      ? new StdioClientTransport(stdioTask(app, token))
      : new StreamableHTTPClientTransport(new URL(`${app.url}/mcp`), { requestInit }),
  );
  return {
    version: client.getNegotiatedProtocolVersion(),
    tools: async () => (await client.listTools()).tools,
    call: (name, input = {}) => client.callTool({ name, arguments: input }),
    [Symbol.asyncDispose]: () => client.close(),
  };
}

async function connectLegacy(
  app: Pick<RunningApp, "url">,
  token: string,
  transport: McpTransport = "http",
): Promise<McpClient> {
  const client = new LegacyClient({ name: "test", version: "1" });
  const http = new LegacyTransport(new URL(`${app.url}/mcp`), { requestInit: { headers: bearer(token) } });
  const used = transport === "stdio" ? new LegacyStdioTransport(stdioTask(app, token)) : http;
  // The 1.x client's own types do not hold under exact optional properties.
  await client.connect(used as Parameters<typeof client.connect>[0]);
  return {
    // Over stdio nothing tells it: that client speaks no other.
    version: transport === "stdio" ? "2025-11-25" : http.protocolVersion,
    tools: async () => (await client.listTools()).tools,
    call: (name, input = {}) => client.callTool({ name, arguments: input }),
    [Symbol.asyncDispose]: () => client.close(),
  };
}

/** The adapter's own process, as an AI tool starts it. */
export function stdioTask({ url }: Pick<RunningApp, "url">, token: string) {
  return {
    command: Deno.execPath(),
    args: ["task", "--quiet", "--cwd", PROJECT, "mcp"],
    env: { FINGERPOST_URL: url, FINGERPOST_TOKEN: token },
    stderr: "ignore" as const,
  };
}
