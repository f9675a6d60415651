import assert from "node:assert/strict";
import { capture, captureInput, createAccessToken, createProject } from "./support/captures.ts";
import { type GraphqlPage, openGraphqlPage } from "./support/graphql_page.ts";
import { captureOn, type LiveRoom, openLiveRoom, sayPage, type SpeakingPage } from "./support/live_room.ts";
import { movableClock } from "./support/movable_clock.ts";
import { addPerson, setMember } from "./support/people.ts";
import { joinRoom } from "./support/rooms.ts";
import type { GraphqlBody, RunningApp } from "./support/running_app.ts";
import { securityEvents } from "./support/security_events.ts";

const COMMAND_PAGE = `mutation ($input: CommandPageInput!) { commandPage(input: $input) { id text } }`;

type Asked = { elementId?: string; pageId?: string; projectId?: string };

function ask(app: RunningApp, asked: Asked, token = app.token, command = "HIGHLIGHT"): Promise<GraphqlBody> {
  return app.graphql(COMMAND_PAGE, { input: { command, ...asked } }, token);
}

async function refusalOf(answer: Promise<GraphqlBody>): Promise<[code?: string, message?: string]> {
  const { errors: [error] = [] } = await answer;
  return error === undefined ? [] : [error.extensions.code, error.message];
}

async function codeOf(answer: Promise<GraphqlBody>): Promise<string | undefined> {
  return (await refusalOf(answer))[0];
}

/** Which element a page is asked about, once it has answered. */
async function askedAbout(page: SpeakingPage, answer: Promise<GraphqlBody>): Promise<string> {
  const { id, elementId } = await Promise.race([
    page.heard(),
    answer.then((body) => assert.fail(JSON.stringify(body))),
  ]);
  await page.say({ type: "result", id, elementId });
  const { data, errors } = await answer;
  assert.equal(errors, undefined);
  assert.equal(data.commandPage.id, elementId);
  return elementId;
}

interface Tab extends AsyncDisposable {
  page: GraphqlPage;
}

/** Another page of somebody's, in a room of a project. */
async function openTab(app: RunningApp, tab: { projectId: string; pageId: string; token?: string }): Promise<Tab> {
  const { projectId, pageId, token = app.token } = tab;
  await using stack = new AsyncDisposableStack();
  const peer = stack.use(await joinRoom(app, token, { projectId }));
  const page = stack.use(await openGraphqlPage(app, token, peer));
  await sayPage(page, pageId);
  const opened = stack.move();
  return { page, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

async function markStale({ app, page }: Pick<LiveRoom, "app"> & { page: SpeakingPage }, elementId: string) {
  await page.say({ type: "stale", id: "s", elementId });
  const stale = `query ($id: ID!) { element(id: $id) { staleSince } }`;
  while ((await app.ask(stale, { id: elementId }, app.token)).element.staleSince === null);
}

Deno.test("commandPage asks about the element that is named, the newest of a page, of a project, or of all pages", async () => {
  await using room = await openLiveRoom();
  const { app, page, projectId, elementId } = room;
  const second = await captureOn(page, { projectId, pageId: "tab-1" });
  await using other = await openTab(app, { projectId, pageId: "tab-2" });
  const third = await captureOn(other.page, { projectId, pageId: "tab-2" });
  const elsewhere = await createProject(app, app.token, "Elsewhere");
  await using far = await openTab(app, { projectId: elsewhere, pageId: "tab-3" });
  const fourth = await captureOn(far.page, { projectId: elsewhere, pageId: "tab-3" });
  assert.equal(await askedAbout(page, ask(app, { elementId })), elementId);
  assert.equal(await askedAbout(page, ask(app, { elementId, pageId: "tab-1", projectId })), elementId);
  assert.equal(await askedAbout(page, ask(app, { pageId: "tab-1" })), second);
  assert.equal(await askedAbout(other.page, ask(app, { projectId })), third);
  assert.equal(await askedAbout(far.page, ask(app, {})), fourth);
  assert.equal(await askedAbout(page, ask(app, { pageId: "tab-1", projectId })), second);
  const told = securityEvents(app, "element.commanded").map(({ details }) => details["command"]);
  assert.deepEqual(told, Array.from({ length: 6 }, () => "HIGHLIGHT"));
});

Deno.test("commandPage passes over what is stale, deleted or of no connected page, and finds what has no pageId", async () => {
  await using room = await openLiveRoom();
  const { app, page, projectId, elementId } = room;
  const withoutPage = await captureOn(page, { projectId });
  assert.equal(await askedAbout(page, ask(app, {})), withoutPage);
  const byHttp = await capture(app, app.token, captureInput({ projectId, pageId: "tab-1" }));
  assert.equal(await askedAbout(page, ask(app, { pageId: "tab-1" })), byHttp, "captured over HTTP, of the page");
  await capture(app, app.token, captureInput({ projectId, pageId: "tab-gone" }));
  await capture(app, app.token, captureInput({ projectId }));
  assert.equal(await askedAbout(page, ask(app, {})), byHttp);
  await app.ask(`mutation ($id: ID!) { deleteElement(id: $id) }`, { id: byHttp }, app.token);
  assert.equal(await askedAbout(page, ask(app, {})), withoutPage);
  await markStale(room, withoutPage);
  assert.equal(await askedAbout(page, ask(app, {})), elementId);
  await markStale(room, elementId);
  const nothing = ["PEER_UNAVAILABLE", "Cannot ask the page: no element that was captured there is still held"];
  assert.deepEqual(await refusalOf(ask(app, {})), nothing);
});

Deno.test("commandPage stores what the page answers, as commandElement does", async () => {
  await using room = await openLiveRoom();
  const { app, page, elementId } = room;
  const agent = await createAccessToken(app, app.token, { scopes: ["LIVE_COMMANDS"] });
  const inspected = ask(app, { pageId: "tab-1" }, agent, "INSPECT");
  const { id, command } = await page.heard();
  assert.equal(command, "INSPECT");
  page.say({ type: "result", id, elementId, text: "fresh" });
  assert.deepEqual((await inspected).data.commandPage, { id: elementId, text: "fresh" });
  assert.equal((await room.element()).text, "fresh");
});

Deno.test("commandPage is PEER_UNAVAILABLE where no page is connected, alike for one that is another's", async () => {
  const clock = movableClock();
  await using room = await openLiveRoom({ clock });
  const { app, projectId } = room;
  const stranger = await addPerson(app);
  const own = await createProject(app, stranger.token);
  const refusal = (which: string) =>
    `Cannot ask the page: no page ${which} connected and yours to ask; livePages has those that are`;
  assert.deepEqual(await refusalOf(ask(app, {}, stranger.token)), ["PEER_UNAVAILABLE", refusal("that is")]);
  for (const pageId of ["tab-1", "tab-9"]) {
    const told = await refusalOf(ask(app, { pageId }, stranger.token));
    assert.deepEqual(told, ["PEER_UNAVAILABLE", refusal(`"${pageId}" is`)]);
  }
  assert.equal(await codeOf(ask(app, { projectId: own }, stranger.token)), "PEER_UNAVAILABLE");
  assert.equal(await codeOf(ask(app, { projectId }, stranger.token)), "NOT_FOUND");
  assert.equal(await codeOf(ask(app, { elementId: room.elementId }, stranger.token)), "NOT_FOUND");
  clock.advance(10_000);
  assert.deepEqual(await refusalOf(ask(app, { projectId })), ["PEER_UNAVAILABLE", refusal("that is")], "silent");
});

Deno.test("commandPage refuses an element, a page and a project that do not belong together, and what is no id", async () => {
  await using room = await openLiveRoom();
  const { app, page, projectId, elementId } = room;
  const elsewhere = await createProject(app, app.token, "Elsewhere");
  await using other = await openTab(app, { projectId, pageId: "tab-2" });
  await captureOn(other.page, { projectId, pageId: "tab-2" });
  assert.equal(await codeOf(ask(app, { elementId, pageId: "tab-2" })), "INVALID_INPUT");
  assert.equal(await codeOf(ask(app, { elementId, projectId: elsewhere })), "INVALID_INPUT");
  assert.equal(await codeOf(ask(app, { pageId: "tab-2", projectId: elsewhere })), "PEER_UNAVAILABLE");
  assert.equal(await codeOf(ask(app, { elementId: "" })), "NOT_FOUND");
  assert.equal(await codeOf(ask(app, { elementId: projectId })), "NOT_FOUND");
  assert.equal(await codeOf(ask(app, { projectId: elementId })), "NOT_FOUND");
  const withoutPage = await captureOn(page, { projectId });
  const asked = ask(app, { elementId: withoutPage, pageId: "tab-1" });
  assert.equal(await askedAbout(page, asked), withoutPage, "held by the page, though it says of no page");
});

Deno.test("commandPage asks for LIVE_COMMANDS and the right to edit, of who asks and of the page's user", async () => {
  await using room = await openLiveRoom();
  const { app, page, projectId, elementId } = room;
  const [viewer, editor] = [await addPerson(app), await addPerson(app)];
  setMember(app, { projectId, personId: viewer.id, role: "VIEWER" });
  setMember(app, { projectId, personId: editor.id, role: "EDITOR" });
  const reader = await createAccessToken(app, app.token, { scopes: ["ELEMENTS_READ", "ELEMENTS_WRITE", "SIGNALS"] });
  assert.equal(await codeOf(ask(app, {}, reader)), "FORBIDDEN");
  assert.equal(await codeOf(ask(app, { projectId }, viewer.token)), "FORBIDDEN");
  assert.equal(await codeOf(ask(app, {}, viewer.token)), "PEER_UNAVAILABLE");
  await using theirs = await openTab(app, { projectId, pageId: "tab-2", token: editor.token });
  const newest = await captureOn(theirs.page, { projectId, pageId: "tab-2" });
  assert.equal(await askedAbout(theirs.page, ask(app, {})), newest);
  setMember(app, { projectId, personId: editor.id, role: "VIEWER" });
  assert.equal(await askedAbout(page, ask(app, {})), elementId, "the page of who may not write is passed over");
  const limited = await createAccessToken(app, app.token, {
    scopes: ["LIVE_COMMANDS"],
    projectId: await createProject(app, app.token, "Elsewhere"),
  });
  assert.equal(await codeOf(ask(app, {}, limited)), "PEER_UNAVAILABLE");
});

Deno.test("livePages tells whose project a page is in and what was captured of it last", async () => {
  await using room = await openLiveRoom();
  const { app, page, projectId, elementId } = room;
  const elsewhere = await createProject(app, app.token, "Elsewhere");
  await using _far = await openTab(app, { projectId: elsewhere, pageId: "tab-1" });
  const query = `query ($projectId: ID) { livePages(projectId: $projectId) {
    id url title user { id } connectedAt project { id name } pointedElement { id live } } }`;
  const pages = async (variables = {}, token = app.token) =>
    (await app.ask(query, variables, token)).livePages.map(
      ({ id, project, pointedElement }: Record<string, { id: string; live?: boolean }>) => [
        id,
        project?.id,
        pointedElement && [pointedElement.id, pointedElement.live],
      ],
    );
  const there = ["tab-1", elsewhere, null];
  assert.deepEqual(await pages(), [["tab-1", projectId, [elementId, true]], there]);
  assert.deepEqual(await pages({ projectId: elsewhere }), [there]);
  const reader = await createAccessToken(app, app.token, { scopes: ["ELEMENTS_READ"], projectId });
  const newest = await captureOn(page, { projectId });
  assert.deepEqual(await pages({}, reader), [["tab-1", projectId, [newest, true]]], "what the token is good for");
  await markStale(room, newest);
  assert.deepEqual(await pages({ projectId }), [["tab-1", projectId, [elementId, true]]]);
  assert.deepEqual(await pages({}, (await addPerson(app)).token), []);
  const here = await capture(app, app.token, captureInput({ projectId, pageId: "tab-1" }));
  const far = await capture(app, app.token, captureInput({ projectId: elsewhere, pageId: "tab-1" }));
  assert.deepEqual(await pages(), [["tab-1", projectId, [here, true]], ["tab-1", elsewhere, [far, true]]]);
});
