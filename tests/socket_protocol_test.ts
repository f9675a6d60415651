import assert from "node:assert/strict";
import { capture, createProject } from "./support/captures.ts";
import { hurryTimers } from "./support/hurried_timers.ts";
import { addPerson, setMember } from "./support/people.ts";
import { connectSocket, initOf, type Message, openSocket, type RawSocket } from "./support/raw_socket.ts";
import { type RunningApp, startApp } from "./support/running_app.ts";
import { ELEMENT_EVENTS } from "./support/subscription.ts";

// The rules of graphql-transport-ws, in the order of its PROTOCOL.md (graphql-ws 6.4).

const VIEWER = { query: "{ viewer { role } }" };
const ANSWER = { data: { viewer: { role: "ADMIN" } } };

async function messageOf(socket: RawSocket): Promise<Message> {
  const message = await socket.next();
  assert.ok(typeof message === "object", `closed with ${message}`);
  return message;
}

/** Everything before the server answered the ping that is sent now. */
async function messagesUntilPong(socket: RawSocket): Promise<Message[]> {
  socket.send({ type: "ping" });
  const messages: Message[] = [];
  for (;;) {
    const message = await messageOf(socket);
    if (message["type"] === "pong") return messages;
    messages.push(message);
  }
}

/** How the server closes a socket after these messages. */
async function closeOf(app: RunningApp, ...messages: unknown[]): Promise<{ code: number; reason: string }> {
  using socket = await openSocket(app);
  for (const message of messages) socket.send(message);
  return await socket.closed;
}

Deno.test("a socket speaks graphql-transport-ws, and closes with 4406 for who offers another subprotocol or none", async () => {
  await using app = await startApp();
  using both = await openSocket(app, ["graphql-ws", "graphql-transport-ws"]);
  assert.equal(both.protocol, "graphql-transport-ws");
  for (const offered of [[], ["graphql-ws"], ["GRAPHQL-TRANSPORT-WS"]]) {
    using socket = await openSocket(app, offered);
    assert.deepEqual(await socket.closed, { code: 4406, reason: "Subprotocol not acceptable" }, offered.join());
  }
});

Deno.test("a socket without connection_init closes with 4408 after 10 seconds, whatever else it said", async () => {
  await using app = await startApp();
  using timers = hurryTimers(100);
  const expected = { code: 4408, reason: "Connection initialisation timeout" };
  assert.deepEqual(await closeOf(app), expected);
  assert.deepEqual(await closeOf(app, { type: "ping" }, { type: "pong" }), expected);
  assert.ok(timers.delays.includes(10_000));
  using socket = await connectSocket(app);
  await closeOf(app);
  assert.deepEqual(await messagesUntilPong(socket), [], "one that is acknowledged stays");
});

Deno.test("connection_init is answered by connection_ack, and a second one at any time closes with 4429", async () => {
  await using app = await startApp();
  using socket = await openSocket(app);
  socket.send(initOf(app.token));
  assert.deepEqual(await messageOf(socket), { type: "connection_ack" });
  socket.send(initOf(app.token));
  const expected = { code: 4429, reason: "Too many initialisation requests" };
  assert.deepEqual(await socket.closed, expected);
  assert.deepEqual(await closeOf(app, initOf(app.token), initOf(app.token)), expected, "before the first was answered");
});

Deno.test("ping is answered by pong with its payload, pong by nothing, before connection_init as after it", async () => {
  await using app = await startApp();
  using early = await openSocket(app);
  using late = await connectSocket(app);
  for (const socket of [early, late]) {
    for (const payload of [undefined, {}, { at: 1, "naïve": [null, "\u{1F4B3}"] }]) {
      socket.send({ type: "pong", payload });
      socket.send({ type: "ping", payload });
      assert.deepEqual(await messageOf(socket), payload === undefined ? { type: "pong" } : { type: "pong", payload });
    }
    socket.send({ type: "pong", payload: null });
    assert.deepEqual(await messagesUntilPong(socket), []);
  }
  early.send(initOf(app.token));
  assert.deepEqual(await messageOf(early), { type: "connection_ack" });
});

Deno.test("subscribe before connection_ack closes with 4401", async () => {
  await using app = await startApp();
  const subscribe = { id: "1", type: "subscribe", payload: VIEWER };
  assert.deepEqual(await closeOf(app, { type: "ping" }, subscribe), { code: 4401, reason: "Unauthorized" });
});

Deno.test("queries and mutations are answered by next and complete, and their ids are free again", async () => {
  await using app = await startApp();
  using socket = await connectSocket(app);
  const mutation = { query: `mutation { createProject(input: { name: "Shop" }) { name } }` };
  const named = { query: `query A($id: ID!) { node(id: $id) { id } }` };
  const cases: [payload: Message, result: unknown][] = [
    [VIEWER, ANSWER],
    [mutation, { data: { createProject: { name: "Shop" } } }],
    [{ ...named, operationName: "A", variables: { id: "x" } }, { data: { node: null } }],
    [{ ...VIEWER, operationName: null, variables: null, extensions: null }, ANSWER],
  ];
  for (const id of ["1", "1", "\u{1F4B3}", "toString", "__proto__x"]) {
    for (const [payload, result] of cases) {
      socket.send({ id, type: "subscribe", payload });
      assert.deepEqual(await messageOf(socket), { id, type: "next", payload: result });
      assert.deepEqual(await messageOf(socket), { id, type: "complete" });
    }
  }
});

Deno.test("what fails before it runs is one error message without complete, the socket lives on and the id is free", async () => {
  await using app = await startApp();
  using socket = await connectSocket(app);
  const faulty: [query: string, code: string][] = [
    ["{ viewer {", "GRAPHQL_PARSE_FAILED"],
    ["{ secrets }", "GRAPHQL_VALIDATION_FAILED"],
    ["query A { viewer { id } } query B { viewer { id } }", "TOO_COMPLEX"],
    ["subscription { secrets }", "GRAPHQL_VALIDATION_FAILED"],
  ];
  for (const [query, code] of faulty) {
    socket.send({ id: "1", type: "subscribe", payload: { query } });
    const { payload, ...rest } = await messageOf(socket);
    assert.deepEqual(rest, { id: "1", type: "error" }, query);
    assert.partialDeepStrictEqual(payload, [{ extensions: { code } }]);
    assert.deepEqual(await messagesUntilPong(socket), [], query);
  }
  socket.send({ id: "1", type: "subscribe", payload: VIEWER });
  assert.deepEqual(await messageOf(socket), { id: "1", type: "next", payload: ANSWER });
});

Deno.test("a second subscriber under an id that is in use closes with 4409, whatever the first one is", async () => {
  await using app = await startApp();
  const projectId = await createProject(app, app.token);
  using socket = await connectSocket(app);
  const subscribe = (payload: unknown) => socket.send({ id: "a", type: "subscribe", payload });
  subscribe({ query: ELEMENT_EVENTS, variables: { projectId } });
  assert.deepEqual(await messagesUntilPong(socket), []);
  subscribe(VIEWER);
  assert.deepEqual(await socket.closed, { code: 4409, reason: "Subscriber for a already exists" });
});

Deno.test("after complete from the client nothing comes under its id, and the id can be used again at once", async () => {
  await using app = await startApp();
  const projectId = await createProject(app, app.token);
  using socket = await connectSocket(app);
  const subscribe = (alias: string) => {
    const query = `subscription ($id: ID!) { ${alias}: elementEvents(projectId: $id, after: 0) { revision } }`;
    return { id: "1", type: "subscribe", payload: { query, variables: { id: projectId } } };
  };
  const eventOf = (alias: string, revision: number) => {
    return { id: "1", type: "next", payload: { data: { [alias]: { revision } } } };
  };
  const complete = { id: "1", type: "complete" };
  socket.send(subscribe("first"));
  await capture(app, app.token);
  assert.deepEqual(await messageOf(socket), eventOf("first", 1));
  socket.send(complete);
  assert.deepEqual(await messagesUntilPong(socket), []);
  await capture(app, app.token);
  socket.send(complete);
  assert.deepEqual(await messagesUntilPong(socket), [], "an id that is not in use");
  // Without waiting for anything between, so that the ones before are still on their way.
  for (const message of [subscribe("second"), complete, subscribe("third"), complete]) socket.send(message);
  socket.send(subscribe("last"));
  let event = await messageOf(socket);
  while (JSON.stringify(event).includes("second") || JSON.stringify(event).includes("third")) {
    event = await messageOf(socket);
  }
  assert.deepEqual([event, await messageOf(socket)], [eventOf("last", 1), eventOf("last", 2)]);
  assert.deepEqual(await messagesUntilPong(socket), []);
  await capture(app, app.token);
  assert.deepEqual(await messageOf(socket), eventOf("last", 3));
});

Deno.test("a stream that the server ends says why by next, then complete, and its id is free", async () => {
  await using app = await startApp();
  const projectId = await createProject(app, app.token);
  const person = await addPerson(app);
  setMember(app, { projectId, personId: person.id, role: "VIEWER" });
  using socket = await connectSocket(app, person.token);
  const payload = { query: ELEMENT_EVENTS, variables: { projectId } };
  socket.send({ id: "1", type: "subscribe", payload });
  assert.deepEqual(await messagesUntilPong(socket), []);
  const remove = `mutation ($input: SetProjectMemberInput!) { setProjectMember(input: $input) { id } }`;
  await app.ask(remove, { input: { projectId, userId: person.id, role: null } }, app.token);
  assert.partialDeepStrictEqual(await messageOf(socket), {
    id: "1",
    type: "next",
    payload: { errors: [{ extensions: { code: "NOT_FOUND" } }] },
  });
  assert.deepEqual(await messageOf(socket), { id: "1", type: "complete" });
  socket.send({ id: "1", type: "subscribe", payload: { query: "{ viewer { role } }" } });
  assert.partialDeepStrictEqual(await messageOf(socket), { id: "1", type: "next" });
});

const subscribe = { id: "1", type: "subscribe", payload: VIEWER };
const INVALID: [what: string, message: unknown][] = [
  ["no JSON", "nonsense"],
  ["nothing", ""],
  ["bytes", new TextEncoder().encode(`{"type":"ping"}`)],
  ["null", "null"],
  ["a number", "1"],
  ["text", `"ping"`],
  ["a list", [{ type: "ping" }]],
  ["no type", { id: "1" }],
  ["a type that is no text", { type: 1 }],
  ["an unknown type", { type: "start", id: "1", payload: VIEWER }],
  ["an inherited name as type", { type: "toString" }],
  ["connection_init with text", { type: "connection_init", payload: "Bearer x" }],
  ["connection_init with a list", { type: "connection_init", payload: [] }],
  ["ping with text", { type: "ping", payload: "x" }],
  ["pong with a list", { type: "pong", payload: [] }],
  ["subscribe without an id", { type: "subscribe", payload: VIEWER }],
  ["subscribe with an empty id", { ...subscribe, id: "" }],
  ["subscribe with a number as id", { ...subscribe, id: 1 }],
  ["subscribe without a payload", { id: "1", type: "subscribe" }],
  ["subscribe with text", { ...subscribe, payload: VIEWER.query }],
  ["subscribe without a query", { ...subscribe, payload: {} }],
  ["a query that is no text", { ...subscribe, payload: { query: 1 } }],
  ["variables that are text", { ...subscribe, payload: { ...VIEWER, variables: "{}" } }],
  ["variables that are a list", { ...subscribe, payload: { ...VIEWER, variables: [] } }],
  ["an operation name that is a number", { ...subscribe, payload: { ...VIEWER, operationName: 1 } }],
  ["extensions that are text", { ...subscribe, payload: { ...VIEWER, extensions: "x" } }],
  ["complete without an id", { type: "complete" }],
  ["complete with a number as id", { type: "complete", id: 1 }],
  ["next", { id: "1", type: "next", payload: { data: null } }],
  ["error", { id: "1", type: "error", payload: [{ message: "x" }] }],
  ["connection_ack", { type: "connection_ack" }],
];

Deno.test("a message that the protocol has not closes with 4400, before connection_init and after it, and the server lives on", async (test) => {
  await using app = await startApp();
  for (const [what, message] of INVALID) {
    await test.step(what, async () => {
      using late = await connectSocket(app);
      late.send(message);
      for (const { code, reason } of [await closeOf(app, message), await late.closed]) {
        assert.equal(code, 4400, reason);
        assert.notEqual(reason, "");
      }
    });
  }
  using socket = await connectSocket(app);
  socket.send({ id: "1", type: "subscribe", payload: VIEWER });
  assert.deepEqual(await messageOf(socket), { id: "1", type: "next", payload: ANSWER });
});
