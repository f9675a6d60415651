// An MCP server as bare as the SDK allows: one tool, which answers the result in the file. `_bare_mcp.ts FILE TOOL`.
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";
import { z } from "zod";

const [file = "", tool = ""] = Deno.args;
const result = JSON.parse(await Deno.readTextFile(file));
const config = {
  description: "Answers what it was given",
  inputSchema: z.object({ elementId: z.string().optional() }),
};
const handler = createMcpHandler(() => {
  const server = new McpServer({ name: "bare", version: "1.0.0" });
  server.registerTool(tool, config, () => result);
  return server;
});
Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  // deno-lint-ignore no-console -- how the bench learns where it is
  onListen: ({ port }) => console.log(`Listening on http://127.0.0.1:${port}`),
}, (request) => handler.fetch(request));
