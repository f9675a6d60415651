import assert from "node:assert/strict";
import { AjvJsonSchemaValidator } from "@modelcontextprotocol/server/validators/ajv";
import sharp from "sharp";
import { capture, captureInput, createAccessToken, createProject, fullCaptureInput } from "./support/captures.ts";
import { type LiveRoom, openLiveRoom } from "./support/live_room.ts";
import { MCP_CLIENTS, type McpClient } from "./support/mcp_client.ts";
import { type Data, startApp } from "./support/running_app.ts";

const SCOPES = ["ELEMENTS_READ", "ELEMENTS_WRITE", "LIVE_COMMANDS", "AUDIT_READ"];
const TOOLS_LIST_TOKENS = 3_000;
const validator = new AjvJsonSchemaValidator();

/** Calls a tool; its structured content is checked against the schema that it is listed with. */
async function callOf(client: McpClient) {
  const tools = new Map((await client.tools()).map((tool) => [tool.name, tool]));
  return async (name: string, input: Data = {}) => {
    const result = await client.call(name, input);
    const text: string = result.content[0].text;
    assert.notEqual(result.isError, true, `${name}: ${text}`);
    const { valid, errorMessage } = validator.getValidator(tools.get(name)?.outputSchema)(result.structuredContent);
    assert.ok(valid, `${name}: ${errorMessage ?? ""}`);
    assert.doesNotMatch(text + JSON.stringify(result.structuredContent), /[\w+/]{400}/, "base64 in text");
    return { data: result.structuredContent as Data, text, content: result.content as Data[] };
  };
}

async function image(): Promise<string> {
  const picture = sharp({ create: { width: 2_000, height: 400, channels: 3, background: "#06c" } });
  return (await picture.png().toBuffer()).toString("base64");
}

for (const [version, connect] of Object.entries(MCP_CLIENTS)) {
  Deno.test(`mcp tools: over protocol ${version} an agent finds, reads, sees and answers what was pointed at`, async () => {
    await using app = await startApp();
    const projectId = await createProject(app, app.token);
    const token = await createAccessToken(app, app.token, { scopes: SCOPES });
    await using client = await connect(app, token);
    const call = await callOf(client);
    assert.equal((await call("get_pointed_element")).data.pointedElement, null);
    const older = await capture(app, app.token);
    const screenshot = { mimeType: "image/png", base64: await image() };
    const id = await capture(app, app.token, fullCaptureInput({ screenshot }));
    const pointed = await call("get_pointed_element");
    assert.equal(pointed.data.pointedElement.id, id);
    assert.match(pointed.text, /^.*PayButton \(react\) src\/cart\/PayButton\.tsx:42:7/);
    for (const part of ["#pay", "Make this line up", "inline-flex", "120.25×32", 'button "Pay now"', id]) {
      assert.ok(pointed.text.includes(part), `${part} is missing in ${pointed.text}`);
    }
    const summary = await call("get_element", { elementId: id, level: "summary" });
    assert.deepEqual(Object.keys(summary.data.element).includes("keyStyles"), false);
    const full = await call("get_element", { elementId: id, level: "full" });
    assert.equal(full.data.element.htmlPart.html, fullCaptureInput()["html"]);
    const chosen = await call("get_element", { elementId: id, fields: ["computedStyles"] });
    assert.equal(chosen.data.element.computedStyles.display, "inline-flex");
    assert.equal(chosen.data.element.text, undefined);
    const listed = await call("list_elements", { first: 1, projectId });
    assert.equal(listed.data.elements.edges[0].node.id, id);
    const next = await call("list_elements", { first: 1, after: listed.data.elements.pageInfo.endCursor });
    assert.equal(next.data.elements.edges[0].node.id, older);
    const found = await call("search_elements", { query: "larger" });
    assert.deepEqual(found.data.elements.edges.map(({ node }: Data) => node.id), [id]);
    const seen = await call("get_element_screenshot", { elementId: id });
    assert.deepEqual(seen.content.map(({ type }) => type), ["text", "image", "resource_link"]);
    const shown = await sharp(Uint8Array.fromBase64(seen.content[1]?.data)).metadata();
    assert.deepEqual([shown.width, seen.content[2]?.uri], [1_568, `screenshot://${encodeURIComponent(id)}`]);
    assert.equal((await call("get_element_screenshot", { elementId: older })).data.element.screenshot, null);
    const commented = await call("comment_on_element", { elementId: id, body: "I begin" });
    assert.equal(commented.data.commentOnElement.comments[0].body, "I begin");
    const set = await call("set_element_status", { elementId: id, status: "RESOLVED" });
    assert.deepEqual([set.data.updateElement.status, set.data.updateElement.note], [
      "RESOLVED",
      fullCaptureInput()["note"],
    ]);
    const events = await call("list_security_events", { first: 100 });
    const kinds = events.data.securityEvents.edges.map(({ node }: Data) => node.kind);
    assert.ok(kinds.includes("element.commented"), kinds.join(" "));
    assert.deepEqual((await call("list_pages")).data.livePages, []);
  });
}

Deno.test("mcp tools: an agent asks the page where it is live", async () => {
  await using room = await openLiveRoom();
  const { app, page, elementId } = room;
  await using client = await MCP_CLIENTS["2026-07-28"](app, app.token);
  const call = await callOf(client);
  assert.deepEqual((await call("list_pages")).data.livePages.map(({ id }: Data) => id), ["tab-1"]);
  for (const input of [{ elementId }, { pageId: "tab-1" }, {}]) {
    const highlighting = call("highlight_element", input);
    await answerCommand(room, "HIGHLIGHT", {});
    assert.equal((await highlighting).data.commandPage.id, elementId);
  }
  const inspecting = call("inspect_element");
  await answerCommand(room, "INSPECT", { text: "Pay later", computedStyles: { display: "grid" } });
  const { data, text } = await inspecting;
  assert.deepEqual([data.commandPage.text, data.commandPage.keyStyles.display], ["Pay later", "grid"]);
  assert.match(text, /Pay later/);
  await page.close();
  const gone = await client.call("inspect_element", { elementId });
  assert.equal(gone.isError, true);
  assert.match(gone.content[0].text, /^PEER_UNAVAILABLE: .*list_pages shows/);
});

async function answerCommand({ page }: LiveRoom, command: string, fields: Data): Promise<void> {
  const heard = await page.heard();
  assert.deepEqual([heard.type, heard.command], ["command", command]);
  await page.say({ type: "result", id: heard.id, elementId: heard.elementId, ...fields });
}

Deno.test("mcp tools: who waits is told at once, misses nothing between two calls, and hears that it goes on", async () => {
  await using app = await startApp();
  await createProject(app, app.token);
  const token = await createAccessToken(app, app.token, { scopes: SCOPES });
  await using client = await MCP_CLIENTS["2026-07-28"](app, token);
  const call = await callOf(client);
  const first = await call("watch_elements", { timeoutSeconds: 0 });
  assert.deepEqual(first.data.elementChanges.changes, []);
  const missed = await capture(app, app.token);
  const { data } = await call("watch_elements", { after: first.data.elementChanges.revision });
  assert.deepEqual(data.elementChanges.changes.map(({ elementId }: Data) => elementId), [missed]);
  const waiting = call("watch_elements", { after: data.elementChanges.revision, timeoutSeconds: 20 });
  const startedAt = performance.now();
  const next = await capture(app, app.token);
  const told = await waiting;
  assert.deepEqual(told.data.elementChanges.changes.map(({ elementId }: Data) => elementId), [next]);
  assert.ok(performance.now() - startedAt < 2_000);
});

Deno.test("mcp tools: all that is listed costs a model fewer than 3,000 tokens", async () => {
  await using app = await startApp();
  await using client = await MCP_CLIENTS["2026-07-28"](app, app.token);
  const tools = await client.tools();
  const bytes = new TextEncoder().encode(JSON.stringify({ tools })).length;
  assert.ok(
    bytes / 4 < TOOLS_LIST_TOKENS,
    `${bytes / 4} tokens: ${tools.map((tool) => `${tool.name} ${JSON.stringify(tool).length}`)}`,
  );
  for (const { name, title, description, inputSchema, annotations } of tools) {
    assert.ok(title && description && inputSchema.properties, name);
    assert.equal(typeof annotations.readOnlyHint, "boolean", name);
  }
});

Deno.test("mcp tools: only those are listed that a token may use", async () => {
  await using app = await startApp();
  const names = async (scopes: string[]) => {
    const token = await createAccessToken(app, app.token, { scopes });
    await using client = await MCP_CLIENTS["2026-07-28"](app, token);
    return (await client.tools()).map(({ name }) => name);
  };
  assert.deepEqual(await names(["AUDIT_READ"]), ["list_security_events"]);
  const reading = [
    "get_element",
    "get_element_screenshot",
    "get_pointed_element",
    "list_elements",
    "list_pages",
    "search_elements",
    "watch_elements",
  ];
  assert.deepEqual(await names(["ELEMENTS_READ"]), reading);
  assert.equal((await names(SCOPES)).length, 12);
});

Deno.test("mcp tools: an operator's own documents are tools too, and one that does not fit stops the start", async () => {
  await using stopped = await startApp();
  const { dataDir, token } = stopped;
  await stopped.stop();
  await Deno.mkdir(`${dataDir}/tools`);
  const path = `${dataDir}/tools/count_elements.graphql`;
  await Deno.writeTextFile(path, `# How many there are.\nquery Count { elements { totalCount } }\n`);
  {
    await using app = await startApp({ dataDir });
    await createProject(app, token);
    await capture(app, token, captureInput());
    await using client = await MCP_CLIENTS["2026-07-28"](app, token);
    const own = (await client.tools()).find(({ name }) => name === "count_elements");
    assert.equal(own?.["_meta"]["fingerpost/origin"], "operator");
    assert.equal((await client.call("count_elements")).structuredContent.elements.totalCount, 1);
  }
  await Deno.writeTextFile(path, `query Count { nothing }\n`);
  await assert.rejects(startApp({ dataDir }), /Cannot make a tool of ".*count_elements\.graphql": .*nothing/);
});
