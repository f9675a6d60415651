import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createAccessToken, createProject } from "./support/captures.ts";
import { openGraphqlPage } from "./support/graphql_page.ts";
import { openLiveRoom, sayPage } from "./support/live_room.ts";
import { collectLog } from "./support/log_lines.ts";
import { addPerson, setMember, write } from "./support/people.ts";
import { joinRoom, SIGNALS } from "./support/rooms.ts";
import { bearer, startApp } from "./support/running_app.ts";
import { securityEvents } from "./support/security_events.ts";
import { connectPage, nextSignal } from "./support/werift_page.ts";

const COMMAND = `mutation ($input: CommandElementInput!) { commandElement(input: $input) { id } }`;

Deno.test("no page is asked about an element whose user may not change it, whichever page it says it is", async () => {
  await using room = await openLiveRoom();
  const { app, projectId, elementId, peer, page } = room;
  const { id: personId, token } = await addPerson(app);
  setMember(app, { projectId, personId, role: "EDITOR" });
  await using stack = new AsyncDisposableStack();
  const impostors = [];
  for (const credential of [token, await createAccessToken(app, app.token, { scopes: ["SIGNALS"] })]) {
    const other = stack.use(await joinRoom(app, credential, { projectId }));
    const impostor = stack.use(await openGraphqlPage(app, credential, other));
    await sayPage(impostor, "tab-1");
    impostors.push(impostor);
  }
  setMember(app, { projectId, personId, role: "VIEWER" });
  await page.close();
  await nextSignal(peer, "n1");
  const { errors } = await app.graphql(COMMAND, { input: { elementId, command: "HIGHLIGHT" } }, app.token);
  assert.match(errors?.[0]?.message ?? "", /no page that is connected holds the element/);
  for (const impostor of impostors) {
    assert.equal((await impostor.ask({ type: "ping", id: "nothing before" })).type, "pong");
  }
});

Deno.test("channels over GraphQL that open at once for one peer end each other, and none is left over", async () => {
  await using app = await startApp();
  const projectId = await createProject(app, app.token);
  await using peer = await joinRoom(app, app.token, { projectId });
  await using stack = new AsyncDisposableStack();
  const open = async () => stack.use(await openGraphqlPage(app, app.token, peer));
  // A user may have 8 connections.
  for (let round = 0; round < 5; round++) await Promise.all(Array.from({ length: 5 }, open));
  const page = await open();
  assert.equal((await page.ask({ type: "ping", id: "p" })).type, "pong");
});

Deno.test("packets that break the protocol do not fill the log", async () => {
  await using log = await collectLog();
  await using app = await startApp();
  const projectId = await createProject(app, app.token);
  await using peer = await joinRoom(app, app.token, { projectId });
  await using page = await connectPage(peer);
  const UNKNOWN_KIND = 99;
  for (let index = 0; index < 100; index++) {
    await page.connection.sctpTransport?.sctp.send(page.channel.id, UNKNOWN_KIND, Buffer.from([1]), { ordered: true });
  }
  assert.deepEqual(await page.ask({ type: "ping", id: "1" }), { type: "pong", id: "1" });
  assert.equal(log.of("warning").filter((line) => line.includes("could not take")).length, 1);
});

Deno.test("an element that is marked as stale and un-marked by turns leaves one line in the feed and one in the audit log", async () => {
  await using room = await openLiveRoom();
  const { app, elementId, page } = room;
  const before = securityEvents(app, "element.updated").length;
  const isStale = () =>
    write(app, (database) => database.prepare("SELECT stale_since FROM elements").get()?.["stale_since"] !== null);
  for (let turn = 0; turn < 8; turn++) {
    const type = turn % 2 === 0 ? "stale" : "update";
    page.say({ type, id: "x", elementId });
    while (isStale() !== (type === "stale")) await page.ask({ type: "ping", id: "p" });
  }
  const feed = write(app, (database) => database.prepare("SELECT kind FROM element_events ORDER BY revision").all());
  assert.deepEqual(feed.map(({ kind }) => kind), ["CAPTURED", "UPDATED"]);
  assert.equal(securityEvents(app, "element.updated").length - before, 1);
});

Deno.test("whoever goes away in the middle of an operation leaves no error in the log", async () => {
  await using log = await collectLog();
  await using room = await openLiveRoom();
  const { app, projectId, elementId, page } = room;
  const begin = (query: string, input: Record<string, unknown>, accept: string) => {
    const headers = { "content-type": "application/json", accept, ...bearer(app.token) };
    const gone = new AbortController();
    const body = JSON.stringify({ query, variables: { input } });
    const answer = fetch(`${app.url}/graphql`, { method: "POST", headers, body, signal: gone.signal });
    return { gone, over: answer.then(({ body }) => body?.cancel()).catch(() => {}) };
  };
  const asked = begin(COMMAND, { elementId, command: "HIGHLIGHT" }, "application/json");
  await page.heard();
  asked.gone.abort();
  await asked.over;
  // It is known to be over when the page's answer finds nobody who waits.
  while ((await page.ask({ type: "result", id: "none", elementId })).code !== "INVALID_INPUT");
  for (let attempt = 0; attempt < 10; attempt++) {
    const { gone, over } = begin(SIGNALS, { projectId, label: "short", kind: "VIEWER" }, "text/event-stream");
    await app.ask("{ __typename }");
    gone.abort();
    await over;
  }
  await app.stop();
  assert.deepEqual(log.of("error"), []);
});
