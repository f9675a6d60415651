import assert from "node:assert/strict";
import { captureInput, createAccessToken, createProject, fullCaptureInput } from "./support/captures.ts";
import { openGraphqlPage, say } from "./support/graphql_page.ts";
import { captureOn, type LiveRoom, openLiveRoom, sayPage } from "./support/live_room.ts";
import { addPerson, setMember, write } from "./support/people.ts";
import { joinRoom } from "./support/rooms.ts";
import type { Data } from "./support/running_app.ts";
import { securityEvents } from "./support/security_events.ts";
import { subscribe, type Subscription } from "./support/subscription.ts";
import { connectPage } from "./support/werift_page.ts";

const EVENTS = `subscription ($projectId: ID!, $after: Int) { elementEvents(projectId: $projectId, after: $after) {
  kind revision elementId element { text box { x } staleSince live } } }`;

function watch({ app, projectId }: LiveRoom, after: number): Subscription {
  return subscribe(app, { query: EVENTS, variables: { projectId, after }, token: app.token });
}

/** The rows of the feed, oldest first. */
function feedOf({ app }: LiveRoom): { revision: number; kind: string }[] {
  const rows = write(
    app,
    (database) => database.prepare("SELECT revision, kind FROM element_events ORDER BY revision").all(),
  );
  return rows.map((row) => ({ revision: Number(row["revision"]), kind: String(row["kind"]) }));
}

async function until(events: Subscription, isWanted: (event: Data) => boolean): Promise<Data[]> {
  const seen: Data[] = [];
  do seen.push(await events.next()); while (!isWanted(seen.at(-1)));
  return seen;
}

const boxAt = (x: number) => ({ x, y: 2, width: 3, height: 4 });

Deno.test("an update keeps every captured field of an element fresh, and leaves the others", async () => {
  await using room = await openLiveRoom();
  const { page, elementId } = room;
  await using events = watch(room, 1);
  const { clientId: _, projectId: __, pageId: ___, note: ____, ...fields } = fullCaptureInput({ html: "<b>é</b>" });
  page.say({ type: "update", id: "u1", elementId, ...fields, note: "not a page's to say", projectId: "other" });
  const { kind, revision, element: seen } = await events.next();
  assert.deepEqual([kind, revision, seen.live], ["UPDATED", 2, true]);
  const { revision: _r, live: _l, htmlByteSize, note, viewport, component, staleSince, screenshot, ...fresh } =
    await room.element();
  assert.deepEqual([htmlByteSize, note, viewport, component, staleSince, screenshot], [
    9,
    null,
    { width: 1280, scrollY: 133.5 },
    { name: "PayButton" },
    null,
    null,
  ]);
  for (const [name, value] of Object.entries(fresh)) assert.deepEqual(value, fields[name], name);
  page.say({ type: "update", id: "u2", elementId, text: null, classNames: null });
  await events.next();
  const after = await room.element();
  assert.deepEqual([after.text, after.classNames, after.selector], [null, [], fields["selector"]]);
});

Deno.test("a burst of updates is stored as few, merged, with the last one, and a watcher who is behind gets one", async () => {
  await using room = await openLiveRoom();
  const { page, elementId, app } = room;
  await using events = watch(room, 1);
  const COUNT = 400;
  const startedAt = performance.now();
  for (let x = 1; x <= COUNT; x++) {
    page.say({ type: "update", id: `u${x}`, elementId, box: boxAt(x), ...(x === COUNT - 1 ? { text: "merged" } : {}) });
    // As pages send: over time.
    if (x % 20 === 0) assert.equal((await page.ask({ type: "ping", id: "p" })).type, "pong");
  }
  const seen = await until(events, ({ element }) => element.box.x === COUNT);
  const tenths = Math.ceil((performance.now() - startedAt) / 100);
  const { revision, text } = await room.element();
  assert.ok(revision <= 1 + tenths + 1, `${revision - 1} in ${tenths} tenths of a second`);
  assert.deepEqual([text, new Set(seen.map(({ kind }) => kind))], ["merged", new Set(["UPDATED"])]);
  assert.deepEqual(feedOf(room), [{ revision: 1, kind: "CAPTURED" }, { revision, kind: "UPDATED" }]);
  await using late = watch(room, 1);
  const only = await late.next();
  assert.deepEqual([only.revision, only.element.box.x], [revision, COUNT]);
  await app.ask(`mutation ($id: ID!) { commentOnElement(input: { elementId: $id, body: "x" }) { id } }`, {
    id: elementId,
  }, app.token);
  assert.equal((await late.next()).revision, revision + 1);
});

Deno.test("the feed keeps what people changed between two live updates", async () => {
  await using room = await openLiveRoom();
  const { page, elementId, app } = room;
  await using events = watch(room, 1);
  page.say({ type: "update", id: "1", elementId, box: boxAt(1) });
  await events.next();
  const comment = `mutation ($id: ID!) { commentOnElement(input: { elementId: $id, body: "x" }) { id } }`;
  await app.ask(comment, { id: elementId }, app.token);
  await events.next();
  for (const x of [2, 3]) {
    page.say({ type: "update", id: "2", elementId, box: boxAt(x) });
    await events.next();
  }
  assert.deepEqual(feedOf(room).map(({ revision }) => revision), [1, 2, 3, 5]);
});

Deno.test("what a page said last is stored, also where its channel closes at once", async () => {
  await using room = await openLiveRoom();
  const { page, elementId } = room;
  await using events = watch(room, 1);
  for (let x = 1; x <= 50; x++) page.say({ type: "update", id: "u", elementId, box: boxAt(x) });
  assert.equal((await page.ask({ type: "ping", id: "p" })).type, "pong");
  await room.peer.leave();
  await until(events, ({ element }) => element.box.x === 50);
  await using again = await joinRoom(room.app, room.app.token, { projectId: room.projectId });
  await using other = await openGraphqlPage(room.app, room.app.token, again);
  for (let x = 51; x <= 60; x++) await other.say({ type: "update", id: "u", elementId, box: boxAt(x) });
  await other.close();
  await until(events, ({ element }) => element.box.x === 60);
});

Deno.test("stale marks an element, and an update of it, or a capture of it or of its place, un-marks it", async () => {
  await using room = await openLiveRoom();
  const { page, projectId } = room;
  const first = captureInput({ projectId, pageId: "tab-1", selector: "#pay" });
  const { elementId } = await page.ask({ type: "capture", id: "c", ...first });
  await using events = watch(room, 2);
  const sightings: [string, Record<string, unknown>, string[]][] = [
    ["an update", { type: "update", id: "1", elementId, text: "back" }, ["UPDATED"]],
    ["an empty update", { type: "update", id: "2", elementId }, ["UPDATED"]],
    ["a capture with its clientId", { type: "capture", id: "3", ...first }, ["UPDATED"]],
    ["a capture of its place", {
      type: "capture",
      id: "4",
      ...captureInput({ ...first, clientId: crypto.randomUUID() }),
    }, ["CAPTURED", "UPDATED"]],
  ];
  for (const [name, message, kinds] of sightings) {
    page.say({ type: "stale", id: "s", elementId });
    const gone = await events.next();
    assert.deepEqual([gone.kind, gone.elementId, gone.element.live], ["STALE", elementId, false], name);
    assert.match(gone.element.staleSince, /Z$/);
    page.say(message);
    for (const kind of kinds) {
      const seen = await events.next();
      assert.deepEqual([seen.kind, seen.element.live, seen.element.staleSince], [kind, true, null], name);
    }
    if (message["type"] === "capture") assert.equal((await page.heard()).type, "captured");
  }
  const elsewhere = captureInput({ projectId, pageId: "tab-2", selector: "#pay" });
  page.say({ type: "stale", id: "s", elementId });
  await events.next();
  page.say({ type: "stale", id: "again", elementId });
  await page.ask({ type: "capture", id: "5", ...elsewhere });
  assert.deepEqual((await events.next()).kind, "CAPTURED", "another page's does not, and stale twice is once");
});

Deno.test("an update does what its sender may do, on elements of the room's project alone", async () => {
  await using room = await openLiveRoom();
  const { app, projectId, page, elementId } = room;
  const elsewhere = await captureOn(page, { projectId: await createProject(app, app.token) });
  for (
    const [fields, code] of [
      [{ elementId: elsewhere, text: "x" }, "NOT_FOUND"],
      [{ elementId: "nothing", text: "x" }, "NOT_FOUND"],
      [{ text: "x" }, "INVALID_INPUT"],
      [{ elementId, box: { x: 1 } }, "INVALID_INPUT"],
      [{ elementId, html: null }, "INVALID_INPUT"],
    ] as const
  ) {
    for (const type of ["update", "stale"]) {
      if (type === "stale" && "elementId" in fields && fields.elementId === elementId) continue;
      const answer = await page.ask({ type, id: `${type} ${code}`, ...fields });
      assert.deepEqual([answer.type, answer.id, answer.code], ["error", `${type} ${code}`, code]);
    }
  }
  const { id: personId, token } = await addPerson(app);
  setMember(app, { projectId, personId, role: "EDITOR" });
  await using peer = await joinRoom(app, token, { projectId });
  await using other = await connectPage(peer, { negotiationId: "n2" });
  await using events = watch(room, 1);
  other.say({ type: "update", id: "1", elementId, text: "an editor's" });
  assert.equal((await events.next()).element.text, "an editor's");
  setMember(app, { projectId, personId, role: "VIEWER" });
  for (const type of ["update", "stale"]) {
    assert.equal((await other.ask({ type, id: "2", elementId, text: "a viewer's" })).code, "FORBIDDEN");
  }
  assert.equal((await room.element()).text, "an editor's");
});

Deno.test("an update that one credential may not make does not pass with another's", async () => {
  await using room = await openLiveRoom();
  const { app, projectId, elementId } = room;
  await using peer = await joinRoom(app, app.token, { projectId });
  await using page = await openGraphqlPage(app, app.token, peer);
  const lesser = await createAccessToken(app, app.token, { scopes: ["SIGNALS"] });
  await using events = watch(room, 1);
  await page.say({ type: "update", id: "1", elementId, box: boxAt(1) });
  await say(app, lesser, { from: peer.id, message: { type: "update", id: "2", elementId, text: "smuggled" } });
  await page.say({ type: "update", id: "3", elementId, box: boxAt(3) });
  const { id, code } = await page.heard();
  assert.deepEqual([id, code], ["2", "FORBIDDEN"]);
  await until(events, ({ element }) => element.box.x === 3);
  assert.equal((await room.element()).text, null);
});

Deno.test("a live update of the text is found by it at once, and one of the box leaves the full-text index alone", async () => {
  await using room = await openLiveRoom();
  const { app, page, elementId } = room;
  await using events = watch(room, 1);
  const found = async (search: string) =>
    (await app.ask(`query ($search: String!) { elements(search: $search) { totalCount } }`, { search }, app.token))
      .elements.totalCount;
  const index = () =>
    write(app, (database) => database.prepare("SELECT hex(block) FROM element_search_data ORDER BY id").all());
  page.say({ type: "update", id: "1", elementId, text: "aubergine", selector: "#celery" });
  await events.next();
  assert.deepEqual([await found("aubergine"), await found("celery")], [1, 1]);
  page.say({ type: "update", id: "2", elementId, text: "broccoli" });
  await events.next();
  assert.deepEqual([await found("aubergine"), await found("broccoli"), await found("celery")], [0, 1, 1]);
  const before = index();
  page.say({
    type: "update",
    id: "3",
    elementId,
    box: boxAt(7),
    html: "<i></i>",
    computedStyles: { color: "red" },
    text: "broccoli",
  });
  await events.next();
  assert.deepEqual(index(), before);
});

Deno.test("the audit log tells once for each page and element that it is kept fresh", async () => {
  await using room = await openLiveRoom();
  const { page, elementId, app } = room;
  await using events = watch(room, 1);
  for (const x of [1, 2, 3]) {
    page.say({ type: "update", id: "u", elementId, box: boxAt(x) });
    await events.next();
  }
  const told = () =>
    securityEvents(app, "element.updated").map(({ details }) => [details["revision"], details["live"]]);
  assert.deepEqual(told(), [[2, true]]);
  await using peer = await joinRoom(app, app.token, { projectId: room.projectId });
  await using other = await openGraphqlPage(app, app.token, peer);
  await other.say({ type: "update", id: "u", elementId, box: boxAt(4) });
  await events.next();
  assert.deepEqual(told(), [[2, true], [5, true]]);
});

Deno.test("an element is live while the page that updated it last is there, whatever its pageId", async () => {
  await using room = await openLiveRoom();
  const { app, projectId, page } = room;
  const elementId = await captureOn(page, { projectId });
  const live = async () =>
    (await app.ask(`query ($id: ID!) { element(id: $id) { live } }`, { id: elementId }, app.token)).element.live;
  assert.equal(await live(), true);
  await using peer = await joinRoom(app, app.token, { projectId });
  await using other = await openGraphqlPage(app, app.token, peer);
  await sayPage(other, "tab-2");
  await using events = watch(room, 2);
  await other.say({ type: "update", id: "u", elementId, text: "x" });
  await events.next();
  await room.peer.leave();
  assert.equal(await live(), true);
  await peer.leave();
  while ((await app.ask(`{ livePages { id } }`, {}, app.token)).livePages.length > 0);
  assert.equal(await live(), false);
});
