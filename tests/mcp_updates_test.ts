import assert from "node:assert/strict";
import { capture, createAccessToken, createProject } from "./support/captures.ts";
import { MCP_LISTENERS, type McpListener } from "./support/mcp_listener.ts";
import { addPerson, setMember } from "./support/people.ts";
import { bearer, type Data, type RunningApp, startApp } from "./support/running_app.ts";
import { until } from "./support/until.ts";

const UPDATE = `mutation ($input: UpdateElementInput!) { updateElement(input: $input) { revision } }`;

function note(app: RunningApp, id: string, text: string): Promise<unknown> {
  return app.ask(UPDATE, { input: { id, note: text } }, app.token);
}

/** Streams of updates that the server holds. */
async function openStreams(app: RunningApp): Promise<number> {
  const metrics = await (await fetch(`${app.url}/metrics`)).text();
  return Number(/^fingerpost_mcp_streams (\d+)$/m.exec(metrics)?.[1]);
}

for (const [version, connect] of Object.entries(MCP_LISTENERS)) {
  Deno.test(`mcp: a client of protocol ${version} hears of changes to what it watches, and of nothing else`, async () => {
    await using app = await startApp();
    await createProject(app, app.token);
    const [watched, other] = [await capture(app, app.token), await capture(app, app.token)];
    await using client = await connect(app, app.token);
    await until(async () => version === "2026-07-28" || await openStreams(app) === 1);
    const end = await client.watch([`element://${watched}`, `screenshot://${watched}`]);
    await note(app, other, "silent");
    await note(app, watched, "heard");
    assert.deepEqual([await client.next(), await client.next()].sort(), [
      `element://${watched}`,
      `screenshot://${watched}`,
    ]);
    await app.ask(`mutation ($id: ID!) { deleteElement(id: $id) }`, { id: other }, app.token);
    assert.equal(await client.next(), "list");
    await end();
    await note(app, watched, "silent again");
    await capture(app, app.token);
    assert.ok(client.unread().every((news) => news === "list"), client.unread().join());
  });

  Deno.test(`mcp: over protocol ${version} changes in quick succession are told once more at the end`, async () => {
    await using app = await startApp();
    await createProject(app, app.token);
    const id = await capture(app, app.token);
    await using client = await connect(app, app.token);
    await until(async () => version === "2026-07-28" || await openStreams(app) === 1);
    await client.watch([`element://${id}`]);
    const notes = Promise.all(Array.from({ length: 20 }, (_, count) => note(app, id, `Note ${count}`)));
    assert.equal(await client.next(), `element://${id}`);
    const firstAt = performance.now();
    assert.equal(await client.next(), `element://${id}`);
    assert.ok(performance.now() - firstAt > 500, "the second one rests");
    await notes;
    assert.deepEqual(client.unread(), []);
  });

  Deno.test(`mcp: over protocol ${version} a resource that one may not see stays silent, and so does one that was taken away`, async () => {
    await using app = await startApp();
    const [stranger, member] = [await addPerson(app), await addPerson(app)];
    const projectId = await createProject(app, app.token);
    setMember(app, { projectId, personId: member.id, role: "VIEWER" });
    const id = await capture(app, app.token);
    const gone = `element://${id.replace(/.{4}$/, "ffff")}`;
    await using outside = await connect(app, stranger.token);
    await using inside = await connect(app, member.token);
    await until(async () => version === "2026-07-28" || await openStreams(app) === 2);
    await outside.watch([`element://${id}`, gone]);
    await inside.watch([`element://${id}`, gone]);
    await note(app, id, "for members");
    assert.equal(await inside.next(), `element://${id}`);
    await app.ask(SET_MEMBER, { input: { projectId, userId: member.id, role: null } }, app.token);
    await note(app, id, "for the owner");
    await using owner = await connect(app, app.token);
    await owner.watch([`element://${id}`]);
    await note(app, id, "for the owner");
    assert.equal(await owner.next(), `element://${id}`);
    assert.deepEqual([outside.unread(), inside.unread()], [[], []]);
  });

  Deno.test(`mcp: over protocol ${version} a stream ends with its credential, and no other does`, async () => {
    await using app = await startApp();
    await createProject(app, app.token);
    const id = await capture(app, app.token);
    const token = await createAccessToken(app, app.token, { scopes: ["ELEMENTS_READ"] });
    await using staying = await connect(app, app.token);
    await using ending = await connect(app, token);
    await staying.watch([`element://${id}`]);
    await ending.watch([`element://${id}`]);
    await until(async () => await openStreams(app) === 2);
    const { viewer } = await app.ask(`{ viewer { accessTokens { id } } }`, {}, app.token);
    const [{ id: tokenId }] = viewer.accessTokens;
    await app.ask(`mutation ($id: ID!) { revokeAccessToken(id: $id) }`, { id: tokenId }, app.token);
    await until(async () => await openStreams(app) === 1);
    await note(app, id, "for who stays");
    assert.equal(await staying.next(), `element://${id}`);
    assert.deepEqual(ending.unread(), []);
  });
}

Deno.test("mcp: what happened while a client of protocol 2025 had no stream is told by its next one", async () => {
  await using app = await startApp();
  await createProject(app, app.token);
  const id = await capture(app, app.token);
  const uri = `element://${id}`;
  const { error } = await post(app, { method: "resources/subscribe", params: { uri } });
  assert.equal(error, undefined);
  await note(app, id, "while nobody listens");
  await using client = await MCP_LISTENERS["2025-11-25"]?.(app, app.token) as McpListener;
  assert.equal(await client.next(), uri);
});

Deno.test("mcp: streams and what they watch are bounded, refusals say so, and streams end with their clients", async () => {
  await using app = await startApp();
  await createProject(app, app.token);
  const uris = Array.from({ length: 257 }, (_, index) => `element://element_${index}`);
  const listening = await listen(app, { resourceSubscriptions: uris });
  assert.match((await listening.json()).error.message, /more than 256 resources/);
  const ways = [() => listen(app, { resourcesListChanged: true }), () => stand(app)];
  const streams = await Promise.all(Array.from({ length: 8 }, () => ways.map((open) => open())).flat());
  assert.equal(await openStreams(app), 16);
  assert.match((await (await listen(app, { resourcesListChanged: true })).json()).error.message, /Too many streams/);
  const standing = await stand(app);
  assert.equal(standing.status, 429);
  await standing.body?.cancel();
  await Promise.all(streams.map((stream) => stream.body?.cancel()));
  await until(async () => await openStreams(app) === 0);
  for (const uri of uris.slice(0, 256)) {
    assert.equal((await post(app, { method: "resources/subscribe", params: { uri } })).error, undefined);
  }
  const { error } = await post(app, { method: "resources/subscribe", params: { uri: uris[256] } });
  assert.match(error.message, /more than 256 resources/);
});

Deno.test("mcp: a request to listen that makes no sense opens no stream", async () => {
  await using app = await startApp();
  for (const notifications of [undefined, "all", { resourceSubscriptions: "element://x" }]) {
    const response = await listen(app, notifications);
    assert.equal((await response.json()).error.code, -32602, JSON.stringify(notifications));
  }
  const lying = await listen(app, { resourcesListChanged: true }, "tools/list");
  assert.equal(lying.status, 400);
  await lying.body?.cancel();
  assert.equal(await openStreams(app), 0);
});

Deno.test("mcp: streams end in good order when the server stops", async () => {
  await using app = await startApp();
  await createProject(app, app.token);
  const stream = await listen(app, { resourcesListChanged: true });
  const standing = await stand(app);
  const [, [told]] = await Promise.all([app.stop(), Promise.all([stream.text(), standing.text()])]);
  assert.match(told, /"resultType":"complete"/);
});

const SET_MEMBER = `mutation ($input: SetProjectMemberInput!) { setProjectMember(input: $input) { id } }`;

async function post(app: RunningApp, message: Data): Promise<Data> {
  const response = await fetch(`${app.url}/mcp`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2025-11-25",
      ...bearer(app.token),
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, ...message }),
  });
  return JSON.parse((await response.text()).replace(/^event: message\ndata: /, ""));
}

function stand(app: RunningApp): Promise<Response> {
  return fetch(`${app.url}/mcp`, { headers: { accept: "text/event-stream", ...bearer(app.token) } });
}

function listen(app: RunningApp, notifications: unknown, method = "subscriptions/listen"): Promise<Response> {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": { name: "test", version: "1" },
  };
  return fetch(`${app.url}/mcp`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "subscriptions/listen",
      ...bearer(app.token),
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { _meta, notifications } }),
  });
}
