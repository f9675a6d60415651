import { runNpmTool } from "./npm_tool.ts";
import type { Data } from "./running_app.ts";

/** How the inspector reaches a server. */
export type InspectorTarget = { url: string; token: string } | { command: string[]; env: Record<string, string> };

const INSPECTOR = { name: "@modelcontextprotocol/inspector@2.12.0", lock: "inspector.lock" };

/** What the inspector's command line prints for one method, as JSON. It exits with 5 where a tool's result is an error. */
export async function inspect(target: InspectorTarget, method: string, args: string[] = []): Promise<Data> {
  const storage = await Deno.makeTempDir({ prefix: "fingerpost_inspector_" });
  try {
    const options = { env: { MCP_STORAGE_DIR: storage, MCP_CATALOG_PATH: `${storage}/mcp.json` } };
    const place = "url" in target
      ? ["--server-url", target.url, "--transport", "http", "--header", `Authorization: Bearer ${target.token}`]
      : Object.entries(target.env).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
    const command = "command" in target ? ["--", ...target.command] : [];
    const given = ["--cli", ...place, "--method", method, ...args, ...command];
    const { code, stdout, stderr } = await runNpmTool(INSPECTOR, given, options);
    if (code !== 0 && code !== 5) throw new Error(`The inspector ended with ${code}: ${stderr}`);
    return JSON.parse(stdout);
  } finally {
    await Deno.remove(storage, { recursive: true });
  }
}
