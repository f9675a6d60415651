import assert from "node:assert/strict";
import { captureInput, createAccessToken, createProject, fullCaptureInput } from "./support/captures.ts";
import { CHANNEL, openGraphqlPage, say } from "./support/graphql_page.ts";
import { movableClock } from "./support/movable_clock.ts";
import { addPerson, setMember } from "./support/people.ts";
import { joinRoom } from "./support/rooms.ts";
import { type RunningApp, startApp } from "./support/running_app.ts";
import { subscribe, subscribeOverHttp } from "./support/subscription.ts";
import { connectPage } from "./support/werift_page.ts";

const LIVE = `query ($id: ID!) { element(id: $id) { live html revision } }`;
const PING = { type: "ping", id: "p" };
const PONG = { type: "pong", id: "p" };

async function livePageIds(app: RunningApp): Promise<string[]> {
  const { livePages } = await app.ask(`{ livePages { id } }`, {}, app.token);
  return livePages.map(({ id }: { id: string }) => id);
}

Deno.test("a page without UDP says the same over GraphQL: captures, its tab, pings", async () => {
  await using app = await startApp();
  const projectId = await createProject(app, app.token);
  await using peer = await joinRoom(app, app.token, { projectId });
  await using page = await openGraphqlPage(app, app.token, peer);
  const input = fullCaptureInput({ projectId, html: `<p>${"ä".repeat(1_500_000)}</p>` });
  const captured = await page.ask({ type: "capture", id: "c1", ...input });
  assert.deepEqual([captured.type, captured.id, captured.revision], ["captured", "c1", 1]);
  const again = await page.ask({ type: "capture", id: "c2", ...input });
  assert.deepEqual([again.elementId, again.revision], [captured.elementId, 1], "the same clientId");
  await page.say({ type: "page", id: "t", pageId: "tab-7", url: "https://shop.example/", title: "Shop" });
  assert.deepEqual(await page.ask(PING), PONG);
  assert.deepEqual(await livePageIds(app), ["tab-7"]);
  const { element } = await app.ask(LIVE, { id: captured.elementId }, app.token);
  assert.deepEqual(element, { live: true, html: input["html"], revision: 1 });
  await page.close();
  while ((await livePageIds(app)).length > 0);
  assert.equal(
    (await say(app, app.token, { from: peer.id, message: PING })).errors?.[0]?.extensions.code,
    "PEER_UNAVAILABLE",
  );
});

Deno.test("messages over GraphQL are answered in the order in which they were taken", async () => {
  await using app = await startApp();
  const projectId = await createProject(app, app.token);
  await using peer = await joinRoom(app, app.token, { projectId });
  await using page = await openGraphqlPage(app, app.token, peer);
  const ids = Array.from({ length: 20 }, (_, index) => String(index));
  for (const id of ids) {
    const isCapture = Number(id) % 2 === 0;
    await page.say(isCapture ? { type: "capture", id, ...captureInput({ projectId }) } : { type: "ping", id });
  }
  const answered: string[] = [];
  for (const _ of ids) answered.push((await page.heard()).id);
  assert.deepEqual(answered, ids);
});

Deno.test("a peer has one channel over GraphQL: another one ends the first, as does the peer's leaving", async () => {
  await using app = await startApp();
  const projectId = await createProject(app, app.token);
  await using peer = await joinRoom(app, app.token, { projectId });
  await using first = await openGraphqlPage(app, app.token, peer);
  await using second = await openGraphqlPage(app, app.token, peer);
  assert.equal(await first.heard(), undefined);
  assert.deepEqual(await second.ask(PING), PONG);
  await peer.leave();
  assert.equal(await second.heard(), undefined);
});

Deno.test("a channel over GraphQL is refused to those whose peer it is not, and to tokens without SIGNALS", async () => {
  await using app = await startApp();
  const projectId = await createProject(app, app.token);
  await using peer = await joinRoom(app, app.token, { projectId });
  await using page = await openGraphqlPage(app, app.token, peer);
  const member = await addPerson(app);
  setMember(app, { projectId, personId: member.id, role: "EDITOR" });
  const reader = await createAccessToken(app, app.token, { scopes: ["ELEMENTS_READ", "ELEMENTS_WRITE"] });
  for (
    const [token, from, code] of [[member.token, peer.id, "NOT_FOUND"], [app.token, "nobody", "NOT_FOUND"], [
      reader,
      peer.id,
      "FORBIDDEN",
    ]] as const
  ) {
    const { errors } = await say(app, token, { from, message: PING });
    assert.equal(errors?.[0]?.extensions.code, code);
    await using channel = await subscribeOverHttp(app, { query: CHANNEL, variables: { from }, token });
    await assert.rejects(channel.next(), { message: code });
  }
  assert.deepEqual(await page.ask(PING), PONG, "the owner's channel lives on");
});

Deno.test("each message over GraphQL does what who sent it may do, at that moment", async () => {
  await using app = await startApp();
  const projectId = await createProject(app, app.token);
  const { id: personId, token } = await addPerson(app);
  setMember(app, { projectId, personId, role: "VIEWER" });
  await using peer = await joinRoom(app, token, { projectId });
  await using page = await openGraphqlPage(app, token, peer);
  const capture = { type: "capture", id: "c", ...captureInput({ projectId }) };
  assert.deepEqual((await page.ask(capture)).code, "FORBIDDEN");
  setMember(app, { projectId, personId, role: "EDITOR" });
  const signals = await createAccessToken(app, token, { scopes: ["SIGNALS"] });
  await say(app, signals, { from: peer.id, message: capture });
  assert.equal((await page.heard()).code, "FORBIDDEN", "a token that may not capture");
  assert.equal((await page.ask(capture)).type, "captured");
});

Deno.test("a message over GraphQL that can't be answered gets an error, and the channel lives on", async () => {
  await using app = await startApp();
  const projectId = await createProject(app, app.token);
  await using peer = await joinRoom(app, app.token, { projectId });
  await using page = await openGraphqlPage(app, app.token, peer);
  for (
    const message of ["text", 7, [], {}, { type: "toString", id: "1" }, { type: "capture", id: "1" }] as Record<
      string,
      unknown
    >[]
  ) {
    assert.deepEqual((await page.ask(message)).code, "INVALID_INPUT");
  }
  const capture = JSON.stringify({ type: "capture", id: "d", ...captureInput({ attributes: { deep: null } }) });
  const deep = capture.replace("null", "[".repeat(100_000) + "]".repeat(100_000));
  const query = "mutation ($input: SendChannelMessageInput!) { sendChannelMessage(input: $input) }";
  const response = await fetch(`${app.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${app.token}` },
    body: `{"query":"${query}","variables":{"input":{"from":"${peer.id}","message":${deep}}}}`,
  });
  const { errors } = await response.json();
  assert.equal(errors === undefined ? (await page.heard()).code : errors[0].extensions.code, "INVALID_INPUT");
  const large = { type: "ping", id: "x".repeat(8 * 1_048_576) };
  await assert.rejects(page.say(large), { message: "TOO_LARGE" });
  assert.deepEqual(await page.ask(PING), PONG);
});

Deno.test("channels over GraphQL count among a user's eight connections", async () => {
  await using app = await startApp();
  const projectId = await createProject(app, app.token);
  await using stack = new AsyncDisposableStack();
  const join = async () => stack.use(await joinRoom(app, app.token, { projectId }));
  stack.use(await connectPage(await join()));
  for (let index = 0; index < 7; index++) stack.use(await openGraphqlPage(app, app.token, await join()));
  const last = await join();
  await assert.rejects(openGraphqlPage(app, app.token, last), { message: "CONFLICT" });
  await assert.rejects(connectPage(last), { message: "BYE" });
});

Deno.test("a page over GraphQL that is silent for 10 s is not live, and its channel ends after 2 minutes", async () => {
  const clock = movableClock();
  await using app = await startApp({ clock });
  const projectId = await createProject(app, app.token);
  await using peer = await joinRoom(app, app.token, { projectId });
  await using page = await openGraphqlPage(app, app.token, peer);
  await page.say({ type: "page", id: "t", pageId: "tab-7", url: "https://shop.example/", title: "Shop" });
  assert.deepEqual(await page.ask(PING), PONG);
  assert.deepEqual(await livePageIds(app), ["tab-7"]);
  clock.advance(10_000);
  assert.deepEqual(await livePageIds(app), []);
  assert.deepEqual(await page.ask(PING), PONG);
  assert.deepEqual(await livePageIds(app), ["tab-7"]);
  clock.advance(120_000);
  assert.equal(await page.heard(), undefined);
});

Deno.test("a channel over GraphQL ends with the credential that opened it", async () => {
  await using app = await startApp();
  const projectId = await createProject(app, app.token);
  const token = await createAccessToken(app, app.token, { scopes: ["SIGNALS"] });
  await using peer = await joinRoom(app, app.token, { projectId });
  await using channel = await subscribeOverHttp(app, { query: CHANNEL, variables: { from: peer.id }, token });
  assert.deepEqual(await channel.next(), { type: "opened" });
  const { viewer } = await app.ask(`{ viewer { accessTokens { id } } }`, {}, app.token);
  await app.ask(`mutation ($id: ID!) { revokeAccessToken(id: $id) }`, { id: viewer.accessTokens[0].id }, app.token);
  await assert.rejects(channel.next(), { message: "FORBIDDEN" });
  assert.equal(
    (await say(app, app.token, { from: peer.id, message: PING })).errors?.[0]?.extensions.code,
    "PEER_UNAVAILABLE",
  );
});

Deno.test("a client that goes before its channel is read leaves none behind", async () => {
  await using app = await startApp();
  const projectId = await createProject(app, app.token);
  await using peer = await joinRoom(app, app.token, { projectId });
  for (let index = 0; index < 20; index++) {
    const channel = subscribe(app, { query: CHANNEL, variables: { from: peer.id }, token: app.token });
    const opened = channel.next();
    if (index % 2 === 0) await opened;
    await channel[Symbol.asyncDispose]();
    await opened.catch(() => {});
  }
  await using page = await openGraphqlPage(app, app.token, peer);
  assert.deepEqual(await page.ask(PING), PONG);
});
