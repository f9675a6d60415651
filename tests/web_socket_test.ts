import assert from "node:assert/strict";
import { capture, createAccessToken, createProject } from "./support/captures.ts";
import { connectSocket, initOf, openSocket, type RawSocket } from "./support/raw_socket.ts";
import { startApp } from "./support/running_app.ts";
import { securityEvents } from "./support/security_events.ts";
import { ELEMENT_EVENTS } from "./support/subscription.ts";

Deno.test("a socket runs queries, mutations and subscriptions with the mask and limits of HTTP", async () => {
  await using app = await startApp();
  const projectId = await createProject(app, app.token);
  using socket = await connectSocket(app);
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

Deno.test("a socket closes with its code for dead credentials and for a message that is too large", async () => {
  await using app = await startApp();
  const gone = await createAccessToken(app, app.token, { scopes: ["ELEMENTS_READ"] });
  const { viewer } = await app.ask(`{ viewer { accessTokens { id } } }`, {}, app.token);
  await app.ask(`mutation ($id: ID!) { revokeAccessToken(id: $id) }`, { id: viewer.accessTokens[0].id }, app.token);
  const closeCode = async (...messages: unknown[]) => {
    using socket = await openSocket(app);
    for (const message of messages) socket.send(message);
    for (let answer = await socket.next();; answer = await socket.next()) if (typeof answer === "number") return answer;
  };
  assert.equal(await closeCode({ type: "connection_init" }), 4401, "a guest");
  assert.equal(await closeCode(initOf("nobody")), 4401, "a dead token");
  assert.equal(await closeCode(initOf(gone)), 4401, "a revoked token");
  assert.equal(await closeCode(initOf(app.token), "x".repeat(1_048_577)), 4413, "a message that is too large");
  using other = await openSocket(app);
  other.send(initOf(app.token));
  assert.deepEqual(await other.next(), { type: "connection_ack" }, "the server lives on");
});

Deno.test("a socket has at most 64 subscriptions", async () => {
  await using app = await startApp();
  const projectId = await createProject(app, app.token);
  using socket = await connectSocket(app);
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
    for (let index = 0; index < 50; index++) sockets.push(await connectSocket(app));
    const last = await openSocket(app);
    sockets.push(last);
    last.send(initOf(app.token));
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
  using socket = await connectSocket(app);
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
