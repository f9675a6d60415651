import assert from "node:assert/strict";
import { postGraphql } from "../clients/browser/graphql_socket.ts";
import { type PairingCode, pairWith, waitForApproval } from "../clients/pairing/pairing.ts";
import { createProject } from "./support/captures.ts";
import { hurryTimers } from "./support/hurried_timers.ts";
import { CLIENT, decidePairing } from "./support/pairing.ts";
import { type RunningApp, startApp } from "./support/running_app.ts";

const FACTOR = 50;
const SCOPES = ["ELEMENTS_READ", "ELEMENTS_WRITE", "SIGNALS"] as const;

/** A clock as fast as timers are in these tests. */
function hurriedClock(): { now(): number } {
  const start = Date.now();
  return { now: () => start + (Date.now() - start) * FACTOR };
}

function pair({ url }: Pick<RunningApp, "url">, more: Partial<Parameters<typeof pairWith>[0]> = {}) {
  const shown = Promise.withResolvers<PairingCode>();
  const { signal } = new AbortController();
  const options = { server: url, clientName: CLIENT.clientName, scopes: [...SCOPES], signal, onCode: shown.resolve };
  const paired = pairWith({ ...options, ...more });
  // Awaited only after others, whose failure comes first.
  paired.catch(shown.reject);
  shown.promise.catch(() => {});
  return { shown: shown.promise, paired };
}

Deno.test("pairWith() shows a code, waits its interval before each question, and returns the token and its project", async () => {
  await using app = await startApp({ clock: hurriedClock() });
  const projectId = await createProject(app, app.token, "Shop");
  using hurried = hurryTimers(FACTOR);
  const { shown, paired } = pair(app);
  const { userCode, verificationUrlComplete } = await shown;
  assert.equal(verificationUrlComplete, `${app.url}/pair?code=${userCode}`);
  assert.equal(await decidePairing(app, app.token, { userCode, projectId }), "ok");
  const { token, project, expiresAt, accessTokenId } = await paired;
  assert.deepEqual([project, expiresAt], [{ id: projectId, name: "Shop" }, null]);
  assert.equal((await app.ask(`{ currentToken { id } }`, {}, token)).currentToken.id, accessTokenId);
  const waits = hurried.delays.filter((delay) => delay >= 2_000 && delay < 3_000);
  assert.ok(waits.length >= 1 && waits.every((delay) => delay === 2_000), String(hurried.delays));
});

Deno.test("pairWith() tells a refusal, a code that nobody took, an end of its own, and a server that is not there", async () => {
  await using app = await startApp({ clock: hurriedClock() });
  using _hurried = hurryTimers(FACTOR);
  const refused = pair(app);
  await decidePairing(app, app.token, { userCode: (await refused.shown).userCode, approve: false });
  await assert.rejects(refused.paired, { code: "DENIED" });
  const stopped = new AbortController();
  const left = pair(app, { signal: stopped.signal });
  await left.shown;
  stopped.abort(new Error("The person closed it"));
  await assert.rejects(left.paired, { message: "The person closed it" });
  await assert.rejects(pair(app, { scopes: [] }).paired, { code: "INVALID_INPUT" });
  const { signal } = new AbortController();
  const code = { ...await left.shown, deviceCode: "used or never there" };
  await assert.rejects(waitForApproval({ server: app.url, signal }, code), { code: "EXPIRED" });
  await assert.rejects(pair({ url: "http://127.0.0.1:1" }).paired, { code: "UNAVAILABLE" });
});

Deno.test("pairWith() slows down when the server says so, and by half each time when it can't be reached", async () => {
  await using app = await startApp();
  using hurried = hurryTimers(FACTOR);
  // The server sets timers too, of other lengths.
  const waits = () => hurried.delays.filter((delay) => [2_000, 4_000, 7_000, 8_000, 12_000, 16_000].includes(delay));
  const asked: number[] = [];
  const answered = Promise.withResolvers<void>();
  // Timers run fast and the server's clock does not: each question comes too early.
  const fetch: typeof globalThis.fetch = async (...request) => {
    const response = await globalThis.fetch(...request);
    asked.push(response.status);
    if (asked.length === 4) answered.resolve();
    return response;
  };
  const slowed = pair(app, { fetch });
  const { userCode } = await slowed.shown;
  await answered.promise;
  await decidePairing(app, app.token, { userCode });
  await slowed.paired;
  assert.deepEqual(waits().slice(0, 4), [2_000, 2_000, 7_000, 12_000]);
  hurried.delays.length = 0;
  let failures = 3;
  const broken: typeof globalThis.fetch = (url, init) => {
    const isPoll = String(init?.body).includes("pollPairing");
    return isPoll && failures-- > 0 ? Promise.reject(new TypeError("Failed to fetch")) : globalThis.fetch(url, init);
  };
  const unreached = pair(app, { fetch: broken });
  await decidePairing(app, app.token, { userCode: (await unreached.shown).userCode });
  await unreached.paired;
  assert.deepEqual(waits(), [2_000, 4_000, 8_000, 16_000]);
});

Deno.test("pairWith() asks as often as before once a server that could not be reached is there again", async () => {
  await using app = await startApp({ clock: hurriedClock() });
  using hurried = hurryTimers(FACTOR);
  const back = Promise.withResolvers<void>();
  let polls = 0;
  const fetch: typeof globalThis.fetch = async (url, init) => {
    if (!String(init?.body).includes("pollPairing")) return await globalThis.fetch(url, init);
    if (++polls <= 2) throw new TypeError("Failed to fetch");
    const response = await globalThis.fetch(url, init);
    if (polls === 4) back.resolve();
    return response;
  };
  const { shown, paired } = pair(app, { fetch });
  const { userCode } = await shown;
  await back.promise;
  await decidePairing(app, app.token, { userCode });
  await paired;
  const waits = hurried.delays.filter((delay) => [2_000, 4_000, 8_000].includes(delay));
  assert.deepEqual(waits.slice(0, 4), [2_000, 4_000, 8_000, 2_000]);
});

Deno.test("waitForApproval() goes on with a code that another worker asked for", async () => {
  await using app = await startApp({ clock: hurriedClock() });
  using _hurried = hurryTimers(FACTOR);
  const killed = new AbortController();
  const first = pair(app, { signal: killed.signal });
  const stored = JSON.stringify(await first.shown);
  killed.abort(new Error("Killed"));
  await assert.rejects(first.paired, { message: "Killed" });
  const code: PairingCode = JSON.parse(stored);
  await decidePairing(app, app.token, { userCode: code.userCode });
  const { token } = await waitForApproval({ server: app.url, signal: new AbortController().signal }, code);
  assert.match(token, /^fp_/);
});

Deno.test("nothing follows a server that sends to another one", async () => {
  let asked = 0;
  await using other = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
    asked++;
    return Response.json({ data: { startPairing: null } });
  });
  const location = `http://127.0.0.1:${other.addr.port}/graphql`;
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
    return new Response(null, { status: 307, headers: { location } });
  });
  const url = `http://127.0.0.1:${server.addr.port}`;
  await assert.rejects(pair({ url }).paired, { code: "UNAVAILABLE" });
  await assert.rejects(postGraphql(url, "fp_secret", "{}"), { code: "UNAVAILABLE" });
  assert.equal(asked, 0);
});
