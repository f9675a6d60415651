import assert from "node:assert/strict";
import { createClient } from "graphql-ws";
import { CAPTURE, captureInput, createAccessToken, createProject } from "./support/captures.ts";
import { addPerson, write } from "./support/people.ts";
import { joinRoom, SEND } from "./support/rooms.ts";
import { ADMIN, bearer, type Data, type RunningApp, startApp } from "./support/running_app.ts";

const SET =
  `mutation ($input: SetRateLimitInput!) { setRateLimit(input: $input) { action limit windowSeconds updatedAt } }`;
const LIST = `{ rateLimits { action limit windowSeconds updatedAt } }`;
const SIGN_IN = `mutation ($input: SignInInput!) { signIn(input: $input) { token } }`;
const VIEWER = `{ viewer { id } }`;

const setLimit = (app: RunningApp, action: string, limit: number, windowSeconds = 60) =>
  app.graphql(SET, { input: { action, limit, windowSeconds } }, app.token);

interface Sending {
  query: string;
  variables?: Record<string, unknown>;
  token?: string | null;
  accept?: string;
}

function send(app: RunningApp, { query, variables = {}, token = null, accept = "application/json" }: Sending) {
  return fetch(`${app.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", accept, ...bearer(token) },
    body: JSON.stringify({ query, variables }),
  });
}

/** The status, `Retry-After`, and the error's code and seconds of an answer. */
async function refusalOf(response: Response): Promise<[number, string | null, string, number]> {
  const text = await response.text();
  const json = /^data: ?(\{.*\})$/m.exec(text)?.[1] ?? text;
  const { errors: [{ extensions: { code, retryAfterSeconds } }] } = JSON.parse(json);
  return [response.status, response.headers.get("retry-after"), code, retryAfterSeconds];
}

function fakeClock() {
  let time = Date.now();
  return { now: () => time, pass: (milliseconds: number) => void (time += milliseconds) };
}

Deno.test("rateLimits shows every rule to an admin's session, and setRateLimit changes one and records it", async () => {
  await using app = await startApp();
  const defaults = {
    sign_in: 20,
    graphql: 1_200,
    capture_element: 240,
    send_signal: 3_000,
    mcp: 600,
    socket: 120,
    start_pairing: 20,
    pairing_code: 20,
  };
  const { rateLimits } = await app.ask(LIST, {}, app.token);
  const shown = rateLimits.map((rule: Data) => [rule.action, [rule.limit, rule.windowSeconds]]);
  assert.deepEqual(
    Object.fromEntries(shown),
    Object.fromEntries(Object.entries(defaults).map(([action, limit]) => [action, [limit, 60]])),
  );
  const { setRateLimit } = (await setLimit(app, "mcp", 7, 90)).data;
  assert.deepEqual({ ...setRateLimit, updatedAt: "" }, { action: "mcp", limit: 7, windowSeconds: 90, updatedAt: "" });
  const after = (await app.ask(LIST, {}, app.token)).rateLimits.find(({ action }: Data) => action === "mcp");
  assert.deepEqual(after, setRateLimit);
  const [event] = write(
    app,
    (database) =>
      database.prepare("SELECT actor_kind, details FROM security_events WHERE kind = 'limit.changed'").all(),
  );
  assert.equal(event?.["actor_kind"], "user");
  const details = { action: "mcp", from: "600 in 60 s", to: "7 in 90 s" };
  assert.deepEqual(JSON.parse(String(event?.["details"])), details);
});

Deno.test("setRateLimit names what is wrong with its input and changes nothing; without its event there is no change", async () => {
  await using app = await startApp();
  const before = await app.ask(LIST, {}, app.token);
  for (
    const [change, path] of [
      [{ action: "fly" }, "input.action"],
      [{ action: "" }, "input.action"],
      [{ action: "__proto__" }, "input.action"],
      [{ limit: 0 }, "input.limit"],
      [{ limit: -1 }, "input.limit"],
      [{ limit: 1_000_000_001 }, "input.limit"],
      [{ windowSeconds: 0 }, "input.windowSeconds"],
      [{ windowSeconds: 86_401 }, "input.windowSeconds"],
    ] as [Record<string, unknown>, string][]
  ) {
    const input = { action: "mcp", limit: 1, windowSeconds: 1, ...change };
    const { errors } = await app.graphql(SET, { input }, app.token);
    assert.equal(errors?.[0]?.extensions.code, "INVALID_INPUT", JSON.stringify(change));
    assert.deepEqual((errors[0].extensions["issues"] as Data[]).map((issue) => issue.path.join(".")), [path]);
  }
  assert.equal((await setLimit(app, "mcp", 1_000_000_000, 86_400)).errors, undefined);
  assert.equal((await setLimit(app, "mcp", 600)).errors, undefined);
  write(
    app,
    (database) =>
      database.exec(`CREATE TRIGGER no_events BEFORE INSERT ON security_events BEGIN SELECT RAISE(ABORT, 'no'); END`),
  );
  assert.equal((await setLimit(app, "mcp", 1)).errors?.[0]?.extensions.code, "INTERNAL");
  const withoutTimes = ({ rateLimits }: Data) => rateLimits.map((rule: Data) => ({ ...rule, updatedAt: null }));
  assert.deepEqual(withoutTimes(await app.ask(LIST, {}, app.token)), withoutTimes(before));
  write(app, (database) => database.exec("DROP TRIGGER no_events"));
});

Deno.test("over a limit every transport that has headers says 429 and how long to wait, right to the second", async () => {
  const clock = fakeClock();
  await using app = await startApp({ clock });
  const person = await addPerson(app);
  const projectId = await createProject(app, person.token);
  await using peer = await joinRoom(app, person.token, { projectId });
  const reader = await createAccessToken(app, person.token, { scopes: ["ELEMENTS_READ"] });
  const wrong = { input: { ...ADMIN, password: "not this one" } };
  const signal = { from: peer.id, to: peer.id, negotiationId: "n", kind: "BYE" };
  const mcp = () =>
    fetch(`${app.url}/mcp`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...bearer(reader) },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }),
    });
  const upgrade = () => fetch(`${app.url}/graphql`, { headers: { upgrade: "websocket" } });
  const get = () => fetch(`${app.url}/graphql?query=${encodeURIComponent(VIEWER)}`, { headers: bearer(reader) });
  const stream = "text/event-stream";
  const negotiated = "application/graphql-response+json";
  const transports: [string, string, () => Promise<Response>][] = [
    ["sign_in", "POST", () => send(app, { query: SIGN_IN, variables: wrong })],
    ["sign_in", stream, () => send(app, { query: SIGN_IN, variables: wrong, accept: stream })],
    ["sign_in", negotiated, () => send(app, { query: SIGN_IN, variables: wrong, accept: negotiated })],
    ["capture_element", "POST", () => send(app, captureBy(person.token))],
    ["capture_element", stream, () => send(app, { ...captureBy(person.token), accept: stream })],
    ["send_signal", "POST", () => send(app, { query: SEND, variables: { input: signal }, token: person.token })],
    ["mcp", "POST", mcp],
    ["socket", "upgrade", upgrade],
    ["graphql", "POST", () => send(app, { query: VIEWER, token: reader })],
    ["graphql", "GET", get],
    ["graphql", stream, () => send(app, { query: VIEWER, token: reader, accept: stream })],
    ["graphql", negotiated, () => send(app, { query: VIEWER, token: reader, accept: negotiated })],
  ];
  for (const [action, transport, ask] of transports) {
    assert.equal((await setLimit(app, action, action === "graphql" ? 50 : 1)).errors, undefined);
    clock.pass(60_000);
    const first = await ask();
    await first.body?.cancel();
    assert.notEqual(first.status, 429, `${action} ${transport}`);
    while (action === "graphql" && (await status(send(app, { query: VIEWER, token: reader }))) !== 429);
    clock.pass(17_001);
    assert.deepEqual(await refusalOf(await ask()), [429, "43", "RATE_LIMITED", 43], `${action} ${transport}`);
    clock.pass(42_999);
    const next = await ask();
    await next.body?.cancel();
    assert.notEqual(next.status, 429, `${action} ${transport} after the wait`);
  }
});

async function status(sending: Promise<Response>): Promise<number> {
  const response = await sending;
  await response.body?.cancel();
  return response.status;
}

function captureBy(token: string): Sending {
  return { query: CAPTURE, variables: { input: captureInput() }, token };
}

Deno.test("over a limit a socket's operation is refused with the seconds to wait, and the socket lives on", async () => {
  const clock = fakeClock();
  await using app = await startApp({ clock });
  const { token } = await addPerson(app);
  await setLimit(app, "graphql", 2);
  clock.pass(60_000);
  const client = createClient({
    url: `${app.url.replace("http", "ws")}/graphql`,
    connectionParams: { authorization: `Bearer ${token}` },
    retryAttempts: 0,
  });
  const ask = async (): Promise<Data> => {
    try {
      for await (const { data } of client.iterate({ query: VIEWER })) return data;
    } catch (errors) {
      return (errors as Data)[0].extensions;
    }
  };
  await using _closed = { [Symbol.asyncDispose]: async () => await client.dispose() };
  for (let count = 0; count < 2; count++) assert.ok((await ask()).viewer);
  clock.pass(30_500);
  assert.deepEqual(await ask(), { code: "RATE_LIMITED", retryAfterSeconds: 30 });
  clock.pass(29_500);
  assert.ok((await ask()).viewer, "over the same socket");
});

Deno.test("each action is counted per what the table says", async () => {
  await using app = await startApp({ environment: { FINGERPOST_TRUSTED_PROXIES: "127.0.0.1" } });
  const [first, second] = [await addPerson(app), await addPerson(app)];
  for (const { token } of [first, second]) await createProject(app, token);
  const scopes = { scopes: ["ELEMENTS_READ", "ELEMENTS_WRITE"] };
  const tokens = [await createAccessToken(app, first.token, scopes), await createAccessToken(app, first.token, scopes)];
  for (const action of ["capture_element", "socket", "mcp", "sign_in"]) await setLimit(app, action, 1);
  const from = (path: string, address: string, init: RequestInit & { headers?: Record<string, string> } = {}) =>
    status(fetch(`${app.url}${path}`, { ...init, headers: { "x-forwarded-for": address, ...init.headers } }));
  const capture = (token: string) => status(send(app, captureBy(token)));
  assert.equal(await capture(tokens[0] ?? ""), 200);
  assert.equal(await capture(tokens[1] ?? ""), 429, "captures: a user, whichever token it uses");
  assert.equal(await capture(second.token), 200);
  const socket = (address: string) => from("/graphql", address, { headers: { upgrade: "websocket" } });
  assert.deepEqual([await socket("192.0.2.1"), await socket("192.0.2.1"), await socket("192.0.2.2")], [400, 429, 400]);
  assert.deepEqual([await socket("2001:db8::1"), await socket("2001:db8::2")], [400, 429], "an IPv6 client: its /64");
  assert.equal(await socket("2001:db8:0:1::1"), 400);
  const mcp = (token: string) => {
    const headers = { "content-type": "application/json", accept: "application/json, text/event-stream" };
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" });
    return from("/mcp", "192.0.2.3", { method: "POST", body, headers: { ...headers, ...bearer(token) } });
  };
  assert.deepEqual([await mcp(tokens[0] ?? ""), await mcp(tokens[0] ?? ""), await mcp(tokens[1] ?? "")], [
    200,
    429,
    200,
  ]);
  const signIn = (address: string, email: string) => {
    const body = JSON.stringify({ query: SIGN_IN, variables: { input: { email, password: "not this one" } } });
    return from("/graphql", address, { method: "POST", body, headers: { "content-type": "application/json" } });
  };
  assert.equal(await signIn("192.0.2.4", "a@example.org"), 200);
  assert.equal(await signIn("192.0.2.4", "b@example.org"), 429, "sign-ins: an address, whatever e-mail it tries");
  assert.equal(await signIn("192.0.2.5", "a@example.org"), 200);
  await setLimit(app, "graphql", 1);
  const ask = (address: string, token: string | null) =>
    from("/graphql", address, {
      method: "POST",
      body: JSON.stringify({ query: VIEWER }),
      headers: { "content-type": "application/json", ...bearer(token) },
    });
  assert.deepEqual([await ask("192.0.2.6", null), await ask("192.0.2.6", null), await ask("192.0.2.7", null)], [
    200,
    429,
    200,
  ]);
  const third = await createThird(app);
  assert.deepEqual(
    [await ask("192.0.2.6", third), await ask("192.0.2.7", third)],
    [200, 429],
    "a user, wherever it is",
  );
});

async function createThird(app: RunningApp): Promise<string> {
  return (await addPerson(app)).token;
}
