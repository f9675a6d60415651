import assert from "node:assert/strict";
import fc from "fast-check";
import sharp from "sharp";
import { anyJson } from "./support/attacks.ts";
import { capture, createAccessToken, createProject, fullCaptureInput } from "./support/captures.ts";
import { fuzzRuns } from "./support/fuzz_runs.ts";
import { openLiveRoom } from "./support/live_room.ts";
import { bearer, type Data, type RunningApp, startApp } from "./support/running_app.ts";
import { listToolExecutions } from "./support/tool_executions.ts";

const RUNS = 60;
const PROTOCOL = "2026-07-28";
const META = {
  "io.modelcontextprotocol/protocolVersion": PROTOCOL,
  "io.modelcontextprotocol/clientInfo": { name: "test", version: "1" },
  "io.modelcontextprotocol/clientCapabilities": { elicitation: {} },
};

interface Sent {
  message: unknown;
  headers?: Record<string, string>;
}

function callOf(name: string, input: unknown, id: unknown = 1): Data {
  return { jsonrpc: "2.0", id, method: "tools/call", params: { name, arguments: input, _meta: { ...META } } };
}

/** The same as a client of protocol 2025 says it. */
function legacyCallOf(name: string, input: unknown, id: unknown = 1): Sent {
  const message = { jsonrpc: "2.0", id, method: "tools/call", params: { name, arguments: input } };
  return { message, headers: { "mcp-protocol-version": "2025-11-25", "mcp-method": "" } };
}

/** Sends a message as it is, and once more in a way that only the SDK takes: its type with a charset. */
async function bothWays(app: RunningApp, token: string, { message, headers = {} }: Sent) {
  const answers = [];
  for (const type of ["application/json", "application/json; charset=utf-8"]) {
    const asked = { "mcp-protocol-version": PROTOCOL, "mcp-method": "tools/call", ...headers };
    const standard = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== ""));
    const init = { ...bearer(token), accept: "application/json, text/event-stream", ...standard, "content-type": type };
    const response = await fetch(`${app.url}/mcp`, { method: "POST", headers: init, body: JSON.stringify(message) });
    // Results have fewer headers than what a browser may show.
    const isPlain = !response.headers.has("referrer-policy");
    const { status } = response;
    answers.push({
      isPlain,
      answer: { status, type: response.headers.get("content-type"), text: await response.text() },
    });
  }
  const [own, sdk] = answers;
  assert.equal(sdk?.isPlain, false);
  assert.deepEqual(own?.answer, sdk?.answer, JSON.stringify(message));
  return { isPlain: own?.isPlain, text: own?.answer.text ?? "" };
}

function resultOf(text: string): Data {
  return JSON.parse(text.replace(/^event: message\ndata: /, ""));
}

async function makeWorld(app: RunningApp) {
  const projectId = await createProject(app, app.token);
  const rate = { action: "mcp", limit: 1_000_000, windowSeconds: 60 };
  await app.ask(
    `mutation ($input: SetRateLimitInput!) { setRateLimit(input: $input) { limit } }`,
    { input: rate },
    app.token,
  );
  const picture = sharp({ create: { width: 20, height: 10, channels: 3, background: "#06c" } });
  const base64 = (await picture.png().toBuffer()).toString("base64");
  const elementId = await capture(app, app.token, fullCaptureInput({ screenshot: { mimeType: "image/png", base64 } }));
  const token = await createAccessToken(app, app.token, { scopes: ["ELEMENTS_READ", "ELEMENTS_WRITE"] });
  return { projectId, elementId, token };
}

const SENT: Record<string, (name: string, input: unknown, id?: unknown) => Sent> = {
  "2026-07-28": (name, input, id) => ({ message: callOf(name, input, id), headers: { "mcp-name": name } }),
  "2025-11-25": legacyCallOf,
};

for (const [version, sentOf] of Object.entries(SENT)) {
  Deno.test(`mcp: what is called plainly over protocol ${version} is answered with the SDK's own bytes, from a client's second call on`, async () => {
    await using app = await startApp();
    const { projectId, elementId, token } = await makeWorld(app);
    const send = (...call: Parameters<typeof sentOf>) => bothWays(app, token, sentOf(...call));
    assert.equal((await send("list_pages", {})).isPlain, false, "its first");
    const calls: [string, Data][] = [
      ["get_element", { elementId }],
      ["get_element", { elementId, level: "full", maxTokens: 500 }],
      ["get_element", { elementId, fields: ["html"], note: null }],
      ["get_element", { elementId: "element_x" }],
      ["get_element", { elementId, unknown: 1 }],
      ["get_element", {}],
      ["get_element_screenshot", { elementId }],
      ["get_pointed_element", { projectId }],
      ["list_elements", { first: 1_000 }],
      ["search_elements", { query: "nothing \ud800 like \u2028 this" }],
      ["comment_on_element", { elementId: "element_x", body: "Is it gone?" }],
    ];
    for (const [name, input] of calls) assert.equal((await send(name, input)).isPlain, true, name);
    for (const id of ["", 'a"b', "\ud800", -1, 0, Number.MAX_SAFE_INTEGER]) {
      const { isPlain, text } = await send("list_pages", {}, id);
      assert.deepEqual([isPlain, resultOf(text).id], [true, id]);
    }
    const { isError, structuredContent } = resultOf((await send("get_element", { elementId })).text).result;
    assert.deepEqual([isError, structuredContent.element.id], [undefined, elementId]);
  });
}

Deno.test("mcp: what is not quite a plain call is the SDK's to answer", async () => {
  await using app = await startApp();
  const { elementId, token } = await makeWorld(app);
  const name = "get_element";
  const plain = () => callOf(name, { elementId });
  const send = (message: Data, headers: Record<string, string> = {}) =>
    bothWays(app, token, { message, headers: { "mcp-name": name, ...headers } });
  await send(plain());
  const params = (changes: Data) => ({ ...plain(), params: { ...plain().params, ...changes } });
  const meta = (changes: Data) => params({ _meta: { ...META, ...changes } });
  const others: [Data, Record<string, string>?][] = [
    [{ ...plain(), id: 1.5 }],
    [{ ...plain(), id: null }],
    [{ ...plain(), jsonrpc: "1.0" }],
    [{ ...plain(), more: 1 }],
    [params({ more: 1 })],
    [params({ name: "no_such_tool" }), { "mcp-name": "no_such_tool" }],
    [params({ arguments: [] })],
    [params({ arguments: null })],
    [params({ arguments: JSON.parse(`{"__proto__":{},"elementId":"${elementId}"}`) })],
    [params({ inputResponses: {} })],
    [meta({ "io.modelcontextprotocol/clientCapabilities": [] })],
    [meta({ "io.modelcontextprotocol/protocolVersion": "2025-11-25" })],
    [meta({ "io.modelcontextprotocol/logLevel": "debug" })],
    [meta({ progressToken: {} })],
    [plain(), { "mcp-name": "list_pages" }],
    [plain(), { "mcp-method": "tools/list" }],
    [plain(), { "mcp-protocol-version": "2025-11-25" }],
    [[plain()]],
  ];
  for (const [message, headers] of others) {
    for (const _twice of [1, 2]) assert.equal((await send(message, headers)).isPlain, false, JSON.stringify(message));
  }
  const legacy = legacyCallOf(name, { elementId });
  await bothWays(app, token, legacy);
  assert.equal((await bothWays(app, token, legacy)).isPlain, true);
  for (const headers of [{ accept: "application/json" }, { "mcp-protocol-version": "1999-01-01" }]) {
    const sent = { ...legacy, headers: { ...legacy.headers, ...headers } };
    for (const _twice of [1, 2]) assert.equal((await bothWays(app, token, sent)).isPlain, false);
  }
  assert.equal((await send(plain())).isPlain, true);
  assert.equal((await send(meta({ progressToken: 7 }))).isPlain, true, "a tool that does not wait has no progress");
});

Deno.test("mcp: whatever stands somewhere in a call, both ways answer the same", async () => {
  await using app = await startApp();
  const { elementId, token } = await makeWorld(app);
  const name = "get_element";
  const headers = { "mcp-name": name };
  await bothWays(app, token, { message: callOf(name, { elementId }), headers });
  const places = [["id"], ["method"], ["params"], ["params", "name"], ["params", "arguments"], ["params", "_meta"]];
  const deep = [["params", "arguments", "maxTokens"], ["params", "arguments", "fields"], [
    "params",
    "_meta",
    "progressToken",
  ]];
  const info = Object.keys(META).map((key) => ["params", "_meta", key]);
  const changed = fc.tuple(fc.constantFrom(...places, ...deep, ...info), anyJson);
  const property = fc.asyncProperty(changed, async ([path, value]) => {
    const message = callOf(name, { elementId });
    const last = path.at(-1) ?? "";
    const holder = path.slice(0, -1).reduce((object, key) => object[key], message);
    holder[last] = value;
    await bothWays(app, token, { message, headers });
  });
  await fc.assert(property, fuzzRuns(RUNS));
});

Deno.test("mcp: plain calls are recorded as others are", async () => {
  await using app = await startApp();
  const { elementId, token } = await makeWorld(app);
  const name = "get_element";
  const send = (input: unknown) =>
    bothWays(app, token, { message: callOf(name, input), headers: { "mcp-name": name } });
  for (const input of [{ elementId }, { elementId }, { elementId: "element_x" }]) await send(input);
  const seen = await listToolExecutions(app, app.token);
  const byCall = (index: number) =>
    seen.slice(index, index + 2).map(({ durationMs: _ms, startedAt: _at, id: _id, ...rest }) => rest);
  for (const index of [0, 2, 4]) {
    const [one, other] = byCall(index);
    assert.deepEqual(one, other);
  }
  assert.deepEqual(seen.map(({ outcome }) => outcome), ["error", "error", "ok", "ok", "ok", "ok"]);
  assert.ok(seen[2]?.["resultBytes"] > 1_000);
});

Deno.test("mcp: a plain call under way ends within a second of its token", async () => {
  await using room = await openLiveRoom();
  const { app, page, elementId } = room;
  const token = await createAccessToken(app, app.token, { scopes: ["ELEMENTS_READ", "LIVE_COMMANDS"] });
  const name = "inspect_element";
  const send = (input: unknown) => {
    const { message, headers } = SENT[PROTOCOL]?.(name, input) ?? assert.fail();
    const standard = {
      "content-type": "application/json",
      "mcp-protocol-version": PROTOCOL,
      "mcp-method": "tools/call",
    };
    const init = { ...bearer(token), ...standard, ...headers };
    return fetch(`${app.url}/mcp`, { method: "POST", headers: init, body: JSON.stringify(message) });
  };
  const first = await send({ elementId: "element_x" });
  assert.match(await first.text(), /NOT_FOUND/);
  const answering = send({ elementId });
  assert.equal((await page.heard()).command, "INSPECT");
  const { currentToken } = await app.ask(`{ currentToken { id } }`, {}, token);
  await app.ask(`mutation ($id: ID!) { revokeAccessToken(id: $id) }`, currentToken, app.token);
  const revokedAt = performance.now();
  const response = await answering;
  assert.ok(performance.now() - revokedAt < 1_000, "at once");
  assert.equal(response.status, 403);
  assert.match(await response.text(), /The right to this was taken away/);
});
