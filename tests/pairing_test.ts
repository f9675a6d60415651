import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { newUserCode, readUserCode } from "../src/pairing/_codes.ts";
import { createAccessToken, createProject } from "./support/captures.ts";
import { movableClock } from "./support/movable_clock.ts";
import { CLIENT, decidePairing, PAIRING, pollPairing, START_PAIRING, startPairing } from "./support/pairing.ts";
import { addPerson, setMember, write } from "./support/people.ts";
import { type Data, startApp } from "./support/running_app.ts";
import { securityEvents } from "./support/security_events.ts";

const MINUTE_MS = 60_000;
const REVOKE = `mutation ($id: ID!) { revokeAccessToken(id: $id) }`;
const RATE_LIMIT = `mutation ($input: SetRateLimitInput!) { setRateLimit(input: $input) { limit } }`;

Deno.test("a client is given a token by a person who types its code, once, and it is among the person's tokens", async () => {
  await using app = await startApp();
  const person = await addPerson(app);
  const projectId = await createProject(app, person.token);
  const { deviceCode, userCode, ...started } = await startPairing(app);
  assert.match(userCode, /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
  assert.equal(Uint8Array.fromBase64(deviceCode, { alphabet: "base64url" }).length, 32);
  assert.deepEqual([started.verificationUrl, started.verificationUrlComplete], [
    `${app.url}/pair`,
    `${app.url}/pair?code=${userCode}`,
  ]);
  assert.deepEqual(await pollPairing(app, deviceCode), { state: "PENDING", token: null, accessToken: null });
  const { pairing } = await app.ask(PAIRING, { userCode: userCode.toLowerCase().replace("-", " ") }, person.token);
  assert.deepEqual([pairing.userCode, pairing.clientName, pairing.scopes, pairing.ipAddress], [
    userCode,
    CLIENT.clientName,
    CLIENT.scopes,
    "127.0.0.1",
  ]);
  const expiresAt = new Date(Date.now() + 30 * 24 * 60 * MINUTE_MS).toISOString();
  assert.equal(await decidePairing(app, person.token, { userCode, projectId, expiresAt }), "ok");
  const { state, token, accessToken } = await pollPairing(app, deviceCode);
  assert.equal(state, "APPROVED");
  assert.ok(token.startsWith(accessToken.prefix));
  assert.deepEqual([accessToken.name, accessToken.scopes, accessToken.expiresAt, accessToken.project.id], [
    CLIENT.clientName,
    CLIENT.scopes,
    expiresAt,
    projectId,
  ]);
  assert.deepEqual(await pollPairing(app, deviceCode), { state: "EXPIRED", token: null, accessToken: null });
  assert.equal((await app.ask(`{ viewer { id } }`, {}, token)).viewer.id, person.id);
  const { viewer } = await app.ask(`{ viewer { accessTokens { id name } } }`, {}, person.token);
  assert.deepEqual(viewer.accessTokens, [{ id: accessToken.id, name: CLIENT.clientName }]);
  await app.ask(REVOKE, { id: accessToken.id }, person.token);
  assert.equal((await app.graphql(`{ viewer { id } }`, {}, token)).errors?.[0]?.extensions.code, "UNAUTHENTICATED");
});

Deno.test("of many polls at once after the approval one is told the token", async () => {
  await using app = await startApp();
  const { deviceCode, userCode } = await startPairing(app);
  assert.equal(await decidePairing(app, app.token, { userCode }), "ok");
  const outcomes = await Promise.all(Array.from({ length: 20 }, () => pollPairing(app, deviceCode)));
  const states = outcomes.map(({ state }) => state);
  assert.deepEqual(states.toSorted(), ["APPROVED", ...Array(19).fill("EXPIRED")]);
  assert.equal((await app.ask(`{ viewer { accessTokens { id } } }`, {}, app.token)).viewer.accessTokens.length, 1);
});

Deno.test("a code is decided on once, by a session, and never by an access token or a guest", async () => {
  await using app = await startApp();
  const token = await createAccessToken(app, app.token, { scopes: CLIENT.scopes });
  const { deviceCode, userCode } = await startPairing(app);
  assert.equal(await decidePairing(app, token, { userCode }), "FORBIDDEN");
  assert.equal(await decidePairing(app, null, { userCode }), "UNAUTHENTICATED");
  const seen = await app.graphql(PAIRING, { userCode }, token);
  assert.deepEqual([seen.data?.pairing, seen.errors?.[0]?.extensions.code], [null, "FORBIDDEN"]);
  assert.equal(await decidePairing(app, app.token, { userCode, approve: false }), "ok");
  assert.equal(await decidePairing(app, app.token, { userCode }), "NOT_FOUND");
  assert.equal((await pollPairing(app, deviceCode)).state, "DENIED");
  assert.equal((await pollPairing(app, deviceCode)).state, "DENIED");
  const { userCode: other } = await startPairing(app);
  const decisions = await Promise.all(
    Array.from(
      { length: 8 },
      (_, index) => decidePairing(app, app.token, { userCode: other, approve: index % 2 === 0 }),
    ),
  );
  assert.equal(decisions.filter((code) => code === "ok").length, 1);
});

Deno.test("a code lives ten minutes, and one approved in its last second can still be collected", async () => {
  const clock = movableClock();
  await using app = await startApp({ clock });
  const [early, late, collected] = [await startPairing(app), await startPairing(app), await startPairing(app)];
  clock.advance(10 * MINUTE_MS - 1_000);
  assert.equal(await decidePairing(app, app.token, { userCode: collected.userCode }), "ok");
  clock.advance(2_000);
  assert.equal(await decidePairing(app, app.token, { userCode: late.userCode }), "NOT_FOUND");
  assert.equal((await pollPairing(app, early.deviceCode)).state, "EXPIRED");
  assert.equal((await pollPairing(app, collected.deviceCode)).state, "APPROVED");
  await startPairing(app);
  const { count } = write(app, (database) => database.prepare("SELECT count(*) AS count FROM pairings").get()) as Data;
  assert.equal(count, 1, "what expired is gone");
});

Deno.test("who polls sooner than the interval is slowed down by five seconds, each time, until it keeps to it", async () => {
  const clock = movableClock();
  await using app = await startApp({ clock });
  const { deviceCode, intervalSeconds } = await startPairing(app);
  const poll = async (afterSeconds: number) => {
    clock.advance(afterSeconds * 1_000);
    const query = `mutation ($deviceCode: String!) { pollPairing(deviceCode: $deviceCode) { state } }`;
    const { data, errors } = await app.graphql(query, { deviceCode });
    return errors?.[0]?.extensions["retryAfterSeconds"] ?? data.pollPairing.state;
  };
  assert.equal(await poll(0), "PENDING");
  assert.equal(await poll(intervalSeconds), "PENDING");
  assert.equal(await poll(0), intervalSeconds + 5);
  assert.equal(await poll(intervalSeconds), intervalSeconds + 10);
  assert.equal(await poll(intervalSeconds + 10), "PENDING");
  assert.equal(await poll(intervalSeconds + 5), intervalSeconds + 15);
});

Deno.test("codes wait and approvals stay when the server restarts, and of a device code the file holds the SHA-256 alone", async () => {
  await using app = await startApp();
  const [waiting, approved] = [await startPairing(app), await startPairing(app)];
  await decidePairing(app, app.token, { userCode: approved.userCode });
  const rows = write(app, (database) => database.prepare("SELECT * FROM pairings").all());
  assert.ok(!JSON.stringify(rows).includes(waiting.deviceCode));
  const hash = createHash("sha256").update(waiting.deviceCode).digest("hex");
  assert.ok(rows.some((row) => (row["device_code_hash"] as Uint8Array).toHex() === hash));
  await app.stop();
  await using again = await startApp({ dataDir: app.dataDir });
  assert.equal((await pollPairing(again, approved.deviceCode)).state, "APPROVED");
  assert.equal(await decidePairing(again, app.token, { userCode: waiting.userCode }), "ok");
  assert.equal((await pollPairing(again, waiting.deviceCode)).state, "APPROVED");
});

Deno.test("what is approved is what the person may: no other's project, no past, no fifty-first token, no disabled account", async () => {
  await using app = await startApp();
  const [person, stranger] = [await addPerson(app), await addPerson(app)];
  const foreign = await createProject(app, stranger.token);
  const { deviceCode, userCode } = await startPairing(app);
  assert.equal(await decidePairing(app, person.token, { userCode, projectId: foreign }), "NOT_FOUND");
  const expiresAt = new Date(Date.now() - 1).toISOString();
  assert.equal(await decidePairing(app, person.token, { userCode, expiresAt }), "INVALID_INPUT");
  for (let index = 0; index < 50; index++) await createAccessToken(app, stranger.token, { scopes: ["SIGNALS"] });
  assert.equal(await decidePairing(app, stranger.token, { userCode }), "CONFLICT");
  assert.equal((await pollPairing(app, deviceCode)).state, "PENDING");
  assert.equal(await decidePairing(app, person.token, { userCode }), "ok");
  const disable = `mutation ($input: UpdateUserInput!) { updateUser(input: $input) { id } }`;
  await app.ask(disable, { input: { id: person.id, status: "DISABLED" } }, app.token);
  assert.equal((await pollPairing(app, deviceCode)).state, "DENIED");
});

Deno.test("what was approved and not collected ends with the session that approved it, with the membership, and with its own time", async () => {
  const clock = movableClock();
  await using app = await startApp({ clock });
  const [owner, person] = [await addPerson(app), await addPerson(app)];
  const projectId = await createProject(app, owner.token);
  const stateAfter = async (decision: Data, change: () => unknown) => {
    const { deviceCode, userCode } = await startPairing(app);
    assert.equal(await decidePairing(app, person.token, { userCode, ...decision }), "ok");
    await change();
    return await pollPairing(app, deviceCode);
  };
  const refused = { token: null, accessToken: null };
  const expiresAt = new Date(clock.now() + 1_000).toISOString();
  assert.deepEqual(await stateAfter({ expiresAt }, () => clock.advance(1_000)), { state: "EXPIRED", ...refused });
  const membership = { projectId, personId: person.id };
  setMember(app, { ...membership, role: "EDITOR" });
  const leave = () => setMember(app, { ...membership, role: null });
  assert.deepEqual(await stateAfter({ projectId }, leave), { state: "DENIED", ...refused });
  // Who stole the session approved a client of theirs; its owner ends it.
  const newer = await app.signIn(person.email);
  const endOthers = () => app.ask(`mutation { revokeOtherSessions }`, {}, newer);
  assert.deepEqual(await stateAfter({}, endOthers), { state: "DENIED", ...refused });
  assert.deepEqual((await app.ask(`{ viewer { accessTokens { id } } }`, {}, newer)).viewer.accessTokens, []);
});

Deno.test("where ten thousand clients wait one more is let in, and the oldest that nobody approved goes", async () => {
  await using app = await startApp();
  const [approved, oldest] = [await startPairing(app), await startPairing(app)];
  assert.equal(await decidePairing(app, app.token, { userCode: approved.userCode }), "ok");
  write(app, (database) =>
    database.exec(`
      WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 9997),
        letters (l) AS (VALUES ('BCDFGHJKLMNPQRSTVWXZ'))
      INSERT INTO pairings (id, device_code_hash, user_code, client_name, scopes, created_at, expires_at)
      SELECT printf('00000000-0000-0000-0000-%012d', i), randomblob(32),
        'ZZZZ' || substr(l, i % 20 + 1, 1) || substr(l, i / 20 % 20 + 1, 1) || substr(l, i / 400 % 20 + 1, 1)
          || substr(l, i / 8000 + 1, 1), 'Flood', '["SIGNALS"]', 0, ${Date.now() + 20 * MINUTE_MS} FROM n, letters`));
  const honest = await startPairing(app);
  const { count } = write(app, (database) => database.prepare("SELECT count(*) AS count FROM pairings").get()) as Data;
  assert.equal(count, 10_000);
  assert.equal(await decidePairing(app, app.token, { userCode: oldest.userCode }), "NOT_FOUND");
  assert.equal(await decidePairing(app, app.token, { userCode: honest.userCode }), "ok");
  for (const { deviceCode } of [approved, honest]) assert.equal((await pollPairing(app, deviceCode)).state, "APPROVED");
});

Deno.test("starting and trying codes are limited, and a client's name is one line of plain text", async () => {
  await using app = await startApp();
  const codeOf = async (query: string, variables: Data, token: string | null = null) =>
    (await app.graphql(query, variables, token)).errors?.[0]?.extensions.code ?? "ok";
  const unseen = ["", " ", "\u200b", "\u3164", "\u2800\u00ad", "\u{e0041}"];
  const deceiving = ["a\nb", "a\u202eb", "a\u200fb", "a\u2028b", `x${"\u0336".repeat(20)}`];
  for (const clientName of [...unseen, ...deceiving, "x".repeat(101), "\ud800"]) {
    assert.equal(await codeOf(START_PAIRING, { input: { ...CLIENT, clientName } }), "INVALID_INPUT", clientName);
  }
  assert.equal(await codeOf(START_PAIRING, { input: { ...CLIENT, scopes: [] } }), "INVALID_INPUT");
  for (const [action, limit] of [["start_pairing", 2], ["pairing_code", 3]]) {
    await app.ask(RATE_LIMIT, { input: { action, limit, windowSeconds: 60 } }, app.token);
  }
  const starts = [];
  for (let time = 0; time < 3; time++) starts.push(await codeOf(START_PAIRING, { input: CLIENT }));
  assert.deepEqual(starts, ["ok", "ok", "RATE_LIMITED"]);
  const tries = [];
  for (const userCode of ["BBBB-BBBB", "x", "BBBBBBBB", "CCCC-CCCC"]) {
    tries.push(await codeOf(PAIRING, { userCode }, app.token));
  }
  assert.deepEqual(tries, ["NOT_FOUND", "NOT_FOUND", "NOT_FOUND", "RATE_LIMITED"]);
  const wrong = securityEvents(app, "pairing.denied");
  assert.deepEqual(wrong.map(({ details }) => details["reason"]), Array(3).fill("unknown_code"));
});

Deno.test("the audit log tells who asked, who approved and who refused, and that the token came of it", async () => {
  await using app = await startApp();
  const person = await addPerson(app);
  const [approved, denied] = [await startPairing(app), await startPairing(app, { clientName: "Not mine" })];
  await decidePairing(app, person.token, { userCode: approved.userCode });
  await decidePairing(app, person.token, { userCode: denied.userCode, approve: false });
  const { accessToken } = await pollPairing(app, approved.deviceCode);
  const userId = person.id.slice(person.id.indexOf("_") + 1);
  const kinds = ["pairing.started", "pairing.approved", "pairing.denied", "token.created"];
  const events = securityEvents(app, ...kinds);
  assert.deepEqual(events.map(({ kind, actorId }) => [kind, actorId]), [
    ["pairing.started", null],
    ["pairing.started", null],
    ["pairing.approved", userId],
    ["pairing.denied", userId],
    ["token.created", userId],
  ]);
  const [started, , decided, refused, created] = events;
  assert.equal(decided?.subjectId, started?.subjectId);
  assert.deepEqual(refused?.details, { scopes: CLIENT.scopes.join(" "), reason: "refused" });
  assert.deepEqual([created?.subjectId, created?.details["pairingId"]], [accessToken.id, started?.subjectId]);
});

Deno.test("user codes are of twenty letters, each as likely as another, and read in whatever way they are typed", () => {
  const counts = new Map<string, number>();
  for (const letter of Array.from({ length: 5_000 }, newUserCode).join("")) {
    counts.set(letter, (counts.get(letter) ?? 0) + 1);
  }
  assert.equal([...counts.keys()].sort().join(""), "BCDFGHJKLMNPQRSTVWXZ");
  // 2,000 of each are to be expected; 250 off is over five standard deviations.
  for (const [letter, count] of counts) assert.ok(Math.abs(count - 2_000) < 250, `${letter}: ${count}`);
  for (const typed of ["bcdf-ghjk", " BCDF GHJK ", "bcdfghjk", "b.c.d.f-g.h.j.k", "BCDF\u2013GHJK"]) {
    assert.equal(readUserCode(typed), "BCDFGHJK", typed);
  }
  for (const typed of ["", "BCDF-GHJ", "BCDF-GHJKL", "AEIO-UYAE", "BCDF-GHJ1", "%", "\0".repeat(8)]) {
    assert.equal(readUserCode(typed), null, typed);
  }
});
