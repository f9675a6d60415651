import assert from "node:assert/strict";
import { createAccessToken, createProject } from "./support/captures.ts";
import { type RunningApp, startApp } from "./support/running_app.ts";

async function doctor(
  args: string[],
  environment: Record<string, string> = {},
): Promise<{ code: number; lines: string[] }> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "doctor", ...args],
    cwd: new URL("..", import.meta.url).pathname,
    env: environment,
    stderr: "piped",
  });
  const { code, stdout, stderr } = await command.output();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  return { code, lines: text.trimEnd().split("\n").map((line) => line.replace(/\d+\.\d ms/, "N ms")) };
}

/** What doctor prints where all is well, to a caller whose tools are these. */
function healthy(tools: string): string[] {
  return [
    "✓ reachable (N ms)",
    "✓ signed in (N ms)",
    "✓ captured (N ms)",
    "✓ seen on a subscription (N ms)",
    `✓ read through MCP (N ms): ${tools}`,
    "✓ deleted again (N ms)",
    "All legs hold.",
  ];
}

async function elementCount(app: RunningApp): Promise<number> {
  return (await app.ask(`{ elements { totalCount } }`, {}, app.token)).elements.totalCount;
}

Deno.test("doctor proves every leg on a new instance and leaves no element behind", async () => {
  await using app = await startApp();
  const { code, lines } = await doctor(["--url", app.url, "--token", app.token]);
  assert.deepEqual([code, lines], [0, [`Fingerpost at ${app.url}`, ...healthy("12 tools")]]);
  assert.equal(await elementCount(app), 0);
});

Deno.test("doctor takes the address and an access token from the environment", async () => {
  await using app = await startApp();
  await createProject(app, app.token);
  const token = await createAccessToken(app, app.token, { scopes: ["ELEMENTS_READ", "ELEMENTS_WRITE"] });
  const { code, lines } = await doctor([], { FINGERPOST_URL: `${app.url}/`, FINGERPOST_TOKEN: token });
  assert.deepEqual([code, lines.slice(1)], [0, healthy("9 tools")]);
});

Deno.test("doctor names the operator's own tools", async () => {
  await using stopped = await startApp();
  await stopped.stop();
  await Deno.mkdir(`${stopped.dataDir}/tools`);
  const document = `# How many there are.\nquery Count { elements { totalCount } }\n`;
  await Deno.writeTextFile(`${stopped.dataDir}/tools/count_elements.graphql`, document);
  await using app = await startApp({ dataDir: stopped.dataDir });
  const { code, lines } = await doctor(["--url", app.url, "--token", stopped.token]);
  const tools = "13 tools, the operator's own among them: count_elements";
  assert.deepEqual([code, lines.slice(1)], [0, healthy(tools)]);
});

Deno.test("doctor stops at the leg that fails, says what to do, cleans up, and ends with 1", async () => {
  await using app = await startApp();
  await createProject(app, app.token);
  const unsigned = await doctor(["--url", app.url, "--token", "nobody"]);
  assert.deepEqual([unsigned.code, unsigned.lines.length], [1, 5]);
  assert.match(unsigned.lines[2] ?? "", /^✗ signed in \(N ms\): .*unknown or no longer valid/);
  assert.match(unsigned.lines[3] ?? "", /createAccessToken/);
  const writer = await createAccessToken(app, app.token, { scopes: ["ELEMENTS_WRITE"] });
  const { code, lines } = await doctor(["--url", app.url, "--token", writer]);
  assert.equal(code, 1);
  assert.match(lines.join("\n"), /✗ seen on a subscription .*ELEMENTS_READ[\s\S]*✓ deleted again/);
  assert.equal(await elementCount(app), 0);
  const nowhere = await doctor(["--url", "http://127.0.0.1:9"]);
  assert.match(nowhere.lines.join("\n"), /✗ reachable[\s\S]*deno task start/);
});

Deno.test("doctor refuses arguments that it does not know with 2", async () => {
  assert.equal((await doctor(["--speed"])).code, 2);
  for (const url of ["nonsense", "localhost:8000"]) assert.equal((await doctor(["--url", url])).code, 2, url);
});
