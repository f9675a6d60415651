import assert from "node:assert/strict";
import { capture, createProject } from "./support/captures.ts";
import { addPerson, setMember } from "./support/people.ts";
import { openRawWebSocket, type RawWebSocket } from "./support/raw_web_socket.ts";
import { startApp } from "./support/running_app.ts";
import { serveSockets } from "./support/socket_server.ts";
import { ELEMENT_EVENTS } from "./support/subscription.ts";

const SOCKETS = 100;
const USERS = 4;
/** The promise for a thousand sockets; with a hundred it leaves CI's cores ten times the work of others. */
const REACHED_MS = 250;
/** More than the kernel keeps for one connection, in texts of 2 MB. */
const TEXTS = 8;
const TEXT = "x".repeat(2_000_000);

Deno.test(`a capture reaches ${SOCKETS} sockets within ${REACHED_MS} ms, in order, each once`, async () => {
  await using app = await startApp();
  using sockets = new DisposableStack();
  const projectId = await createProject(app, app.token);
  const first = await capture(app, app.token);
  const people = await Promise.all(Array.from({ length: USERS }, () => addPerson(app)));
  for (const { id } of people) setMember(app, { projectId, personId: id, role: "VIEWER" });
  const watchers = await Promise.all(Array.from({ length: SOCKETS }, async (_, index) => {
    const socket = sockets.use(await openRawWebSocket(app.url));
    await socket.send({
      type: "connection_init",
      payload: { authorization: `Bearer ${people[index % USERS]?.token}` },
    });
    await socket.read();
    const variables = { projectId, after: 0 };
    await socket.send({ id: "1", type: "subscribe", payload: { query: ELEMENT_EVENTS, variables } });
    return { socket, next: () => nextElement(socket) };
  }));
  const all = () => Promise.all(watchers.map(({ next }) => next()));
  assert.deepEqual(new Set(await all()), new Set([`1 ${first}`]));
  const delays: number[] = [];
  for (let revision = 2; revision < 12; revision++) {
    const seen = all();
    const startedAt = performance.now();
    const id = await capture(app, app.token);
    assert.deepEqual(new Set(await seen), new Set([`${revision} ${id}`]));
    delays.push(performance.now() - startedAt);
  }
  delays.sort((a, b) => a - b);
  assert.ok((delays[5] ?? Infinity) < REACHED_MS, `the median took ${delays[5]} ms`);
  const captured = await Promise.all(Array.from({ length: 20 }, () => capture(app, app.token)));
  const orders = await Promise.all(watchers.map(({ next }) => Array.fromAsync(captured, next)));
  assert.equal(new Set(orders.map(String)).size, 1, "all see the same order");
  assert.deepEqual(orders[0]?.map((event) => Number(event.split(" ")[0])), captured.map((_, index) => index + 12));
});

async function nextElement(socket: RawWebSocket): Promise<string> {
  const { revision, elementId } = JSON.parse(String(await socket.read())).payload.data.elementEvents;
  return `${revision} ${elementId}`;
}

Deno.test("a socket that does not read is dropped with 4429, and what hung on it ends; the others get everything at once", async () => {
  let now = 0;
  // Each look at the clock, one a second, is as if four seconds had passed.
  await using server = serveSockets({ now: () => now += 4_000 });
  using stack = new DisposableStack();
  const silent = stack.use(await server.subscribe());
  const others = await Promise.all(Array.from({ length: 5 }, async () => stack.use(await server.subscribe())));
  await server.settle({ subscriptions: 6, followers: 12 });
  for (let index = 0; index < TEXTS; index++) {
    server.publish(TEXT);
    for (const text of await Promise.all(others.map((other) => other.read()))) {
      assert.equal(
        String(text).length,
        TEXT.length + `{"id":"1","type":"next","payload":{"data":{"texts":""}}}`.length,
      );
    }
  }
  await server.settle({ subscriptions: 5, followers: 10 });
  let last: string | number | null = "";
  let messages = -1;
  for (; typeof last === "string"; messages++) last = await silent.read();
  assert.equal(last, 4429);
  assert.ok(messages < TEXTS, `${messages} of ${TEXTS} were kept for it`);
  server.publish("after");
  for (const other of others) assert.match(String(await other.read()), /"texts":"after"/);
});

Deno.test("300 subscriptions whose sockets break, at whatever moment, leave nothing behind", async () => {
  await using server = serveSockets({ now: () => 0 });
  const survivor = await server.subscribe();
  for (let round = 0; round < 6; round++) {
    const sockets = await Promise.all(Array.from({ length: 50 }, () => server.subscribe()));
    // Of every second round, nothing is awaited: they break while they subscribe.
    if (round % 2 === 0) await server.settle({ subscriptions: 51, followers: 102 });
    server.publish("text");
    for (const socket of sockets) socket[Symbol.dispose]();
    await server.settle({ subscriptions: 1, followers: 2 });
  }
  survivor[Symbol.dispose]();
  await server.settle({ subscriptions: 0, followers: 0 });
});
