import assert from "node:assert/strict";
import { createAccessToken, createProject } from "./support/captures.ts";
import { addPerson, setMember } from "./support/people.ts";
import { joinRoom, type RoomPeer, SEND } from "./support/rooms.ts";
import { type Data, type RunningApp, startApp } from "./support/running_app.ts";

async function codeOf(app: RunningApp, input: Record<string, unknown>, token: string | null = app.token) {
  const { errors } = await app.graphql(SEND, { input }, token);
  return errors?.[0]?.extensions.code;
}

function clientsOf({ joined }: RoomPeer): string[] {
  return joined.peers.filter((peer: Data) => peer.kind !== "SERVER").map((peer: Data) => peer.id);
}

Deno.test("signalling.join() tells a newcomer who is there, and the others that it came and left", async () => {
  await using app = await startApp();
  const projectId = await createProject(app, app.token);
  await using first = await joinRoom(app, app.token, { projectId, label: "The page" });
  assert.deepEqual(clientsOf(first), []);
  assert.deepEqual(
    [first.joined.__typename, first.joined.iceServers, first.joined.lastSequence, first.joined.resumed],
    ["RoomJoined", [], 0, false],
  );
  const second = await joinRoom(app, app.token, { projectId, label: "A watcher", kind: "VIEWER" });
  assert.deepEqual(clientsOf(second), [first.id]);
  const { viewer } = await app.ask(`{ viewer { id } }`, {}, app.token);
  assert.deepEqual(await first.next(), { __typename: "PeerJoined", peer: second.joined.self });
  assert.deepEqual([second.joined.self.label, second.joined.self.kind, second.joined.self.user.id], [
    "A watcher",
    "VIEWER",
    viewer.id,
  ]);
  await second.leave();
  assert.deepEqual(await first.next(), { __typename: "PeerLeft", peerId: second.id });
});

Deno.test("signalling.join() has a room of each name in each project", async () => {
  await using app = await startApp();
  const [one, other] = [await createProject(app, app.token), await createProject(app, app.token)];
  await using main = await joinRoom(app, app.token, { projectId: one });
  await using named = await joinRoom(app, app.token, { projectId: one, room: "design" });
  await using foreign = await joinRoom(app, app.token, { projectId: other });
  await using sameAsAbsent = await joinRoom(app, app.token, { projectId: one, room: "main" });
  assert.deepEqual([named, foreign, sameAsAbsent].map(clientsOf), [[], [], [main.id]]);
  const signal = { from: main.id, to: named.id, negotiationId: "n", kind: "BYE" };
  assert.equal(await codeOf(app, signal), "PEER_UNAVAILABLE");
});

Deno.test("signalling.join() and send() answer each actor as its role and scopes allow", async () => {
  await using app = await startApp();
  const [owner, viewer, stranger] = [await addPerson(app), await addPerson(app), await addPerson(app)];
  const projectId = await createProject(app, owner.token);
  setMember(app, { projectId, personId: viewer.id, role: "VIEWER" });
  const tokens: [string, string, string | null][] = [
    ["a member", viewer.token, null],
    ["a stranger", stranger.token, "NOT_FOUND"],
    ["an admin who is no member", app.token, "FORBIDDEN"],
    ["a token with SIGNALS", await createAccessToken(app, owner.token, { scopes: ["SIGNALS"] }), null],
    ["a token without", await createAccessToken(app, owner.token, { scopes: ["ELEMENTS_READ"] }), "FORBIDDEN"],
  ];
  for (const [who, token, code] of tokens) {
    if (code === null) await (await joinRoom(app, token, { projectId })).leave();
    else await assert.rejects(joinRoom(app, token, { projectId }), { message: code }, who);
  }
  await using peer = await joinRoom(app, viewer.token, { projectId });
  await using target = await joinRoom(app, owner.token, { projectId });
  const signal = { from: peer.id, to: target.id, negotiationId: "n", kind: "BYE" };
  assert.equal(await codeOf(app, signal, null), "UNAUTHENTICATED");
  assert.equal(await codeOf(app, signal, owner.token), "NOT_FOUND", "a peer of somebody else");
  assert.equal(await codeOf(app, signal, stranger.token), "NOT_FOUND");
  assert.equal(await codeOf(app, signal, viewer.token), undefined);
});

Deno.test("signalling.join() refuses names that are too long and a peer that would be the server", async () => {
  await using app = await startApp();
  const projectId = await createProject(app, app.token);
  const refused = [
    { label: "" },
    { label: "x".repeat(201) },
    { label: "a\0b" },
    { label: "\udfff" },
    { room: "" },
    { room: "x".repeat(101) },
    { room: "a\0b" },
    { kind: "SERVER" },
  ];
  for (const input of refused) {
    await assert.rejects(joinRoom(app, app.token, { projectId, ...input }), { message: "INVALID_INPUT" });
  }
  await using longest = await joinRoom(app, app.token, { projectId, label: "x".repeat(200), room: "x".repeat(100) });
  assert.equal(longest.joined.self.label.length, 200);
});

Deno.test("signalling.join() gives a peer that comes back its id, and starts anew", async () => {
  let now = Date.now();
  await using app = await startApp({ clock: { now: () => now } });
  const { id: personId, token } = await addPerson(app);
  const projectId = await createProject(app, app.token);
  setMember(app, { projectId, personId, role: "VIEWER" });
  await using other = await joinRoom(app, token, { projectId });
  const first = await joinRoom(app, app.token, { projectId });
  const { resumeToken } = first.joined;
  await first.leave();
  for (const event of ["PeerJoined", "PeerLeft"]) assert.equal((await other.next()).__typename, event);
  await using thief = await joinRoom(app, token, { projectId, resumeToken });
  assert.notEqual(thief.id, first.id, "a token works for its own user only");
  await using elsewhere = await joinRoom(app, app.token, { projectId, room: "elsewhere", resumeToken });
  assert.notEqual(elsewhere.id, first.id, "a token works in its own room only");
  const second = await joinRoom(app, app.token, { projectId, resumeToken, afterSequence: 0 });
  assert.deepEqual([second.id, second.joined.resumed], [first.id, false]);
  await second.leave();
  for (const event of ["PeerJoined", "PeerJoined", "PeerLeft"]) assert.equal((await other.next()).__typename, event);
  now += 60_000;
  await using late = await joinRoom(app, app.token, { projectId, resumeToken: second.joined.resumeToken });
  assert.notEqual(late.id, first.id, "after 60 s");
});

Deno.test("signalling.join() takes the place of a peer whose socket broke unnoticed", async () => {
  await using app = await startApp();
  const projectId = await createProject(app, app.token);
  await using broken = await joinRoom(app, app.token, { projectId });
  await using back = await joinRoom(app, app.token, { projectId, resumeToken: broken.joined.resumeToken });
  assert.equal(back.id, broken.id);
  assert.deepEqual(clientsOf(back), []);
  await assert.rejects(broken.next(), { message: "CONFLICT" });
});

Deno.test("signalling.join() has room for 64", async () => {
  await using app = await startApp();
  const projectId = await createProject(app, app.token);
  await using stack = new AsyncDisposableStack();
  // A socket each, and 50 sockets a user.
  const tokens = [app.token, (await addPerson(app)).token];
  const { viewer } = await app.ask(`{ viewer { id } }`, {}, tokens[1] ?? null);
  setMember(app, { projectId, personId: viewer.id, role: "VIEWER" });
  const peers: RoomPeer[] = [];
  for (let index = 0; index < 64; index++) {
    peers.push(stack.use(await joinRoom(app, tokens[index % 2] ?? "", { projectId })));
  }
  await assert.rejects(joinRoom(app, app.token, { projectId }), { message: "CONFLICT" });
  await peers[0]?.leave();
  await (await joinRoom(app, app.token, { projectId })).leave();
});

Deno.test("a server that stops ends the stay of every peer", async () => {
  await using app = await startApp();
  const projectId = await createProject(app, app.token);
  await using peer = await joinRoom(app, app.token, { projectId });
  const stopping = app.stop();
  await assert.rejects(peer.next(), { code: 1001 });
  await stopping;
});
