import assert from "node:assert/strict";
import { captureInput, createAccessToken, createProject } from "./support/captures.ts";
import { openGraphqlPage, say } from "./support/graphql_page.ts";
import { movableClock } from "./support/movable_clock.ts";
import { addPerson, setMember } from "./support/people.ts";
import { joinRoom, SEND } from "./support/rooms.ts";
import { bearer, type Data, type RunningApp, startApp } from "./support/running_app.ts";
import { securityEvents } from "./support/security_events.ts";
import { subscribe } from "./support/subscription.ts";
import { connectPage } from "./support/werift_page.ts";

const LAST = `{ securityEvents(first: 1, filter: { kind: [
  "access.denied", "token.denied", "signal.denied", "limit.exceeded"
] }) { edges { node { kind actorKind actor { id } ipAddress details } } } }`;

async function last(app: RunningApp): Promise<Data> {
  return (await app.ask(LAST, {}, app.token)).securityEvents.edges[0]?.node;
}

const GUEST = { actorKind: "guest", actor: null, ipAddress: "127.0.0.1" };

async function visit(app: RunningApp, path: string, headers: Record<string, string>): Promise<number> {
  const response = await fetch(`${app.url}${path}`, { headers });
  await response.body?.cancel();
  return response.status;
}

Deno.test("a dead or unknown credential is token.denied, however it came", async () => {
  await using app = await startApp();
  const dead = "x".repeat(43);
  const denied = (operation: string) => ({
    kind: "token.denied",
    ...GUEST,
    details: { operation, code: "UNAUTHENTICATED" },
  });
  await app.graphql(`{ viewer { id } }`, {}, dead);
  assert.deepEqual(await last(app), denied("/graphql"));
  assert.equal(await visit(app, "/mcp", bearer(dead)), 401);
  assert.deepEqual(await last(app), denied("/mcp"));
  assert.equal(await visit(app, "/mcp", bearer("fp_mistyped")), 401);
  assert.deepEqual(await last(app), denied("/mcp"));
  assert.equal(await visit(app, "/screenshots/element_x", { authorization: "Basic eDp4" }), 401);
  assert.deepEqual(await last(app), denied("/screenshots"));
  const { token } = await addPerson(app);
  await app.ask(`mutation { signOut }`, {}, token);
  await using events = subscribe(app, {
    query: `subscription { securityEventRecorded { kind } }`,
    variables: {},
    token,
  });
  await assert.rejects(events.next());
  assert.deepEqual(await last(app), denied("/graphql"));
});

Deno.test("another site's page, and a room that may not be joined, are refused attempts with an event", async () => {
  await using app = await startApp();
  assert.equal(await visit(app, "/mcp", { origin: "https://evil.example", ...bearer(app.token) }), 403);
  assert.deepEqual(await last(app), {
    kind: "access.denied",
    ...GUEST,
    details: { operation: "/mcp", code: "FORBIDDEN" },
  });
  const { id, token } = await addPerson(app);
  const reader = await createAccessToken(app, token, { scopes: ["ELEMENTS_READ"] });
  const projectId = await createProject(app, token);
  await assert.rejects(joinRoom(app, reader, { projectId }), { message: "FORBIDDEN" });
  const denied = await last(app);
  assert.deepEqual(denied, {
    kind: "signal.denied",
    actorKind: "token",
    actor: { id },
    ipAddress: "127.0.0.1",
    details: { operation: "signals", code: "FORBIDDEN" },
  });
  assert.equal(await visit(app, "/nothing/here", { cookie: `fingerpost_session=${"x".repeat(43)}` }), 404);
  assert.deepEqual(await last(app), denied, "a path that is not there is refused to nobody");
});

Deno.test("dead credentials are counted by the address that they come from", async () => {
  const clock = movableClock();
  // Behind the window in which the template of the data folder was made: its sign-in counts too.
  clock.advance(120_000);
  await using app = await startApp({ clock });
  const query = `mutation { setRateLimit(input: { action: "graphql", limit: 5, windowSeconds: 60 }) { limit } }`;
  await app.ask(query, {}, app.token);
  const codes: (string | undefined)[] = [];
  for (let index = 0; index < 7; index++) {
    const { errors } = await app.graphql(`{ viewer { id } }`, {}, `${index}`.repeat(43));
    codes.push(errors?.[0]?.extensions.code);
  }
  assert.deepEqual(codes, [...Array(5).fill("UNAUTHENTICATED"), "RATE_LIMITED", "RATE_LIMITED"]);
});

Deno.test("what a rate limit refuses is limit.exceeded, with who was too fast", async () => {
  await using app = await startApp();
  const { id, token } = await addPerson(app);
  await app.ask(
    `mutation { setRateLimit(input: { action: "graphql", limit: 5, windowSeconds: 60 }) { limit } }`,
    {},
    app.token,
  );
  let code: string | undefined;
  while (code !== "RATE_LIMITED") {
    code = (await app.graphql(`{ viewer { id } }`, {}, token)).errors?.[0]?.extensions.code;
  }
  await app.ask(
    `mutation { setRateLimit(input: { action: "graphql", limit: 500, windowSeconds: 60 }) { limit } }`,
    {},
    app.token,
  );
  assert.deepEqual(await last(app), {
    kind: "limit.exceeded",
    actorKind: "user",
    actor: { id },
    ipAddress: "127.0.0.1",
    details: { operation: "/graphql", code: "RATE_LIMITED" },
  });
});

Deno.test("a refused attempt names the field that was asked for, whatever alias a client gave it", async () => {
  await using app = await startApp();
  const alias = "secret".repeat(5_000);
  const documents = [
    `{ ${alias}: users { totalCount } }`,
    `{ ... on Query { ...F } } fragment F on Query { ${alias}: users { totalCount } }`,
    `mutation { ${alias}: signOut }`,
    `subscription { ${alias}: securityEventRecorded { kind } }`,
  ];
  const operations = [];
  for (const query of documents) {
    const { errors } = await app.graphql(query);
    assert.equal(errors?.[0]?.extensions.code, "UNAUTHENTICATED", query.slice(0, 20));
    operations.push((await last(app)).details.operation);
  }
  assert.deepEqual(operations, ["users", "users", "signOut", "securityEventRecorded"]);
});

Deno.test("what a page may not do on its data channel is a refused attempt", async () => {
  await using app = await startApp();
  const { id, token } = await addPerson(app);
  const projectId = await createProject(app, token);
  const mute = await createAccessToken(app, token, { scopes: ["ELEMENTS_READ", "SIGNALS"] });
  await using peer = await joinRoom(app, mute, { projectId });
  await using page = await connectPage(peer);
  const { code } = await page.ask({ type: "capture", id: "c", ...captureInput({ projectId }) });
  assert.equal(code, "FORBIDDEN");
  assert.deepEqual(await last(app), {
    kind: "access.denied",
    actorKind: "token",
    actor: { id },
    ipAddress: "127.0.0.1",
    details: { operation: "channel.capture", code: "FORBIDDEN" },
  });
});

Deno.test("speaking as somebody else's peer is a refused attempt, and as one that is not there none", async () => {
  await using app = await startApp();
  const { id: personId, token } = await addPerson(app);
  const projectId = await createProject(app, app.token);
  setMember(app, { projectId, personId, role: "OWNER" });
  await using peer = await joinRoom(app, app.token, { projectId });
  const speakAs = async (from: string) => {
    const signal = { from, to: peer.id, negotiationId: "n", kind: "BYE" };
    const { errors: [error] = [] } = await app.graphql(SEND, { input: signal }, token);
    assert.equal(error?.extensions.code, "NOT_FOUND");
    await assert.rejects(openGraphqlPage(app, token, { ...peer, id: from }), { message: "NOT_FOUND" });
    const said = await say(app, token, { from, message: { type: "ping", id: "p" } });
    assert.equal(said.errors?.[0]?.extensions.code, "NOT_FOUND");
  };
  await speakAs("nobody");
  await speakAs(peer.id);
  await app.stop();
  const told = securityEvents(app, "signal.denied").map(({ details }) => details["operation"]);
  assert.deepEqual(told.toSorted(), ["channelMessages", "sendChannelMessage", "sendSignal"]);
});
