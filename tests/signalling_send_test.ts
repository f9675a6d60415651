import assert from "node:assert/strict";
import { createProject } from "./support/captures.ts";
import { addPerson, setMember, write } from "./support/people.ts";
import { joinRoom, SEND, SIGNALS } from "./support/rooms.ts";
import { candidateOf, sdpOf } from "./support/signals.ts";
import { type Data, type RunningApp, startApp } from "./support/running_app.ts";
import { subscribeOverHttp } from "./support/subscription.ts";

async function codeOf(app: RunningApp, input: Record<string, unknown>, token: string | null = app.token) {
  const { errors } = await app.graphql(SEND, { input }, token);
  return errors?.[0]?.extensions.code;
}

Deno.test("signalling.send() refuses who is no member any more, and drops it at its next event", async () => {
  await using app = await startApp();
  const { id: personId, token } = await addPerson(app);
  const projectId = await createProject(app, app.token);
  setMember(app, { projectId, personId, role: "VIEWER" });
  await using owner = await joinRoom(app, app.token, { projectId });
  await using former = await joinRoom(app, token, { projectId });
  setMember(app, { projectId, personId, role: null });
  assert.equal(
    await codeOf(app, { from: former.id, to: owner.id, negotiationId: "n", kind: "BYE" }, token),
    "NOT_FOUND",
  );
  await owner.send({ to: former.id });
  await assert.rejects(former.next(), { message: "NOT_FOUND" });
  assert.deepEqual((await owner.next()).__typename, "PeerJoined");
  assert.deepEqual(await owner.next(), { __typename: "PeerLeft", peerId: former.id });
});

Deno.test("signalling.send() delivers in the order sent, numbered per receiver, once", async () => {
  await using app = await startApp();
  const projectId = await createProject(app, app.token);
  await using target = await joinRoom(app, app.token, { projectId });
  await using sender = await joinRoom(app, app.token, { projectId });
  await using other = await joinRoom(app, app.token, { projectId });
  await target.next();
  await target.next();
  // In one request, so that they are sent in the order of the document (GraphQL §6.2.2).
  const COUNT = 25;
  const fields = Array.from({ length: COUNT }, (_, index) => `s${index}: sendSignal(input: $i${index}) { sequence }`);
  const names = fields.map((_, index) => `$i${index}: SendSignalInput!`);
  const from = sender.id;
  const variables = Object.fromEntries(fields.map((_, index) => {
    const payload = candidateOf(index);
    return [`i${index}`, { from, to: target.id, negotiationId: "n", kind: "CANDIDATE", payload }];
  }));
  const sent = await app.ask(`mutation (${names}) { ${fields.join(" ")} }`, variables, app.token);
  assert.deepEqual(Object.values<Data>(sent).map(({ sequence }) => sequence), fields.map((_, index) => index + 1));
  for (let index = 0; index < COUNT; index++) {
    const payload = candidateOf(index);
    const signal = { sequence: index + 1, from, negotiationId: "n", kind: "CANDIDATE", payload };
    assert.deepEqual(await target.next(), { __typename: "Signal", ...signal });
  }
  assert.deepEqual(await other.send({ to: target.id }), { sequence: COUNT + 1, delivered: true, expiresAt: null });
  assert.equal((await sender.send({ to: other.id })).sequence, 1);
});

Deno.test("signalling.send() refuses what is not a signal or goes nowhere", async () => {
  await using app = await startApp();
  const projectId = await createProject(app, app.token);
  await using peer = await joinRoom(app, app.token, { projectId });
  await using target = await joinRoom(app, app.token, { projectId });
  const signal = { from: peer.id, to: target.id, negotiationId: "n", kind: "OFFER", payload: sdpOf() };
  const absent = crypto.randomUUID();
  const cases: [Record<string, unknown>, string | undefined][] = [
    [{}, undefined],
    [{ to: absent }, "PEER_UNAVAILABLE"],
    [{ from: absent }, "NOT_FOUND"],
    [{ payload: null }, "INVALID_INPUT"],
    [{ payload: "" }, "INVALID_INPUT"],
    [{ payload: "\ud800" }, "INVALID_INPUT"],
    [{ kind: "BYE" }, "INVALID_INPUT"],
    [{ kind: "RESTART", payload: null }, undefined],
    [{ kind: "END_OF_CANDIDATES", payload: null }, undefined],
    [{ negotiationId: "" }, "INVALID_INPUT"],
    [{ negotiationId: "n".repeat(201) }, "INVALID_INPUT"],
    [{ payload: sdpOf({ size: 65_536 }) }, undefined],
    [{ payload: sdpOf({ size: 65_537 }) }, "TOO_LARGE"],
    [{ payload: "é".repeat(32_769) }, "TOO_LARGE"],
  ];
  for (const [change, code] of cases) {
    assert.equal(await codeOf(app, { ...signal, ...change }), code, JSON.stringify(change).slice(0, 60));
  }
});

Deno.test("signalling.send() is limited per user", async () => {
  await using app = await startApp();
  write(app, (database) => database.exec("UPDATE rate_limits SET max_count = 3 WHERE action = 'send_signal'"));
  const projectId = await createProject(app, app.token);
  await using peer = await joinRoom(app, app.token, { projectId });
  await using target = await joinRoom(app, app.token, { projectId });
  const signal = { from: peer.id, to: target.id, negotiationId: "n", kind: "BYE" };
  const codes = [];
  for (let index = 0; index < 4; index++) codes.push(await codeOf(app, signal));
  assert.deepEqual(codes, [undefined, undefined, undefined, "RATE_LIMITED"]);
});

Deno.test("signalling.send() drops a peer that does not read, and says so to both", async () => {
  await using app = await startApp();
  const projectId = await createProject(app, app.token);
  await using sender = await joinRoom(app, app.token, { projectId });
  const variables = { input: { projectId, label: "A sleeper", kind: "VIEWER" } };
  await using sleeper = await subscribeOverHttp(app, { query: SIGNALS, variables, token: app.token });
  const to = (await sleeper.next()).self.id;
  const signal = { from: sender.id, to, negotiationId: "n", kind: "OFFER" };
  // What the network holds comes first, and then the bound.
  let sent = 0;
  let code: string | undefined;
  for (; code === undefined && sent < 1_000; sent++) {
    code = await codeOf(app, { ...signal, payload: sdpOf({ version: sent, size: 65_536 }) });
  }
  assert.equal(code, "PEER_UNAVAILABLE");
  assert.equal((await sender.next()).__typename, "PeerJoined");
  assert.deepEqual(await sender.next(), { __typename: "PeerLeft", peerId: to });
  const readOn = async () => {
    for (let count = 0; count < sent; count++) await sleeper.next();
  };
  await assert.rejects(readOn(), { message: "UNAVAILABLE" });
});
