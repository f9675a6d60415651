import assert from "node:assert/strict";
import { createProject } from "./support/captures.ts";
import { addPerson, setMember, write } from "./support/people.ts";
import { connectSocket, initOf, type RawSocket } from "./support/raw_socket.ts";
import { openRawWebSocket } from "./support/raw_web_socket.ts";
import { joinRoom, SEND, SIGNALS } from "./support/rooms.ts";
import { type Data, startApp } from "./support/running_app.ts";
import { sdpOf } from "./support/signals.ts";

Deno.test("a socket that does not read is dropped from its room, and its last event says so", async () => {
  await using app = await startApp();
  const projectId = await createProject(app, app.token);
  await using sender = await joinRoom(app, app.token, { projectId });
  using sleeper = await openRawWebSocket(app.url);
  const read = async (): Promise<Data> => JSON.parse(String(await sleeper.read()));
  await sleeper.send(initOf(app.token));
  assert.equal((await read()).type, "connection_ack");
  const variables = { input: { projectId, label: "A sleeper", kind: "VIEWER" } };
  await sleeper.send({ type: "subscribe", id: "1", payload: { query: SIGNALS, variables } });
  const { self: { id: to } } = (await read()).payload.data.signals;
  let version = 0;
  const flood = async () => {
    while (version < 2_000) {
      await sender.send({ to, kind: "OFFER", payload: sdpOf({ version: ++version, size: 65_536 }) });
    }
  };
  await assert.rejects(flood(), /PEER_UNAVAILABLE/);
  assert.equal((await sender.next()).__typename, "PeerJoined");
  assert.deepEqual(await sender.next(), { __typename: "PeerLeft", peerId: to });
  let last = await read();
  for (let sequence = 1; last.payload?.data !== undefined && last.payload.data !== null; last = await read()) {
    assert.equal(last.payload.data.signals.sequence, sequence++, "up to then nothing is missing");
  }
  assert.equal(last.payload.errors[0].extensions.code, "UNAVAILABLE");
  assert.equal((await read()).type, "complete");
});

/** The next results on a socket, in the order of coming. */
async function results(socket: RawSocket, count: number): Promise<Data[]> {
  const found: Data[] = [];
  while (found.length < count) {
    const message: Data = await socket.next();
    if (typeof message === "number") throw new Error(`The socket closed: ${message}`);
    if (message.type !== "complete") found.push(message.payload);
  }
  return found;
}

Deno.test("a flood of signals over a socket is RATE_LIMITED, and the socket and the stay live on", async () => {
  await using app = await startApp();
  write(app, (database) => database.exec("UPDATE rate_limits SET max_count = 20 WHERE action = 'send_signal'"));
  const projectId = await createProject(app, app.token);
  const { id: personId, token } = await addPerson(app);
  setMember(app, { projectId, personId, role: "VIEWER" });
  await using other = await joinRoom(app, token, { projectId });
  using socket = await connectSocket(app);
  const variables = { input: { projectId, label: "A flooder", kind: "AGENT" } };
  socket.send({ type: "subscribe", id: "room", payload: { query: SIGNALS, variables } });
  const [joined] = await results(socket, 1);
  const from = joined.data.signals.self.id;
  for (let index = 0; index < 25; index++) {
    const input = { from, to: other.id, negotiationId: "n", kind: "RESTART" };
    socket.send({ type: "subscribe", id: `s${index}`, payload: { query: SEND, variables: { input } } });
  }
  const codes = (await results(socket, 25)).map(({ errors }) => errors?.[0].extensions.code ?? "ok");
  const limited = Array.from({ length: 5 }, () => "RATE_LIMITED");
  assert.deepEqual(codes.filter((code) => code !== "ok"), limited);
  await other.send({ to: from, kind: "RESTART" });
  assert.equal((await results(socket, 1))[0].data.signals.kind, "RESTART");
});
