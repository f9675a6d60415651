import assert from "node:assert/strict";
import { joinBreakably } from "./support/broken_room_peer.ts";
import { createAccessToken, createProject } from "./support/captures.ts";
import { joinRoom, type RoomPeer, SIGNALS } from "./support/rooms.ts";
import { type Data, startApp } from "./support/running_app.ts";
import { candidateOf, sdpOf } from "./support/signals.ts";
import { subscribeOverHttp } from "./support/subscription.ts";

/** An app whose clock moves by hand alone, a project, and somebody who stays in its room. */
async function openRoom() {
  let now = Date.now();
  const clock = { now: () => now, advance: (milliseconds: number) => void (now += milliseconds) };
  const app = await startApp({ clock });
  const projectId = await createProject(app, app.token);
  const other = await joinRoom(app, app.token, { projectId });
  const close = async () => {
    await other.leave();
    await app[Symbol.asyncDispose]();
  };
  return { app, projectId, clock, other, [Symbol.asyncDispose]: close };
}

const comeBack = ({ app, projectId }: Awaited<ReturnType<typeof openRoom>>, { joined }: RoomPeer, input = {}) =>
  joinRoom(app, app.token, { projectId, resumeToken: joined.resumeToken, afterSequence: 0, ...input });

async function read(peer: RoomPeer, count: number): Promise<Data[]> {
  const events = [];
  for (let index = 0; index < count; index++) events.push(await peer.next());
  return events;
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

Deno.test("a peer whose socket broke comes back unnoticed, and gets what it missed, in order and once", async () => {
  await using room = await openRoom();
  const { app, projectId, other } = room;
  await using broken = await joinBreakably(app, app.token, { projectId });
  const { peer } = broken;
  assert.equal((await other.next()).__typename, "PeerJoined");
  await other.send({ to: peer.id, kind: "OFFER", payload: sdpOf() });
  await other.send({ to: peer.id, kind: "CANDIDATE", payload: candidateOf(1) });
  assert.deepEqual((await read(peer, 2)).map(({ sequence }) => sequence), [1, 2]);
  const probes = await broken.breakOff(other);
  const queued = await other.send({ to: peer.id, kind: "CANDIDATE", payload: candidateOf(2) });
  assert.deepEqual([queued.sequence, queued.delivered], [probes + 3, false]);
  const waitsMs = Date.parse(queued.expiresAt) - Date.now();
  assert.ok(waitsMs > 25_000 && waitsMs <= 30_000, `${waitsMs} ms`);

  await using back = await comeBack(room, peer, { afterSequence: 1 });
  assert.deepEqual([back.id, back.joined.resumed, back.joined.lastSequence], [peer.id, true, probes + 3]);
  assert.deepEqual(back.joined.self, peer.joined.self, "it never left");
  const missed = await read(back, probes + 2);
  assert.deepEqual(missed.map(({ sequence }) => sequence), upTo(probes + 2).map((sequence) => sequence + 1));
  assert.deepEqual([missed[0]?.payload, missed.at(-1)?.payload], [candidateOf(1), candidateOf(2)]);
  const next = { sequence: probes + 4, delivered: true, expiresAt: null };
  assert.deepEqual(await other.send({ to: back.id, kind: "CANDIDATE", payload: candidateOf(3) }), next);
  assert.equal((await back.next()).payload, candidateOf(3));
  await back.send({ to: other.id, kind: "RESTART" });
  assert.equal((await other.next()).kind, "RESTART", "nobody else was told anything");
});

Deno.test("a peer that holds its place by its token goes on where it was before its break was noticed", async () => {
  await using room = await openRoom();
  const { app, projectId, other } = room;
  await using peer = await joinRoom(app, app.token, { projectId });
  await other.send({ to: peer.id, kind: "OFFER", payload: sdpOf() });
  await using back = await comeBack(room, peer);
  assert.deepEqual([back.id, back.joined.resumed], [peer.id, true]);
  assert.equal((await back.next()).payload, sdpOf());
  assert.equal((await peer.next()).sequence, 1);
  await assert.rejects(peer.next(), { message: "CONFLICT" });
});

Deno.test("a peer that does not come back within 10 s is told as left, and may come back as joined again", async () => {
  await using room = await openRoom();
  const { app, projectId, clock, other } = room;
  const nextType = async () => (await other.next()).__typename;
  // What is queued for another one expires when this one is away for 9.999 s: then everybody is looked at.
  await using earlier = await joinBreakably(app, app.token, { projectId });
  await earlier.breakOff(other);
  clock.advance(20_001);
  assert.deepEqual([await nextType(), await nextType()], ["PeerJoined", "PeerLeft"]);
  await using broken = await joinBreakably(app, app.token, { projectId });
  const { peer } = broken;
  const probes = await broken.breakOff(other);
  await other.send({ to: peer.id, kind: "OFFER", payload: sdpOf() });
  clock.advance(9_999);
  assert.deepEqual([await nextType(), await nextType()], ["PeerJoined", "SignalExpired"]);
  assert.equal((await other.send({ to: peer.id, kind: "RESTART" })).delivered, false, "it is still there");
  clock.advance(1);
  assert.deepEqual(await other.next(), { __typename: "PeerLeft", peerId: peer.id });
  await assert.rejects(other.send({ to: peer.id }), /PEER_UNAVAILABLE/);
  clock.advance(18_000);
  await using back = await comeBack(room, peer);
  assert.deepEqual([back.id, back.joined.resumed], [peer.id, true]);
  assert.ok(Date.parse(back.joined.self.joinedAt) > Date.parse(peer.joined.self.joinedAt), "it joined again");
  const kinds = (await read(back, probes + 2)).map(({ kind }) => kind).slice(probes);
  assert.deepEqual(kinds, ["OFFER", "RESTART"]);
  assert.deepEqual(await other.next(), { __typename: "PeerJoined", peer: back.joined.self });
});

Deno.test("a signal waits 30 s for a peer that is away, and then its sender is told", async () => {
  await using room = await openRoom();
  const { app, projectId, clock, other } = room;
  await using broken = await joinBreakably(app, app.token, { projectId });
  const { peer } = broken;
  await other.send({ to: peer.id, kind: "RESTART" });
  await peer.next();
  await broken.breakOff(other);
  clock.advance(5_000);
  await other.send({ to: peer.id, kind: "OFFER", payload: sdpOf() });
  clock.advance(25_000);
  const told = await read(other, 3);
  assert.deepEqual(told.map(({ __typename }) => __typename), ["PeerJoined", "PeerLeft", "SignalExpired"]);
  assert.deepEqual(told[2], { __typename: "SignalExpired", to: peer.id, negotiationId: "probe", kind: "RESTART" });
  await using back = await comeBack(room, peer, { afterSequence: 1 });
  assert.deepEqual([back.id, back.joined.resumed, back.joined.lastSequence], [peer.id, false, 0], "one is lost");
  const rest = { __typename: "SignalExpired", to: peer.id, negotiationId: "n1", kind: "OFFER" };
  assert.deepEqual(await other.next(), rest, "what it starts without will never be fetched");
  assert.equal((await other.send({ to: back.id, kind: "OFFER", payload: sdpOf() })).sequence, 1);
});

Deno.test("at most 256 signals and 512 kB wait for a peer that is away", async () => {
  await using room = await openRoom();
  const { app, projectId, other } = room;
  const expired = { __typename: "SignalExpired", negotiationId: "n1" };
  for (const kind of ["many", "large"]) {
    await using broken = await joinBreakably(app, app.token, { projectId, label: kind });
    const { peer } = broken;
    assert.equal((await other.next()).__typename, "PeerJoined");
    const probes = await broken.breakOff(other);
    const room = kind === "many" ? 255 : 8;
    const offer = (version: number) => sdpOf({ version, size: kind === "many" ? 0 : 65_536 });
    const send = (version: number) => other.send({ to: peer.id, kind: "OFFER", payload: offer(version) });
    const sent = [];
    for (let index = 0; index < room; index++) sent.push(await send(index));
    assert.ok(sent.every(({ delivered, expiresAt }) => !delivered && Date.parse(expiresAt) > Date.now() + 10_000));
    const refused = await send(room);
    assert.ok(!refused.delivered && Date.parse(refused.expiresAt) <= Date.now() + 1_000, kind);
    assert.deepEqual(await other.next(), { ...expired, to: peer.id, kind: "OFFER" });
    await using back = await joinRoom(app, app.token, {
      projectId,
      label: kind,
      resumeToken: peer.joined.resumeToken,
      afterSequence: probes - 1,
    });
    assert.deepEqual([back.joined.resumed, back.joined.lastSequence], [true, probes + room], "what waited is there");
    assert.equal((await read(back, room + 1)).at(-1)?.payload, offer(room - 1));
    await back.leave();
    assert.equal((await other.next()).__typename, "PeerLeft");
  }
});

Deno.test("a peer is told to start anew where what it missed is not there, or it is not the same any more", async () => {
  await using room = await openRoom();
  const { other, clock } = room;
  const cases: [string, Record<string, unknown>, number][] = [
    ["a number that was never given", { afterSequence: 3 }, 0],
    ["no number", { afterSequence: null }, 0],
    ["another label", { label: "Another" }, 0],
    ["another kind", { kind: "AGENT" }, 0],
    ["more than is kept", { afterSequence: 1 }, 257],
  ];
  await using stack = new AsyncDisposableStack();
  for (const [what, input, count] of cases) {
    const peer = stack.use(await joinRoom(room.app, room.app.token, { projectId: room.projectId }));
    for (let index = 0; index <= count; index++) await other.send({ to: peer.id, kind: "RESTART" });
    const back = stack.use(await comeBack(room, peer, { afterSequence: 0, ...input }));
    assert.deepEqual([back.id, back.joined.resumed, back.joined.lastSequence], [peer.id, false, 0], what);
    const presence = (await read(other, 3)).map(({ __typename }) => __typename);
    assert.deepEqual(presence, ["PeerJoined", "PeerLeft", "PeerJoined"], "the others drop what they had with it");
  }
  await using broken = await joinBreakably(room.app, room.app.token, { projectId: room.projectId });
  await broken.breakOff(other);
  clock.advance(60_000);
  await using late = await comeBack(room, broken.peer);
  assert.notEqual(late.id, broken.peer.id, "after 60 s it is another peer");
});

Deno.test("a sender that was away itself is told of what expired when it comes back", async () => {
  await using room = await openRoom();
  const { app, projectId, clock, other } = room;
  await using receiver = await joinBreakably(app, app.token, { projectId });
  await using sender = await joinBreakably(app, app.token, { projectId });
  await receiver.breakOff(sender.peer);
  await sender.breakOff(other);
  clock.advance(8_000);
  await using back = await comeBack(room, receiver.peer, { label: "Anew" });
  assert.equal(back.joined.resumed, false);
  await using again = await comeBack(room, sender.peer);
  assert.equal(again.joined.resumed, true);
  let event = await again.next();
  while (event.__typename === "Signal") event = await again.next();
  assert.deepEqual(event, {
    __typename: "SignalExpired",
    to: receiver.peer.id,
    negotiationId: "probe",
    kind: "RESTART",
  });
});

Deno.test("a peer whose token is revoked leaves at once, and one whose event stream breaks has its grace", async () => {
  await using room = await openRoom();
  const { app, projectId, other } = room;
  const token = await createAccessToken(app, app.token, { scopes: ["SIGNALS"] });
  await using peer = await joinRoom(app, token, { projectId });
  assert.equal((await other.next()).__typename, "PeerJoined");
  const { viewer } = await app.ask(`{ viewer { accessTokens { id } } }`, {}, app.token);
  await app.ask(`mutation ($id: ID!) { revokeAccessToken(id: $id) }`, { id: viewer.accessTokens[0].id }, app.token);
  assert.deepEqual(await other.next(), { __typename: "PeerLeft", peerId: peer.id });

  const variables = { input: { projectId, label: "By stream", kind: "VIEWER" } };
  const stream = await subscribeOverHttp(app, { query: SIGNALS, variables, token: app.token });
  const { self, resumeToken } = await stream.next();
  assert.equal((await other.next()).__typename, "PeerJoined");
  await stream[Symbol.asyncDispose]();
  let delivered = true;
  while (delivered) ({ delivered } = await other.send({ to: self.id, kind: "RESTART" }));
  const again = { projectId, label: "By stream", kind: "VIEWER", resumeToken, afterSequence: 0 };
  const back = await joinRoom(app, app.token, again);
  assert.deepEqual([back.id, back.joined.resumed], [self.id, true]);
  await back.leave();
  assert.deepEqual(await other.next(), { __typename: "PeerLeft", peerId: self.id });
  await using anew = await joinRoom(app, app.token, { ...again, resumeToken: back.joined.resumeToken });
  assert.deepEqual([anew.id, anew.joined.resumed], [self.id, false], "who left by itself starts anew");
});

Deno.test("whoever comes back gets all that is kept, the last signals that arrived and those that waited", async () => {
  await using room = await openRoom();
  const { app, projectId, other } = room;
  await using broken = await joinBreakably(app, app.token, { projectId });
  const { peer } = broken;
  const KEPT = 256;
  for (let count = 0; count < KEPT; count++) await other.send({ to: peer.id, kind: "RESTART" });
  await read(peer, KEPT);
  await broken.breakOff(other);
  for (let count = 1; count < KEPT; count++) await other.send({ to: peer.id, kind: "RESTART" });
  const { sequence } = await other.send({ to: peer.id, kind: "RESTART" });
  const afterSequence = sequence - 1 - 2 * KEPT;
  await using back = await comeBack(room, peer, { afterSequence });
  assert.deepEqual([back.joined.resumed, back.joined.lastSequence], [true, sequence - 1]);
  assert.equal((await other.send({ to: back.id, kind: "RESTART" })).delivered, true);
  const missed = await read(back, 2 * KEPT);
  assert.deepEqual(missed.map((signal) => signal.sequence), upTo(2 * KEPT).map((count) => afterSequence + count));
});
