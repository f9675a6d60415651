import assert from "node:assert/strict";
import { createProject } from "./support/captures.ts";
import { movableClock } from "./support/movable_clock.ts";
import { joinRoom, type RoomPeer, serverPeerOf } from "./support/rooms.ts";
import { type Data, startApp } from "./support/running_app.ts";
import { candidateOf, sdpOf } from "./support/signals.ts";

async function openRoom(count = 2) {
  const clock = movableClock();
  const app = await startApp({ clock });
  const projectId = await createProject(app, app.token);
  const peers: RoomPeer[] = [];
  for (let index = 0; index < count; index++) peers.push(await joinRoom(app, app.token, { projectId }));
  const [first, second] = peers;
  if (first === undefined || second === undefined) throw new Error("Too few peers");
  for (let index = 1; index < count; index++) await first.next();
  const close = async () => {
    for (const peer of peers) await peer.leave();
    await app[Symbol.asyncDispose]();
  };
  return { app, projectId, clock, first, second, [Symbol.asyncDispose]: close };
}

async function read(peer: RoomPeer, count: number): Promise<Data[]> {
  const events = [];
  for (let index = 0; index < count; index++) events.push(await peer.next());
  return events;
}

Deno.test("candidates that overtook their description come after it, each once", async () => {
  await using room = await openRoom();
  const { first, second } = room;
  const to = second.id;
  const early = [1, 2, 3].map((port) => first.send({ to, kind: "CANDIDATE", payload: candidateOf(port) }));
  early.push(first.send({ to, kind: "END_OF_CANDIDATES" }));
  // Passes by what is held, so the server has it by then.
  assert.equal((await first.send({ to, negotiationId: "other", kind: "RESTART" })).sequence, 1);
  await first.send({ to, kind: "OFFER", payload: sdpOf() });
  await Promise.all(early);
  const [, offer, ...candidates] = await read(second, 6);
  assert.deepEqual([offer?.kind, offer?.sequence], ["OFFER", 2]);
  assert.deepEqual(candidates.map(({ sequence }) => sequence), [3, 4, 5, 6]);
  const payloads = candidates.map(({ payload }) => payload ?? "end").sort();
  assert.deepEqual(payloads, [...[1, 2, 3].map((port) => candidateOf(port)), "end"].sort());
});

Deno.test("candidates of an ICE restart wait for the description that names them", async () => {
  await using room = await openRoom();
  const { first, second } = room;
  const to = second.id;
  await first.send({ to, kind: "OFFER", payload: sdpOf({ fragment: "old1" }) });
  await first.send({ to, kind: "CANDIDATE", payload: candidateOf(1, "old1") });
  const early = first.send({ to, kind: "CANDIDATE", payload: candidateOf(2, "new1") });
  await first.send({ to, negotiationId: "other", kind: "RESTART" });
  await first.send({ to, kind: "OFFER", payload: sdpOf({ fragment: "new1", version: 2 }) });
  await early;
  const kinds = (await read(second, 5)).map(({ kind }) => kind);
  assert.deepEqual(kinds, ["OFFER", "CANDIDATE", "RESTART", "OFFER", "CANDIDATE"]);
});

Deno.test("candidates whose description does not come are passed on after a second, and no more are held", async () => {
  await using room = await openRoom();
  const { first, second, clock } = room;
  const to = second.id;
  const held = first.send({ to, kind: "CANDIDATE", payload: candidateOf(1) });
  await first.send({ to, negotiationId: "other", kind: "RESTART" });
  clock.advance(1_000);
  assert.deepEqual(await held, { sequence: 2, delivered: true, expiresAt: null });
  assert.equal((await first.send({ to, kind: "CANDIDATE", payload: candidateOf(2) })).sequence, 3);
  const flood = Array.from(
    { length: 64 },
    (_, port) => first.send({ to, negotiationId: "flood", kind: "CANDIDATE", payload: candidateOf(port) }),
  );
  assert.equal((await Promise.all(flood)).length, 64, "so many wait for no clock");
});

Deno.test("a repeat of a description or a candidate is relayed once and answered alike", async () => {
  await using room = await openRoom();
  const { first, second } = room;
  const to = second.id;
  const signals = [
    { to, kind: "OFFER", payload: sdpOf() },
    { to, kind: "CANDIDATE", payload: candidateOf(1) },
  ];
  for (const signal of signals) {
    const [sent, ...repeats] = await Promise.all([first.send(signal), first.send(signal), first.send(signal)]);
    assert.deepEqual(repeats, [sent, sent]);
  }
  const others = [
    { to, negotiationId: "n2", kind: "OFFER", payload: sdpOf() },
    { to, kind: "END_OF_CANDIDATES" },
    { to, kind: "END_OF_CANDIDATES" },
    { to, kind: "OFFER", payload: sdpOf({ version: 2 }) },
    { to, kind: "CANDIDATE", payload: candidateOf(1) },
    { to, kind: "BYE" },
    { to, kind: "OFFER", payload: sdpOf({ version: 2 }) },
  ];
  for (const [index, signal] of others.entries()) assert.equal((await first.send(signal)).sequence, index + 3);
  const received = await read(second, 9);
  assert.deepEqual(received.map(({ kind }) => kind), [...signals, ...others].map(({ kind }) => kind));
});

Deno.test("a signal sent again under its clientId is relayed once, whatever it is, and what was refused may be tried again", async () => {
  await using room = await openRoom();
  const { app, projectId, first, second } = room;
  const [one, two] = [crypto.randomUUID(), crypto.randomUUID()];
  const sent = await first.send({ to: second.id, kind: "BYE", clientId: one });
  assert.deepEqual(await first.send({ to: second.id, kind: "BYE", clientId: one.toUpperCase() }), sent);
  assert.equal((await first.send({ to: second.id, kind: "BYE", clientId: two })).sequence, sent.sequence + 1);
  await assert.rejects(first.send({ to: second.id, clientId: "x" }), /INVALID_INPUT/);
  const gone = await joinRoom(app, app.token, { projectId });
  await gone.leave();
  assert.deepEqual((await read(first, 2)).map(({ __typename }) => __typename), ["PeerJoined", "PeerLeft"]);
  const again = crypto.randomUUID();
  await assert.rejects(first.send({ to: gone.id, clientId: again }), /PEER_UNAVAILABLE/);
  assert.equal((await first.send({ to: second.id, clientId: again })).sequence, sent.sequence + 2);
});

Deno.test("a description that a receiver started anew without is no repeat", async () => {
  await using room = await openRoom();
  const { app, projectId, first, second } = room;
  const offer = { to: second.id, kind: "OFFER", payload: sdpOf() };
  await first.send(offer);
  const { resumeToken } = second.joined;
  await using anew = await joinRoom(app, app.token, { projectId, resumeToken });
  assert.deepEqual([anew.id, anew.joined.resumed], [second.id, false]);
  assert.equal((await first.send(offer)).sequence, 1);
  assert.equal((await anew.next()).payload, offer.payload);
});

Deno.test("where both sides offer at once, each gets the other's offer, and both know who came later, 100 times", async () => {
  await using room = await openRoom();
  const { first, second } = room;
  const isLater = (self: RoomPeer, other: string) => !self.joined.peers.some(({ id }: Data) => id === other);
  assert.deepEqual([isLater(first, second.id), isLater(second, first.id)], [true, false]);
  for (let round = 1; round <= 100; round++) {
    const negotiationId = `round ${round}`;
    const offers = [first, second].map((peer, side) =>
      peer.send({
        to: side === 0 ? second.id : first.id,
        negotiationId,
        kind: "OFFER",
        payload: sdpOf({ version: round, fragment: `side${side}` }),
      })
    );
    const candidates = [first, second].map((peer, side) =>
      peer.send({
        to: side === 0 ? second.id : first.id,
        negotiationId,
        kind: "CANDIDATE",
        payload: candidateOf(round, `side${side}`),
      })
    );
    await Promise.all([...offers, ...candidates]);
    // The second came later and yields: it takes its own offer back and answers.
    await second.send({ to: first.id, negotiationId, kind: "ANSWER", payload: sdpOf({ version: round + 1 }) });
    const [atFirst, atSecond] = [await read(first, 3), await read(second, 2)];
    assert.deepEqual(atFirst.map(({ kind }) => kind), ["OFFER", "CANDIDATE", "ANSWER"]);
    assert.deepEqual(atSecond.map(({ kind }) => kind), ["OFFER", "CANDIDATE"]);
    assert.ok(atFirst.every((signal) => signal.from === second.id && signal.negotiationId === negotiationId));
    assert.ok(atSecond.every((signal) => signal.from === first.id && signal.negotiationId === negotiationId));
    assert.ok(atFirst[0]?.payload.includes("side1") && atSecond[0]?.payload.includes("side0"));
    assert.deepEqual(atFirst.map(({ sequence }) => sequence), [1, 2, 3].map((place) => (round - 1) * 3 + place));
  }
});

Deno.test("ICE restarts, ends of candidates and batches reach the other side as they were sent", async () => {
  await using room = await openRoom();
  const { first, second } = room;
  const batch = JSON.stringify([1, 2, 3].map((port) => JSON.parse(candidateOf(port))));
  const signals = [
    { kind: "OFFER", payload: sdpOf() },
    { kind: "CANDIDATE", payload: batch },
    { kind: "CANDIDATE", payload: JSON.stringify({ candidate: "", sdpMid: "0" }) },
    { kind: "END_OF_CANDIDATES", payload: null },
    { kind: "RESTART", payload: null },
    { kind: "BYE", payload: null },
  ];
  for (const signal of signals) await first.send({ to: second.id, ...signal });
  const received = await read(second, signals.length);
  assert.deepEqual(received.map(({ kind, payload }) => ({ kind, payload })), signals);
  for (const signal of signals) await first.send({ to: serverPeerOf(first).id, negotiationId: "server", ...signal });
});
