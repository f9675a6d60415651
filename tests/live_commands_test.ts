import assert from "node:assert/strict";
import sharp from "sharp";
import { captureInput, createAccessToken } from "./support/captures.ts";
import { openGraphqlPage } from "./support/graphql_page.ts";
import { type LiveRoom, openLiveRoom, sayPage } from "./support/live_room.ts";
import { movableClock } from "./support/movable_clock.ts";
import { addPerson, setMember } from "./support/people.ts";
import { joinRoom } from "./support/rooms.ts";
import { bearer, type GraphqlBody } from "./support/running_app.ts";
import { securityEvents } from "./support/security_events.ts";
import { connectPage } from "./support/werift_page.ts";

const COMMAND = `mutation ($input: CommandElementInput!) { commandElement(input: $input) {
  id revision text html screenshot { width height mimeType } } }`;

type Command = "HIGHLIGHT" | "INSPECT" | "SCREENSHOT";

function command({ app, elementId }: LiveRoom, name: Command, token = app.token): Promise<GraphqlBody> {
  return app.graphql(COMMAND, { input: { elementId, command: name } }, token);
}

/** Has the room's own page leave, until the server knows. */
async function leave({ app, peer }: LiveRoom): Promise<void> {
  await peer.leave();
  const pages = async () => (await app.ask(`{ livePages { peerId } }`, {}, app.token)).livePages;
  while ((await pages()).some(({ peerId }: { peerId: string }) => peerId === peer.id));
}

async function codeOf(answer: Promise<GraphqlBody> | GraphqlBody): Promise<string | undefined> {
  return (await answer).errors?.[0]?.extensions.code;
}

async function png(width: number): Promise<{ mimeType: string; base64: string }> {
  const image = sharp({ create: { width, height: 4, channels: 3, background: "red" } });
  return { mimeType: "image/png", base64: (await image.png().toBuffer()).toString("base64") };
}

for (const transport of ["the data channel", "GraphQL"]) {
  Deno.test(`commandElement reaches the page over ${transport}, stores what it answers and gives the element back`, async () => {
    await using room = await openLiveRoom();
    const { app, elementId } = room;
    await using peer = await joinRoom(app, app.token, { projectId: room.projectId });
    await using graphqlPage = await openGraphqlPage(app, app.token, peer);
    await sayPage(graphqlPage, "tab-1");
    if (transport === "GraphQL") await leave(room);
    const page = transport === "GraphQL" ? graphqlPage : room.page;
    const inspected = command(room, "INSPECT");
    const { id, ...asked } = await page.heard();
    assert.deepEqual(asked, { type: "command", command: "INSPECT", elementId, selector: "main > button.pay" });
    await page.say({ type: "result", id, elementId, text: "fresh", html: "<b>fresh</b>" });
    const { data: { commandElement } } = await inspected;
    const shown = { id: elementId, revision: 2, text: "fresh", html: "<b>fresh</b>", screenshot: null };
    assert.deepEqual(commandElement, shown);
    for (const width of [5, 7]) {
      const taken = command(room, "SCREENSHOT");
      const { id } = await page.heard();
      await page.say({ type: "result", id, elementId, screenshot: await png(width) });
      const { screenshot } = (await taken).data.commandElement;
      assert.deepEqual(screenshot, { width, height: 4, mimeType: "image/png" });
    }
    const highlighted = command(room, "HIGHLIGHT");
    const last = await page.heard();
    await page.say({ type: "result", id: last.id, elementId, text: "not asked for" });
    assert.deepEqual((await highlighted).data.commandElement.revision, 4, "nothing is stored");
    const told = securityEvents(app, "element.commanded").map(({ details }) => details["command"]);
    assert.deepEqual(told, ["INSPECT", "SCREENSHOT", "SCREENSHOT", "HIGHLIGHT"]);
  });
}

Deno.test("of two pages with the same element the one that updated it last is asked, and after it the other", async () => {
  await using room = await openLiveRoom();
  const { app, projectId, elementId, page } = room;
  await using peer = await joinRoom(app, app.token, { projectId });
  await using other = await connectPage(peer, { negotiationId: "n2" });
  await sayPage(other, "tab-1");
  for (const holder of [page, other, page]) {
    const text = crypto.randomUUID();
    holder.say({ type: "update", id: "u", elementId, text });
    while ((await room.element()).text !== text);
    const asked = command(room, "HIGHLIGHT");
    const { id } = await holder.heard();
    holder.say({ type: "result", id, elementId });
    assert.equal((await asked).errors, undefined);
  }
  await leave(room);
  const asked = command(room, "HIGHLIGHT");
  const { id } = await other.heard();
  other.say({ type: "result", id, elementId });
  assert.equal((await asked).errors, undefined);
});

Deno.test("commandElement is PEER_UNAVAILABLE where no page holds the element", async () => {
  const clock = movableClock();
  await using room = await openLiveRoom({ clock });
  const { page, elementId, peer } = room;
  page.say({ type: "stale", id: "s", elementId });
  while ((await room.element()).staleSince === null);
  assert.equal(await codeOf(command(room, "HIGHLIGHT")), "PEER_UNAVAILABLE", "stale");
  page.say({ type: "update", id: "u", elementId });
  while ((await room.element()).staleSince !== null);
  clock.advance(10_000);
  assert.equal(await codeOf(command(room, "HIGHLIGHT")), "PEER_UNAVAILABLE", "silent");
  await page.ask({ type: "ping", id: "p" });
  const asked = command(room, "INSPECT");
  await page.heard();
  await peer.leave();
  const { errors } = await asked;
  assert.deepEqual(errors?.map(({ message, extensions }) => [extensions.code, message]), [
    ["PEER_UNAVAILABLE", "Cannot ask the page: it went away"],
  ]);
  assert.equal(await codeOf(command(room, "INSPECT")), "PEER_UNAVAILABLE", "gone");
});

Deno.test("a page that never answers is waited for 5 s, and what it answers then is refused", async () => {
  await using room = await openLiveRoom();
  const { page, elementId } = room;
  const startedAt = performance.now();
  const asked = command(room, "INSPECT");
  const { id } = await page.heard();
  assert.equal(await codeOf(asked), "PEER_UNAVAILABLE");
  const took = performance.now() - startedAt;
  assert.ok(took > 4_900 && took < 6_000, `${took} ms`);
  const late = await page.ask({ type: "result", id, elementId, text: "late" });
  assert.deepEqual([late.type, late.id, late.code], ["error", id, "INVALID_INPUT"]);
  assert.equal((await room.element()).revision, 1);
});

Deno.test("a page that answers twice is told so, and its second answer is not stored", async () => {
  await using room = await openLiveRoom();
  const { page, elementId } = room;
  const asked = command(room, "INSPECT");
  const { id } = await page.heard();
  page.say({ type: "result", id, elementId, text: "first" });
  const second = await page.ask({ type: "result", id, elementId, text: "second" });
  assert.deepEqual([second.type, second.id, second.code], ["error", id, "INVALID_INPUT"]);
  assert.equal((await asked).data.commandElement.text, "first");
  assert.equal((await room.element()).text, "first");
});

Deno.test("an answer that is none is refused, nothing of it is stored, and who asked gets PEER_UNAVAILABLE", async () => {
  await using room = await openLiveRoom();
  const { page, elementId, projectId, app } = room;
  const other = await page.ask({ type: "capture", id: "c", ...captureInput({ projectId }) });
  const garbage: [Command, Record<string, unknown>, string][] = [
    ["INSPECT", {}, "INVALID_INPUT"],
    ["INSPECT", { elementId }, "INVALID_INPUT"],
    ["INSPECT", { elementId: 7, text: "x" }, "INVALID_INPUT"],
    ["INSPECT", { elementId: "nothing", text: "x" }, "NOT_FOUND"],
    ["INSPECT", { elementId: other.elementId, text: "x" }, "INVALID_INPUT"],
    ["INSPECT", { elementId, text: "x", box: { x: "left" } }, "INVALID_INPUT"],
    ["INSPECT", { elementId, text: "a\0b" }, "INVALID_INPUT"],
    ["SCREENSHOT", { elementId, text: "x" }, "INVALID_INPUT"],
    ["SCREENSHOT", { elementId, screenshot: { mimeType: "image/png", base64: "AAAA" } }, "INVALID_INPUT"],
    ["SCREENSHOT", { elementId, screenshot: { ...(await png(3)), mimeType: "image/jpeg" } }, "INVALID_INPUT"],
    ["HIGHLIGHT", { elementId: other.elementId }, "INVALID_INPUT"],
  ];
  for (const [name, answer, code] of garbage) {
    const asked = command(room, name);
    const { id } = await page.heard();
    const told = await page.ask({ type: "result", id, ...answer });
    assert.deepEqual([told.type, told.code], ["error", code], JSON.stringify(answer));
    if (
      told.id === id && "elementId" in answer && typeof answer["elementId"] === "string" &&
      answer["elementId"] !== "nothing"
    ) {
      assert.equal(await codeOf(asked), "PEER_UNAVAILABLE", JSON.stringify(answer));
    } else {
      page.say({ type: "error", id, code: "INTERNAL", message: "enough" });
      assert.equal(await codeOf(asked), "PEER_UNAVAILABLE");
    }
  }
  const { revision, text, screenshot } = await room.element();
  assert.deepEqual([revision, text, screenshot], [1, null, null]);
  const { element } = await app.ask(
    `query ($id: ID!) { element(id: $id) { revision } }`,
    { id: other.elementId },
    app.token,
  );
  assert.equal(element.revision, 2);
});

Deno.test("a page's refusal is passed on where it speaks of the element, and never of rights", async () => {
  await using room = await openLiveRoom();
  const { page } = room;
  const codes = {
    NOT_FOUND: "NOT_FOUND",
    TOO_LARGE: "TOO_LARGE",
    UNAVAILABLE: "UNAVAILABLE",
    FORBIDDEN: "PEER_UNAVAILABLE",
    UNAUTHENTICATED: "PEER_UNAVAILABLE",
    nonsense: "PEER_UNAVAILABLE",
  };
  for (const [said, told] of Object.entries(codes)) {
    const asked = command(room, "INSPECT");
    const { id } = await page.heard();
    page.say({ type: "error", id, code: said, message: "It is not in the page" });
    const { errors } = await asked;
    assert.equal(errors?.[0]?.extensions.code, told);
    assert.match(errors?.[0]?.message ?? "", /It is not in the page/);
  }
  page.say({ type: "error", id: "nothing", code: "INTERNAL", message: "to nobody" });
  assert.equal((await page.ask({ type: "ping", id: "p" })).type, "pong", "an error is never answered");
});

Deno.test("commandElement asks for LIVE_COMMANDS and the right to edit, of who asks and of the page's user", async () => {
  await using room = await openLiveRoom();
  const { app, projectId, elementId } = room;
  const [viewer, stranger, editor] = [await addPerson(app), await addPerson(app), await addPerson(app)];
  setMember(app, { projectId, personId: viewer.id, role: "VIEWER" });
  setMember(app, { projectId, personId: editor.id, role: "EDITOR" });
  const writer = await createAccessToken(app, app.token, { scopes: ["ELEMENTS_READ", "ELEMENTS_WRITE", "SIGNALS"] });
  assert.equal(await codeOf(command(room, "INSPECT", viewer.token)), "FORBIDDEN");
  assert.equal(await codeOf(command(room, "INSPECT", stranger.token)), "NOT_FOUND");
  assert.equal(await codeOf(command(room, "INSPECT", writer)), "FORBIDDEN");
  const agent = await createAccessToken(app, app.token, { scopes: ["LIVE_COMMANDS"] });
  await using peer = await joinRoom(app, editor.token, { projectId });
  await using page = await connectPage(peer, { negotiationId: "n2" });
  page.say({ type: "update", id: "u", elementId, text: "the editor's" });
  while ((await room.element()).text === null);
  const asked = command(room, "INSPECT", agent);
  const { id } = await page.heard();
  setMember(app, { projectId, personId: editor.id, role: "VIEWER" });
  assert.equal((await page.ask({ type: "result", id, elementId, text: "a viewer's" })).code, "FORBIDDEN");
  assert.equal(await codeOf(asked), "PEER_UNAVAILABLE");
  assert.equal((await room.element()).text, "the editor's");
});

Deno.test("a page has at most sixteen commands to answer at once", async () => {
  await using room = await openLiveRoom();
  const { page, elementId } = room;
  const asked = Array.from({ length: 16 }, () => command(room, "HIGHLIGHT"));
  const ids: string[] = [];
  for (const _ of asked) ids.push((await page.heard()).id);
  assert.equal(await codeOf(command(room, "HIGHLIGHT")), "PEER_UNAVAILABLE");
  for (const id of ids) page.say({ type: "result", id, elementId });
  assert.deepEqual(await Promise.all(asked.map(codeOf)), asked.map(() => undefined));
});

Deno.test("the wait for a page ends when who asked goes away", async () => {
  await using room = await openLiveRoom();
  const { app, page, elementId } = room;
  const gone = new AbortController();
  const asked = fetch(`${app.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", ...bearer(app.token) },
    body: JSON.stringify({ query: COMMAND, variables: { input: { elementId, command: "INSPECT" } } }),
    signal: gone.signal,
  });
  const { id } = await page.heard();
  gone.abort();
  await assert.rejects(asked);
  // Until the server has noticed: each answer before that would be taken.
  let told: { code?: string } = {};
  for (let tries = 0; tries < 100 && told.code === undefined; tries++) told = await page.ask({ type: "ping", id: "p" });
  assert.equal((await page.ask({ type: "result", id, elementId, text: "late" })).code, "INVALID_INPUT");
  assert.equal((await room.element()).text, null);
});
