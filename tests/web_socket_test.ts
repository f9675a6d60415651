import assert from "node:assert/strict";
import { capture, createAccessToken, createProject } from "./support/captures.ts";
import { type RunningApp, startApp } from "./support/running_app.ts";
import { securityEvents } from "./support/security_events.ts";
import { ELEMENT_EVENTS } from "./support/subscription.ts";

interface RawSocket extends Disposable {
  send(message: unknown): void;
  /** The next message, or the close code where it closed first. */
  next(): Promise<Record<string, unknown> | number>;
}

async function open(app: RunningApp, protocol = "graphql-transport-ws"): Promise<RawSocket> {
  const socket = new WebSocket(`${app.url.replace("http", "ws")}/graphql`, protocol);
  const received: (Record<string, unknown> | number)[] = [];
  let wake = () => {};
  const put = (item: Record<string, unknown> | number) => {
    received.push(item);
    wake();
  };
  socket.onmessage = ({ data }) => put(JSON.parse(data));
  const closed = Promise.withResolvers<void>();
  socket.onclose = ({ code }) => {
    put(code);
    closed.resolve();
  };
  await new Promise<void>((resolve, reject) => {
    socket.onopen = () => resolve();
    socket.onerror = () => reject(new Error("The socket did not open"));
  });
  socket.onerror = () => {};
  return {
    send: (message) => socket.send(typeof message === "string" ? message : JSON.stringify(message)),
    next: async () => {
      while (received.length === 0) await new Promise<void>((resolve) => wake = resolve);
      return received.shift() ?? 0;
    },
    [Symbol.dispose]: () => socket.close(),
  };
}

async function connected(app: RunningApp, token = app.token): Promise<RawSocket> {
  const socket = await open(app);
  socket.send({ type: "connection_init", payload: { authorization: `Bearer ${token}` } });
  assert.deepEqual(await socket.next(), { type: "connection_ack" });
  return socket;
}

Deno.test("a socket runs queries, mutations and subscriptions with the mask and limits of HTTP", async () => {
  await using app = await startApp();
  const projectId = await createProject(app, app.token);
  using socket = await connected(app);
  socket.send({ id: "1", type: "subscribe", payload: { query: `{ viewer { role } }` } });
  assert.deepEqual(await socket.next(), { id: "1", type: "next", payload: { data: { viewer: { role: "ADMIN" } } } });
  assert.deepEqual(await socket.next(), { id: "1", type: "complete" });
  const faults: [string, string, string][] = [
    ["{ viewer {", "error", "GRAPHQL_PARSE_FAILED"],
    ["{ secrets }", "error", "GRAPHQL_VALIDATION_FAILED"],
    [`{ ${"viewer { id } ".repeat(2_000)} }`, "error", "TOO_COMPLEX"],
    [`{ element(id: "x") { id } }`, "next", "NOT_FOUND"],
  ];
  for (const [query, type, code] of faults) {
    socket.send({ id: code, type: "subscribe", payload: { query } });
    const answer = await socket.next();
    assert.ok(typeof answer === "object");
    const payload = answer["payload"] as { errors?: unknown[] } | unknown[];
    const [error] = (Array.isArray(payload) ? payload : payload.errors ?? []) as {
      extensions: Record<string, unknown>;
    }[];
    assert.deepEqual([answer["type"], error?.extensions], [type, { code }]);
    if (type === "next") assert.deepEqual(await socket.next(), { id: code, type: "complete" });
  }
  socket.send({ id: "s", type: "subscribe", payload: { query: ELEMENT_EVENTS, variables: { projectId, after: 0 } } });
  await capture(app, app.token);
  const event = await socket.next();
  assert.ok(typeof event === "object" && event["type"] === "next");
  socket.send({ id: "s", type: "complete" });
  socket.send({ type: "ping" });
  assert.deepEqual(await socket.next(), { type: "pong" });
});

Deno.test("a socket closes with its code for a fault of the protocol or of the credentials", async () => {
  await using app = await startApp();
  const gone = await createAccessToken(app, app.token, { scopes: ["ELEMENTS_READ"] });
  const { viewer } = await app.ask(`{ viewer { accessTokens { id } } }`, {}, app.token);
  await app.ask(`mutation ($id: ID!) { revokeAccessToken(id: $id) }`, { id: viewer.accessTokens[0].id }, app.token);
  const closeCode = async (...messages: unknown[]) => {
    using socket = await open(app);
    for (const message of messages) socket.send(message);
    for (let answer = await socket.next();; answer = await socket.next()) if (typeof answer === "number") return answer;
  };
  const init = (token: string) => ({ type: "connection_init", payload: { authorization: `Bearer ${token}` } });
  const ask = { id: "1", type: "subscribe", payload: { query: `{ viewer { id } }` } };
  assert.equal(await closeCode(ask), 4401, "asks before it says who it is");
  assert.equal(await closeCode({ type: "connection_init" }), 4401, "a guest");
  assert.equal(await closeCode(init("nobody")), 4401, "a dead token");
  assert.equal(await closeCode(init(gone)), 4401, "a revoked token");
  assert.equal(await closeCode(init(app.token), init(app.token)), 4429, "two inits");
  assert.equal(await closeCode("nonsense"), 4400, "no JSON");
  const onlyServers = { id: "1", type: "next", payload: {} };
  assert.equal(await closeCode(init(app.token), onlyServers), 4400, "a message that only servers send");
  assert.equal(await closeCode(init(app.token), "x".repeat(1_048_577)), 4413, "a message that is too large");
  using other = await open(app);
  other.send(init(app.token));
  assert.deepEqual(await other.next(), { type: "connection_ack" }, "the server lives on");
});

Deno.test("a socket has at most 64 subscriptions", async () => {
  await using app = await startApp();
  const projectId = await createProject(app, app.token);
  using socket = await connected(app);
  for (let index = 0; index <= 64; index++) {
    const payload = { query: ELEMENT_EVENTS, variables: { projectId, after: 0 } };
    socket.send({ id: String(index), type: "subscribe", payload });
  }
  let answer = await socket.next();
  while (typeof answer !== "number") answer = await socket.next();
  assert.equal(answer, 4429);
  await app.ask(`{ viewer { id } }`, {}, app.token);
  assert.deepEqual(securityEvents(app, "limit.exceeded").map(({ details }) => details["code"]), ["RATE_LIMITED"]);
});

Deno.test("a user has at most 50 sockets", async () => {
  await using app = await startApp();
  const sockets: RawSocket[] = [];
  try {
    for (let index = 0; index < 50; index++) sockets.push(await connected(app));
    const last = await open(app);
    sockets.push(last);
    last.send({ type: "connection_init", payload: { authorization: `Bearer ${app.token}` } });
    let answer = await last.next();
    while (typeof answer !== "number") answer = await last.next();
    assert.equal(answer, 4429);
    await app.ask(`{ viewer { id } }`, {}, app.token);
    assert.equal(securityEvents(app, "limit.exceeded").length, 1);
  } finally {
    for (const socket of sockets) socket[Symbol.dispose]();
  }
});

Deno.test("stopping the server ends sockets with 1001 and streams with complete, and lets a running request end", async () => {
  await using app = await startApp();
  const projectId = await createProject(app, app.token);
  using socket = await connected(app);
  socket.send({ id: "s", type: "subscribe", payload: { query: ELEMENT_EVENTS, variables: { projectId, after: 0 } } });
  const response = await fetch(`${app.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "text/event-stream", authorization: `Bearer ${app.token}` },
    body: JSON.stringify({ query: ELEMENT_EVENTS, variables: { projectId, after: 0 } }),
  });
  const stream = response.text();
  // Takes a quarter of a second of hashing, so it is under way when the server stops.
  const running = app.signIn();
  await app.ask(`{ viewer { id } }`, {}, app.token);
  await app.stop();
  let answer = await socket.next();
  while (typeof answer !== "number") answer = await socket.next();
  assert.equal(answer, 1001);
  assert.match(await stream, /event: complete/);
  assert.match(await running, /^[\w-]{43}$/);
  await assert.rejects(fetch(app.url));
});
