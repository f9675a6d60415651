import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { bearer, type Data, type RunningApp } from "./running_app.ts";

/** What tests ask of an AI tool's client, whichever protocol it speaks. */
export interface McpClient extends AsyncDisposable {
  /** The protocol version that it agreed on with the server. */
  version: string | undefined;
  tools(): Promise<Data[]>;
  call(name: string, input?: Record<string, unknown>): Promise<Data>;
}

/** Real clients by the protocol version that they speak: the current SDK's and its predecessor's. */
export const MCP_CLIENTS = { "2026-07-28": connectModern, "2025-11-25": connectLegacy };

async function connectModern(app: RunningApp, token: string): Promise<McpClient> {
  const client = new Client({ name: "test", version: "1" }, { versionNegotiation: { mode: "auto" } });
  const requestInit = { headers: bearer(token) };
  await client.connect(new StreamableHTTPClientTransport(new URL(`${app.url}/mcp`), { requestInit }));
  return {
    version: client.getNegotiatedProtocolVersion(),
    tools: async () => (await client.listTools()).tools,
    call: (name, input = {}) => client.callTool({ name, arguments: input }),
    [Symbol.asyncDispose]: () => client.close(),
  };
}

async function connectLegacy(app: RunningApp, token: string): Promise<McpClient> {
  const client = new LegacyClient({ name: "test", version: "1" });
  const transport = new LegacyTransport(new URL(`${app.url}/mcp`), { requestInit: { headers: bearer(token) } });
  // The 1.x client's own types do not hold under exact optional properties.
  await client.connect(transport as Parameters<typeof client.connect>[0]);
  return {
    version: transport.protocolVersion,
    tools: async () => (await client.listTools()).tools,
    call: (name, input = {}) => client.callTool({ name, arguments: input }),
    [Symbol.asyncDispose]: () => client.close(),
  };
}
