import assert from "node:assert/strict";
import { createAccessToken, createProject } from "./support/captures.ts";
import { addConnections, listConnections } from "./support/connections.ts";
import { movableClock } from "./support/movable_clock.ts";
import { addPerson, setMember, write } from "./support/people.ts";
import { joinRoom, type RoomPeer, serverPeerOf } from "./support/rooms.ts";
import { type Data, type RunningApp, startApp } from "./support/running_app.ts";
import { sdpOf } from "./support/signals.ts";
import { countStatements } from "./support/statements.ts";
import { connectPage, nextSignal } from "./support/werift_page.ts";

const SDP = sdpOf();

interface World extends AsyncDisposable {
  app: RunningApp;
  projectId: string;
  /** Peers of two people, of whom the first owns the project. */
  one: RoomPeer;
  other: RoomPeer;
  otherPerson: { id: string; token: string };
}

async function openWorld(settings: Parameters<typeof startApp>[0] = {}): Promise<World> {
  await using stack = new AsyncDisposableStack();
  const app = stack.use(await startApp(settings));
  const projectId = await createProject(app, app.token);
  const otherPerson = await addPerson(app);
  setMember(app, { projectId, personId: otherPerson.id, role: "VIEWER" });
  const one = stack.use(await joinRoom(app, app.token, { projectId }));
  const other = stack.use(await joinRoom(app, otherPerson.token, { projectId }));
  const opened = stack.move();
  return { app, projectId, one, other, otherPerson, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

const states = async ({ app }: World) => (await listConnections(app)).map(({ state }: Data) => state);

Deno.test("a negotiation of two pages is one connection, from the first offer to the BYE, whoever sends what", async () => {
  await using world = await openWorld();
  const { app, projectId, one, other, otherPerson } = world;
  assert.deepEqual(await listConnections(app), []);
  const before = Date.now();
  await other.send({ to: one.id, kind: "OFFER", payload: SDP });
  const [offered, ...others] = await listConnections(app);
  const { id, createdAt, ...facts } = offered;
  assert.deepEqual(others, []);
  assert.deepEqual(facts, {
    project: { id: projectId },
    state: "NEW",
    initiator: { id: otherPerson.id },
    bytesReceived: 0,
    bytesSent: 0,
    roundTripMs: null,
    openedAt: null,
    closedAt: null,
  });
  assert.ok(Date.parse(createdAt) >= before && Date.parse(createdAt) <= Date.now());
  // Glare: both offered, and one of them yields.
  await one.send({ to: other.id, kind: "OFFER", payload: SDP });
  await one.send({ to: other.id, kind: "ANSWER", payload: SDP });
  assert.deepEqual(await listConnections(app), [{ ...offered, state: "CONNECTING" }]);
  await one.send({ to: other.id, kind: "BYE", payload: null });
  await one.send({ to: other.id, kind: "CANDIDATE", payload: `{"candidate":""}` });
  const [ended, ...more] = await listConnections(app);
  assert.deepEqual([ended, more], [{ ...offered, state: "CLOSED", closedAt: ended.closedAt }, []]);
  assert.ok(ended.closedAt >= createdAt);
  await one.send({ to: other.id, kind: "OFFER", payload: SDP });
  await one.send({ to: other.id, negotiationId: "n2", kind: "OFFER", payload: SDP });
  const all = await listConnections(app);
  assert.deepEqual(all.map(({ state }: Data) => state), ["NEW", "NEW", "CLOSED"]);
  assert.equal(all.at(-1).id, id);
});

Deno.test("a connection of two pages ends when one of them leaves the room, and no other does", async () => {
  await using world = await openWorld();
  const { app, projectId, one, other } = world;
  await using third = await joinRoom(app, app.token, { projectId });
  await one.send({ to: other.id, kind: "OFFER", payload: SDP });
  await third.send({ to: one.id, kind: "OFFER", payload: SDP });
  await other.send({ to: third.id, kind: "OFFER", payload: SDP });
  await other.leave();
  while ((await one.next()).__typename !== "PeerLeft");
  assert.deepEqual(await states(world), ["CLOSED", "NEW", "CLOSED"]);
});

Deno.test("a connection with the server tells when it opened, what it carried and how it ended", async () => {
  await using world = await openWorld();
  const { app, otherPerson, other } = world;
  await using page = await connectPage(other);
  const text = "x".repeat(100_000);
  assert.equal((await page.ask({ type: "ping", id: "1", text })).type, "pong");
  const [open] = await listConnections(app);
  assert.deepEqual([open.state, open.initiator.id, open.closedAt], ["CONNECTED", otherPerson.id, null]);
  assert.ok(open.openedAt >= open.createdAt);
  await page.close();
  assert.equal((await nextSignal(other, "n1")).kind, "BYE");
  const [ended, ...others] = await listConnections(app);
  assert.deepEqual([others, ended.id, ended.state, ended.openedAt], [[], open.id, "CLOSED", open.openedAt]);
  assert.ok(ended.closedAt >= ended.openedAt);
  assert.ok(ended.bytesReceived > text.length && ended.bytesReceived < 2 * text.length, ended.bytesReceived);
  assert.ok(ended.bytesSent > 100 && ended.bytesSent < text.length, ended.bytesSent);
  assert.ok(ended.roundTripMs > 0 && ended.roundTripMs < 5_000, ended.roundTripMs);
});

Deno.test("a connection with the server ends CLOSED when the page says so or leaves, and FAILED when it could not be made", async () => {
  await using world = await openWorld();
  const { other } = world;
  const to = serverPeerOf(other).id;
  const withSound = SDP.replace("m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "m=audio 9 UDP/TLS/RTP/SAVPF 111");
  await other.send({ to, negotiationId: "bad", kind: "OFFER", payload: withSound });
  assert.equal((await nextSignal(other, "bad")).kind, "BYE");
  assert.deepEqual(await states(world), ["FAILED"]);
  await using first = await connectPage(other, { negotiationId: "first" });
  await other.send({ to, negotiationId: "first", kind: "BYE", payload: null });
  assert.equal((await nextSignal(other, "first")).kind, "BYE");
  assert.deepEqual(await states(world), ["CLOSED", "FAILED"]);
  await using second = await connectPage(other, { negotiationId: "second" });
  assert.deepEqual(await states(world), ["CONNECTED", "CLOSED", "FAILED"]);
  await other.leave();
  while ((await world.one.next()).__typename !== "PeerLeft");
  assert.deepEqual(await states(world), ["CLOSED", "CLOSED", "FAILED"]);
  await Promise.all([first.close(), second.close()]);
});

Deno.test("signals of a hundred negotiations are written together, one row each", async () => {
  await using world = await openWorld();
  const { app, one, other } = world;
  using count = countStatements();
  for (let index = 0; index < 100; index++) {
    await one.send({ to: other.id, negotiationId: `n${index}`, kind: "OFFER", payload: SDP });
    await other.send({ to: one.id, negotiationId: `n${index}`, kind: "ANSWER", payload: SDP });
    await one.send({ to: other.id, negotiationId: `n${index}`, kind: "BYE", payload: null });
  }
  const listed = await listConnections(app);
  assert.deepEqual(listed.map(({ state }: Data) => state), Array.from({ length: 100 }, () => "CLOSED"));
  const writes = count.texts.filter((text) => /INTO webrtc_connections/.test(text)).length;
  // One a second, and the one of the list.
  assert.ok(writes >= 1 && writes <= 10, String(writes));
});

Deno.test("what was open when the server died is closed when it starts again, and what had ended stays", async () => {
  const clock = movableClock();
  await using world = await openWorld({ clock });
  const { app, one, other } = world;
  await one.send({ to: other.id, kind: "OFFER", payload: SDP });
  await one.send({ to: other.id, negotiationId: "n2", kind: "OFFER", payload: SDP });
  await other.send({ to: one.id, negotiationId: "n2", kind: "BYE", payload: null });
  const before = await listConnections(app);
  // What a killed process would have left on the disk.
  write(app, (database) => database.prepare("VACUUM INTO ?").run(`${app.dataDir}/killed.db`));
  await app.stop();
  await Deno.rename(`${app.dataDir}/killed.db`, `${app.dataDir}/fingerpost.db`);
  clock.advance(3_600_000);
  const startedAt = new Date(clock.now()).toISOString();
  await using again = await startApp({ dataDir: app.dataDir, clock });
  const [ended, open] = await listConnections(again, app.token);
  assert.deepEqual(ended, before[0]);
  assert.deepEqual({ ...open, closedAt: null }, { ...before[1], state: "CLOSED" });
  assert.ok(open.closedAt >= startedAt, open.closedAt);
});

Deno.test("a server that stops closes its connections", async () => {
  await using world = await openWorld();
  const { app, one, other } = world;
  await one.send({ to: other.id, kind: "OFFER", payload: SDP });
  await using page = await connectPage(other, { negotiationId: "page" });
  await page.ask({ type: "ping", id: "1" });
  await app.stop();
  const rows = write(app, (database) =>
    database.prepare(
      "SELECT state, bytes_received > 0 AS received, closed_at >= created_at AS ended FROM webrtc_connections ORDER BY id",
    ).all());
  assert.deepEqual(rows.map((row) => ({ ...row })), [
    { state: "CLOSED", received: 0, ended: 1 },
    { state: "CLOSED", received: 1, ended: 1 },
  ]);
  await page.close();
});

Deno.test("connections.list() and get() show members the connections of their projects, and others nothing", async () => {
  await using app = await startApp();
  const [member, stranger] = [await addPerson(app), await addPerson(app)];
  const projectIds = [await createProject(app, app.token, "A"), await createProject(app, app.token, "B")];
  const [first = "", second = ""] = projectIds;
  setMember(app, { projectId: first, personId: member.id, role: "VIEWER" });
  addConnections(app, { count: 6, projectIds, personIds: [member.id] });
  const seen = async (token: string, projectId?: string) => (await listConnections(app, token, projectId)).length;
  assert.deepEqual([await seen(app.token), await seen(app.token, first)], [6, 3]);
  assert.deepEqual([await seen(member.token), await seen(member.token, first)], [3, 3]);
  assert.equal(await seen(stranger.token), 0);
  const code = async (token: string | null, query: string) =>
    (await app.graphql(query, {}, token)).errors?.[0]?.extensions.code;
  const ofSecond = `{ webrtcConnections(projectId: "${second}") { totalCount } }`;
  assert.equal(await code(member.token, ofSecond), "NOT_FOUND");
  assert.equal(await code(null, ofSecond), "UNAUTHENTICATED");
  const reader = await createAccessToken(app, app.token, { scopes: ["ELEMENTS_READ"] });
  assert.equal(await code(reader, ofSecond), "FORBIDDEN");
  const limited = await createAccessToken(app, app.token, { scopes: ["SIGNALS"], projectId: second });
  assert.equal(await seen(limited), 3);
  assert.equal(await code(limited, `{ webrtcConnections(projectId: "${first}") { totalCount } }`), "NOT_FOUND");
  const [ofB, ofA] = await listConnections(app);
  const node = async (token: string, id: string) =>
    (await app.ask(`query ($id: ID!) { node(id: $id) { ... on WebrtcConnection { id state } } }`, { id }, token)).node;
  assert.deepEqual(await node(member.token, ofA.id), { id: ofA.id, state: "CLOSED" });
  assert.deepEqual([await node(member.token, ofB.id), await node(stranger.token, ofA.id)], [null, null]);
});

Deno.test("a connection outlives its initiator's account and goes with its project, also where it is still open", async () => {
  await using world = await openWorld();
  const { app, projectId, one, other, otherPerson } = world;
  await other.send({ to: one.id, kind: "OFFER", payload: SDP });
  await app.ask(`mutation ($id: ID!) { deleteUser(id: $id) }`, { id: otherPerson.id }, app.token);
  const [orphan] = await listConnections(app);
  assert.deepEqual([orphan.initiator, orphan.project.id], [null, projectId]);
  await one.send({ to: serverPeerOf(one).id, kind: "OFFER", payload: SDP });
  write(app, (database) => {
    database.exec("PRAGMA foreign_keys = ON");
    database.prepare("DELETE FROM projects").run();
  });
  assert.deepEqual(await listConnections(app), []);
});
