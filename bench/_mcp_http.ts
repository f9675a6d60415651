import { medians, type Round } from "./_mcp_figures.ts";

/** A tool of a server that speaks MCP over HTTP. */
export interface HttpTarget {
  url: string;
  token: string;
  tool: string;
  input: Record<string, unknown>;
}

const ROUNDS = 5;
const ROUND_SECONDS = 4;
const WARM_UP_SECONDS = 4;
const CONNECTIONS = 16;
const PROTOCOL = "2026-07-28";

/** Has wrk call each server in turns, round by round; the medians. Its scripts are written into the folder. */
export async function compareHttp(
  targets: Record<string, HttpTarget>,
  folder: string,
): Promise<Record<string, Round>> {
  const rounds: Record<string, Round[]> = {};
  for (const [name, target] of Object.entries(targets)) {
    await Deno.writeTextFile(`${folder}/${name}.lua`, scriptFor(target));
    await load(target.url, `${folder}/${name}.lua`, WARM_UP_SECONDS);
  }
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, { url }] of Object.entries(targets)) {
      (rounds[name] ??= []).push(await load(url, `${folder}/${name}.lua`, ROUND_SECONDS));
    }
  }
  return Object.fromEntries(Object.entries(rounds).map(([name, seen]) => [name, medians(seen)]));
}

/** Calls once, and returns the result without what says which server it was. */
export async function callOnce(target: HttpTarget) {
  const response = await fetch(target.url, { method: "POST", ...requestFor(target) });
  const text = await response.text();
  const { result, error } = JSON.parse(text.startsWith("{") ? text : /^data: (.*)$/m.exec(text)?.[1] ?? "{}");
  if (result === undefined || result.isError) throw new Error(JSON.stringify(error ?? result ?? text));
  const { content, structuredContent } = result;
  return { content, structuredContent };
}

function requestFor({ token, tool, input }: HttpTarget): { headers: Record<string, string>; body: string } {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": PROTOCOL,
    "io.modelcontextprotocol/clientInfo": { name: "bench", version: "1" },
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  return {
    headers: {
      "content-type": "application/json",
      "accept": "application/json, text/event-stream",
      "authorization": `Bearer ${token}`,
      "mcp-protocol-version": PROTOCOL,
      "mcp-method": "tools/call",
      "mcp-name": tool,
    },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: { name: tool, arguments: input, _meta },
    }),
  };
}

function scriptFor(target: HttpTarget): string {
  const { headers, body } = requestFor(target);
  return `wrk.method = "POST"
wrk.body = [==[${body}]==]
${Object.entries(headers).map(([name, value]) => `wrk.headers["${name}"] = "${value}"`).join("\n")}
done = function(summary, latency)
  local failed = summary.errors.status + summary.errors.read + summary.errors.connect + summary.errors.timeout
  io.write(string.format("p50=%d p95=%d failed=%d\\n", latency:percentile(50), latency:percentile(95), failed))
end
`;
}

async function load(url: string, script: string, seconds: number): Promise<Round> {
  const args = ["-t1", `-c${CONNECTIONS}`, `-d${seconds}s`, "-s", script, url];
  const { stdout } = await new Deno.Command("wrk", { args }).output();
  const text = new TextDecoder().decode(stdout);
  const [, p50, p95, failed] = /p50=(\d+) p95=(\d+) failed=(\d+)/.exec(text) ?? [];
  if (failed !== "0") throw new Error(text);
  return {
    callsPerSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1]),
    p50Ms: Number(p50) / 1_000,
    p95Ms: Number(p95) / 1_000,
  };
}
