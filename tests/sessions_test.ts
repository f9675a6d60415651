import assert from "node:assert/strict";
import { createAccessToken, createProject } from "./support/captures.ts";
import { movableClock } from "./support/movable_clock.ts";
import { addPerson, write } from "./support/people.ts";
import { ADMIN, type Data, type RunningApp, startApp } from "./support/running_app.ts";
import { securityEvents } from "./support/security_events.ts";
import { makeSession } from "./support/sessions.ts";
import { newSessionToken } from "../src/sessions/_tokens.ts";

const HOUR_MS = 3_600_000;

const code = async (app: RunningApp, token: string) =>
  (await app.graphql(`{ viewer { id } }`, {}, token)).errors?.[0]?.extensions.code ?? "ok";

const SIGN_IN =
  `mutation ($input: SignInInput!) { signIn(input: $input) { token session { current } user { lastSignInAt } } }`;

Deno.test("signIn() starts a session that viewer and sessions know, and signOut() ends it", async () => {
  await using app = await startApp();
  const { signIn } = await app.ask(SIGN_IN, { input: ADMIN });
  assert.match(signIn.token, /^[\w-]{43}$/);
  assert.ok(Date.now() - Date.parse(signIn.user.lastSignInAt) < 10_000);
  const { viewer } = await app.ask(
    `{ viewer { email role sessions { current userAgent ipAddress } } }`,
    {},
    signIn.token,
  );
  assert.deepEqual([viewer.email, viewer.role], [ADMIN.email, "ADMIN"]);
  assert.deepEqual(viewer.sessions.map(({ current }: { current: boolean }) => current), [false, true]);
  assert.equal(viewer.sessions[1].ipAddress, "127.0.0.1");
  assert.deepEqual(await app.ask(`mutation { signOut }`, {}, signIn.token), { signOut: true });
  assert.equal(await code(app, signIn.token), "UNAUTHENTICATED");
  assert.equal(await code(app, app.token), "ok", "other sessions live on");
});

Deno.test("signIn() answers an unknown e-mail and a wrong password alike", async () => {
  await using app = await startApp();
  const attempt = async (email: string, password: string) =>
    (await app.graphql(SIGN_IN, { input: { email, password } })).errors;
  const wrong = await attempt(ADMIN.email, "wrong horse battery");
  assert.equal(wrong?.[0]?.extensions.code, "INVALID_CREDENTIALS");
  assert.deepEqual(await attempt("nobody@example.org", ADMIN.password), wrong);
  assert.deepEqual(await attempt(ADMIN.email, "x".repeat(5_000)), wrong);
  assert.deepEqual(await attempt("", ""), wrong);
  assert.match((await app.ask(SIGN_IN, { input: { ...ADMIN, email: " ADMIN@LocalHost " } })).signIn.token, /./);
});

Deno.test("sessions are listed to their owner and to admins, and ended one by one or but one", async () => {
  await using app = await startApp();
  const [person, stranger] = [await addPerson(app), await addPerson(app)];
  const tokens = [person.token];
  for (let index = 0; index < 4; index++) tokens.push(await makeSession(app, person.id));
  const list = async (token: string) =>
    (await app.ask(`query ($id: ID!) { user(id: $id) { sessions { id current } } }`, { id: person.id }, token)).user
      .sessions;
  const ids: string[] = (await list(person.token)).map(({ id }: Data) => id);
  assert.equal(new Set(ids).size, 5);
  assert.deepEqual((await list(tokens[2] ?? "")).map(({ current }: Data) => current), [
    false,
    false,
    true,
    false,
    false,
  ]);
  assert.deepEqual((await list(app.token)).map(({ id, current }: Data) => [id, current]), ids.map((id) => [id, false]));
  const revoke = async (token: string, id: string | undefined) =>
    (await app.graphql(`mutation ($id: ID!) { revokeSession(id: $id) }`, { id }, token)).errors?.[0]?.extensions.code ??
      "ok";
  assert.equal(await revoke(stranger.token, ids[1]), "NOT_FOUND");
  assert.equal(await revoke(person.token, ids[1]), "ok");
  assert.equal(await revoke(app.token, ids[2]), "ok");
  for (const id of [ids[1], "", "nonsense", "x".repeat(10_000), "\0\ud800"]) {
    assert.equal(await revoke(app.token, id), "NOT_FOUND");
  }
  const codes = () => Promise.all(tokens.map((token) => code(app, token)));
  assert.deepEqual(await codes(), ["ok", "UNAUTHENTICATED", "UNAUTHENTICATED", "ok", "ok"]);
  assert.deepEqual(await app.ask(`mutation { revokeOtherSessions }`, {}, person.token), { revokeOtherSessions: 2 });
  assert.deepEqual(await codes(), ["ok", ...Array(4).fill("UNAUTHENTICATED")]);
  const revokeAll = `mutation ($id: ID!) { revokeUserSessions(userId: $id) }`;
  assert.deepEqual(await app.ask(revokeAll, { id: person.id }, app.token), { revokeUserSessions: 1 });
  assert.deepEqual([await code(app, person.token), await code(app, app.token)], ["UNAUTHENTICATED", "ok"]);
  assert.deepEqual(securityEvents(app, "session.revoked").map(({ details }) => details), [
    { sessionId: ids[1] },
    { sessionId: ids[2] },
    { all: true },
    { all: true },
  ]);
});

Deno.test("with one more than a hundred sessions the oldest ends", async () => {
  await using app = await startApp();
  const { id, email, token: oldest } = await addPerson(app);
  for (let index = 1; index < 100; index++) await makeSession(app, id);
  assert.equal(await code(app, oldest), "ok");
  const newest = await app.signIn(email);
  assert.deepEqual([await code(app, oldest), await code(app, newest)], ["UNAUTHENTICATED", "ok"]);
});

Deno.test("a session ends 24 h after its last use and 30 days after sign-in", async () => {
  const clock = movableClock();
  await using app = await startApp({ clock });
  const [idle, used] = [await app.signIn(), await app.signIn()];
  clock.advance(23 * HOUR_MS);
  assert.equal(await code(app, used), "ok");
  clock.advance(2 * HOUR_MS);
  assert.deepEqual([await code(app, idle), await code(app, used)], ["UNAUTHENTICATED", "ok"]);
  for (let days = 1; days < 29; days++) {
    clock.advance(23 * HOUR_MS);
    assert.equal(await code(app, used), "ok", `after ${days} days of use`);
  }
  clock.advance(30 * 24 * HOUR_MS - 28 * 23 * HOUR_MS - 25 * HOUR_MS);
  assert.equal(await code(app, used), "UNAUTHENTICATED");
});

Deno.test("sessions outlive a restart, and neither they nor access tokens lie in the files in the clear", async () => {
  const dataDir = await Deno.makeTempDir();
  const tokens: string[] = [];
  {
    await using app = await startApp({ dataDir });
    tokens.push(await app.signIn());
    tokens.push(await createAccessToken(app, tokens[0] ?? "", { scopes: ["ELEMENTS_READ"] }));
  }
  {
    await using app = await startApp({ dataDir });
    for (const token of tokens) assert.equal(await code(app, token), "ok");
  }
  for (const { name } of Deno.readDirSync(dataDir)) {
    const bytes = new TextDecoder("latin1").decode(await Deno.readFile(`${dataDir}/${name}`));
    for (const secret of [...tokens, ADMIN.password]) assert.ok(!bytes.includes(secret), name);
  }
  await Deno.remove(dataDir, { recursive: true });
});

Deno.test("an access token ends when it expires or is revoked, and its owner's account with it", async () => {
  const clock = movableClock();
  await using app = await startApp({ clock });
  const person = await addPerson(app);
  const expiresAt = new Date(clock.now() + HOUR_MS).toISOString();
  const short = await createAccessToken(app, person.token, { scopes: ["ELEMENTS_READ"], expiresAt });
  const long = await createAccessToken(app, person.token, { scopes: ["ELEMENTS_READ", "ELEMENTS_READ"] });
  const { viewer } = await app.ask(
    `{ viewer { accessTokens { id name prefix scopes expiresAt project { id } } } }`,
    {},
    person.token,
  );
  assert.deepEqual(viewer.accessTokens.map(({ id: _id, ...rest }: { id: string }) => rest), [
    { name: "test", prefix: short.slice(0, 9), scopes: ["ELEMENTS_READ"], expiresAt, project: null },
    { name: "test", prefix: long.slice(0, 9), scopes: ["ELEMENTS_READ"], expiresAt: null, project: null },
  ]);
  assert.deepEqual([await code(app, short), await code(app, long)], ["ok", "ok"]);
  clock.advance(HOUR_MS + 1);
  assert.deepEqual([await code(app, short), await code(app, long)], ["UNAUTHENTICATED", "ok"]);
  write(app, (database) => database.prepare("UPDATE users SET status = 'DISABLED' WHERE email = ?").run(person.email));
  assert.deepEqual([await code(app, long), await code(app, person.token)], ["UNAUTHENTICATED", "UNAUTHENTICATED"]);
  write(app, (database) => database.prepare("UPDATE users SET status = 'ACTIVE' WHERE email = ?").run(person.email));
  const id = viewer.accessTokens[1].id;
  assert.deepEqual(
    (await app.graphql(`mutation ($id: ID!) { revokeAccessToken(id: $id) }`, { id }, (await addPerson(app)).token))
      .errors?.[0]?.extensions.code,
    "NOT_FOUND",
  );
  await app.ask(`mutation ($id: ID!) { revokeAccessToken(id: $id) }`, { id }, person.token);
  assert.equal(await code(app, long), "UNAUTHENTICATED");
});

Deno.test("createAccessToken() refuses what makes no sense, and more than 50", async () => {
  await using app = await startApp();
  const query = `mutation ($input: CreateAccessTokenInput!) { createAccessToken(input: $input) { token } }`;
  const attempt = async (input: Record<string, unknown>) =>
    (await app.graphql(query, { input }, app.token)).errors?.[0]?.extensions.code;
  assert.equal(await attempt({ name: "", scopes: ["ELEMENTS_READ"] }), "INVALID_INPUT");
  assert.equal(await attempt({ name: "x", scopes: [] }), "INVALID_INPUT");
  assert.equal(
    await attempt({ name: "x", scopes: ["ELEMENTS_READ"], expiresAt: "2020-01-01T00:00:00Z" }),
    "INVALID_INPUT",
  );
  assert.equal(await attempt({ name: "x", scopes: ["ELEMENTS_READ"], expiresAt: "tomorrow" }), "BAD_USER_INPUT");
  assert.equal(await attempt({ name: "x", scopes: ["EVERYTHING"] }), "BAD_USER_INPUT");
  const projectId = await createProject(app, app.token);
  for (let index = 0; index < 50; index++) {
    await createAccessToken(app, app.token, { scopes: ["ELEMENTS_READ"], projectId });
  }
  assert.equal(await attempt({ name: "x", scopes: ["ELEMENTS_READ"] }), "CONFLICT");
});

Deno.test("sign-ins are limited by address, exactly, and across a restart", async () => {
  const dataDir = await Deno.makeTempDir();
  const attempt = async (app: RunningApp) => {
    const response = await fetch(`${app.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query: SIGN_IN, variables: { input: { email: "x", password: "x" } } }),
    });
    const { errors } = await response.json();
    return [response.status, errors[0].extensions.code, response.headers.get("retry-after")] as const;
  };
  const clock = movableClock();
  // Behind the window in which the template of the data folder was made: its sign-in counts too.
  clock.advance(2 * 60_000);
  const counts = new Map<string, number>();
  for (let part = 0; part < 2; part++) {
    await using app = await startApp({ dataDir, clock });
    const answers = await Promise.all(Array.from({ length: 15 }, () => attempt(app)));
    for (const [, code] of answers) counts.set(code, (counts.get(code) ?? 0) + 1);
    const limited = answers.find(([, code]) => code === "RATE_LIMITED");
    if (limited) assert.deepEqual([limited[0], Number(limited[2]) > 0, Number(limited[2]) <= 60], [429, true, true]);
  }
  assert.deepEqual(Object.fromEntries(counts), { INVALID_CREDENTIALS: 20, RATE_LIMITED: 10 });
  await Deno.remove(dataDir, { recursive: true });
});

Deno.test("no session token begins with a dash, which a command line would take for an option", () => {
  for (let count = 0; count < 2_000; count++) assert.match(newSessionToken(), /^[\w][\w-]{42}$/);
});
