import assert from "node:assert/strict";
import sharp from "sharp";
import { capture, createAccessToken, createProject, fullCaptureInput } from "./support/captures.ts";
import { inspect, type InspectorTarget } from "./support/inspector.ts";
import { MCP_CLIENTS, type McpTransport, stdioTask } from "./support/mcp_client.ts";
import { type Data, type RunningApp, startApp } from "./support/running_app.ts";
import { callsOfEveryTool, type ToolCall } from "./support/tool_calls.ts";

/** Both SDKs leave a timer of 2 s behind the end of a process that they started. */
const SANITIZING = { http: {}, stdio: { sanitizeOps: false, sanitizeResources: false } };
const TRANSPORTS: McpTransport[] = ["http", "stdio"];
const SCOPES = ["ELEMENTS_READ", "ELEMENTS_WRITE", "LIVE_COMMANDS", "AUDIT_READ"];
/** Each call of the inspector starts a process: all of them with `INSPECTOR_TOOLS=all`. */
const INSPECTED = Deno.env.get("INSPECTOR_TOOLS") === "all" ? /./ : /^get_pointed_element$/;

for (const transport of TRANSPORTS) {
  for (const [version, connect] of Object.entries(MCP_CLIENTS)) {
    Deno.test(
      `mcp: a client of protocol ${version} calls every tool over ${transport}`,
      SANITIZING[transport],
      async () => {
        await using app = await startApp();
        const { token, calls } = await prepare(app);
        await using client = await connect(app, token, transport);
        assert.equal(client.version, version);
        assert.deepEqual((await client.tools()).map(({ name }) => name), calls.map(({ tool }) => tool));
        for (const call of calls) assertAnswers(call, await client.call(call.tool, call.input));
      },
    );
  }

  Deno.test(
    `mcp: the inspector's command line lists the tools and calls them over ${transport}`,
    SANITIZING[transport],
    async () => {
      await using app = await startApp();
      const { token, calls } = await prepare(app);
      const { command, args, env } = stdioTask(app, token);
      const target: InspectorTarget = transport === "http"
        ? { url: `${app.url}/mcp`, token }
        : { command: [command, ...args], env };
      // It exits with an error where a tool's schema is not one that clients of all kinds take.
      const { tools } = await inspect(target, "tools/list", ["--strict"]);
      assert.deepEqual(tools.map(({ name }: Data) => name), calls.map(({ tool }) => tool));
      for (const call of calls.filter(({ tool }) => INSPECTED.test(tool))) {
        const given = ["--tool-name", call.tool, "--tool-args-json", JSON.stringify(call.input)];
        assertAnswers(call, await inspect(target, "tools/call", given));
      }
    },
  );
}

async function prepare(app: RunningApp): Promise<{ token: string; calls: ToolCall[] }> {
  const projectId = await createProject(app, app.token);
  const image = await sharp({ create: { width: 4, height: 2, channels: 3, background: "red" } }).png().toBuffer();
  const screenshot = { mimeType: "image/png", base64: image.toString("base64") };
  const elementId = await capture(app, app.token, fullCaptureInput({ screenshot }));
  const token = await createAccessToken(app, app.token, { scopes: SCOPES });
  return { token, calls: callsOfEveryTool({ elementId, projectId }) };
}

function assertAnswers({ tool, error }: ToolCall, { isError = false, content, structuredContent }: Data): void {
  const [{ text }] = content;
  if (error !== undefined) return assert.deepEqual([isError, text.split(":")[0]], [true, error], tool);
  assert.equal(isError, false, `${tool}: ${text}`);
  assert.equal(typeof structuredContent, "object", tool);
  assert.equal(content.some(({ type }: Data) => type === "image"), tool === "get_element_screenshot", tool);
}
