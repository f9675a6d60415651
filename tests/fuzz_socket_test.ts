import assert from "node:assert/strict";
import fc from "fast-check";
import { anyJson, anyText, toJson } from "./support/attacks.ts";
import { checkErrors } from "./support/fuzz_client.ts";
import { collectFailures, countRows, findDamage } from "./support/fuzz_findings.ts";
import { fuzzRuns } from "./support/fuzz_runs.ts";
import { type FuzzWorld, makeFuzzWorld } from "./support/fuzz_world.ts";
import { SIGNALS } from "./support/rooms.ts";
import { ELEMENT_EVENTS } from "./support/subscription.ts";

const RUNS = 100;
/** RFC 6455 §7.4.1 and graphql-transport-ws: the server's own fault. */
const SERVER_FAULTS = [1011, 4500];
const SIGNED_OUT = 4401;

const queries = fc.oneof(
  fc.constantFrom(
    "{ viewer { id } }",
    "query ($id: ID!) { node(id: $id) { id } }",
    ELEMENT_EVENTS,
    SIGNALS,
    "mutation { signOut }",
  ),
  anyText,
);
const payload = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ query: queries, variables: anyJson, operationName: anyJson }, { requiredKeys: ["query"] }),
  },
  { weight: 1, arbitrary: anyJson },
);
const message = fc.oneof(
  fc.record({ type: fc.constant("subscribe"), id: anyText, payload }),
  fc.record({
    type: fc.constantFrom("complete", "ping", "pong", "connection_init", "next"),
    id: anyText,
    payload: anyJson,
  }, { requiredKeys: ["type"] }),
  anyJson,
).map(toJson);
/** One frame: a message, a part of one, any text, or bytes. */
const frame: fc.Arbitrary<string | Uint8Array<ArrayBuffer>> = fc.oneof(
  { weight: 6, arbitrary: message },
  { weight: 1, arbitrary: fc.tuple(message, fc.nat()).map(([text, cut]) => text.slice(0, cut % (text.length + 1))) },
  { weight: 1, arbitrary: anyText },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 20 }).map((bytes) => new Uint8Array(bytes)) },
);
const init = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ authorization: "Bearer {session}" }) },
  { weight: 1, arbitrary: fc.record({ authorization: fc.oneof(anyText, anyJson) }) },
  { weight: 1, arbitrary: anyJson },
);

Deno.test("whatever frames a socket carries, the server never fails over them, and stores nothing", async () => {
  await using failures = await collectFailures();
  await using world = await makeFuzzWorld();
  const frames = fc.record({ init, frames: fc.array(frame, { minLength: 1, maxLength: 6 }) });
  await fc.assert(
    fc.asyncProperty(frames, async ({ init, frames }) => {
      const session = await world.credentialOf("VIEWER") ?? "";
      const rows = countRows(world.database);
      const first = toJson({ type: "connection_init", payload: init }).replace("{session}", session);
      const { code, messages } = await converse(world, [first, ...frames]);
      assert.ok(!SERVER_FAULTS.includes(code), `closed with ${code}`);
      for (const { payload } of messages) {
        checkErrors({ errors: Array.isArray(payload) ? payload : payload?.errors ?? [] });
      }
      assert.deepEqual(countRows(world.database), rows, "something was stored");
      assert.deepEqual(failures.taken(), [], "the log has errors");
      if (code === SIGNED_OUT) await world.renew("VIEWER");
    }),
    fuzzRuns(RUNS),
  );
  assert.deepEqual(findDamage(world.app.dataDir), []);
});

type Message = { type?: string; payload?: { errors?: [] } | [] };

/** Sends all frames and then a ping; done when it is answered or the socket is closed. */
async function converse(
  { app }: FuzzWorld,
  frames: (string | Uint8Array<ArrayBuffer>)[],
): Promise<{ code: number; messages: Message[] }> {
  const socket = new WebSocket(`${app.url.replace("http", "ws")}/graphql`, "graphql-transport-ws");
  const messages: Message[] = [];
  const closed = Promise.withResolvers<number>();
  socket.onopen = () => {
    for (const frame of frames) socket.send(frame);
    socket.send(toJson({ type: "ping", payload: { last: true } }));
  };
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    messages.push(message);
    if (message.type === "pong" && message.payload?.last === true) socket.close(1000);
  };
  socket.onerror = () => {};
  socket.onclose = ({ code }) => closed.resolve(code);
  return { code: await closed.promise, messages };
}
