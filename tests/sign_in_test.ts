import assert from "node:assert/strict";
import { createPasswords } from "../src/users/_passwords.ts";
import { openKv } from "../src/kv/kv.ts";
import { addPerson, type Person, write } from "./support/people.ts";
import { ADMIN, bearer, type Data, type RunningApp, startApp } from "./support/running_app.ts";
import { securityEvents } from "./support/security_events.ts";
import { prepareRefusals } from "./support/sign_in_refusals.ts";

const SIGN_IN = `mutation ($input: SignInInput!) { signIn(input: $input) { token session { id } } }`;
const UPDATE = `mutation ($input: UpdateUserInput!) { updateUser(input: $input) { id } }`;
const SESSIONS = `{ viewer { sessions { id } } }`;
const WRONG = "not the right one";

async function signIn(app: RunningApp, email: string, password: string, token: string | null = null): Promise<Data> {
  return await app.graphql(SIGN_IN, { input: { email, password } }, token);
}

Deno.test("whatever is wrong, signIn() gives the same answer", async () => {
  await using app = await startApp();
  const tries = Object.values(await (await prepareRefusals(app))());
  const answers = new Set(await Promise.all(tries.map(([email, password]) => answerOf(app, email, password))));
  assert.equal(answers.size, 1, [...answers].join("\n"));
  assert.match([...answers].join(), /^200 .*"INVALID_CREDENTIALS"/);
  const events = securityEvents(app, "user.sign_in.failed").slice(-tries.length);
  assert.deepEqual(events.map(({ details }) => String(details["reason"])).sort(), [
    ...["disabled", "locked", "locked", "locked", "unknown", "wrong_password", "wrong_password", "wrong_password"],
  ]);
});

Deno.test("whatever is wrong, signIn() does the same work", async () => {
  // A process of its own, of which the time on the processor is known: it is the same however busy the machine is.
  const script = new URL("support/sign_in_work.ts", import.meta.url).pathname;
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["run", "--quiet", "--allow-all", script] })
    .output();
  const work: Record<string, number> = JSON.parse(new TextDecoder().decode(stdout));
  const times = Object.values(work);
  assert.equal(times.length, 8);
  // Without a check, or with one of cost 10, or with two, it is half or twice that. bench/sign_in_bench.ts has the exact times.
  assert.ok(Math.max(...times) < 1.2 * Math.min(...times), JSON.stringify(work));
});

/** Status, headers and body as a client sees them; the date is nobody's secret. */
async function answerOf(app: RunningApp, email: string, password: string): Promise<string> {
  const response = await fetch(`${app.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", ...bearer(null) },
    body: JSON.stringify({ query: SIGN_IN, variables: { input: { email, password } } }),
  });
  const headers = [...response.headers].filter(([name]) => name !== "date");
  return `${response.status} ${JSON.stringify(headers)} ${await response.text()}`;
}

Deno.test("each sign-in has a new session and a token of 256 bits, and ends the one it was asked in", async () => {
  await using app = await startApp();
  const first = (await signIn(app, ADMIN.email, ADMIN.password)).data.signIn;
  const second = (await signIn(app, ADMIN.email, ADMIN.password, first.token)).data.signIn;
  for (const { token } of [first, second]) {
    assert.equal(Uint8Array.fromBase64(token, { alphabet: "base64url" }).length, 32);
  }
  assert.notEqual(first.token, second.token);
  assert.notEqual(first.session.id, second.session.id);
  assert.equal((await app.graphql(SESSIONS, {}, first.token)).errors?.[0]?.extensions.code, "UNAUTHENTICATED");
  const { viewer } = await app.ask(SESSIONS, {}, second.token);
  assert.ok(viewer.sessions.some(({ id }: Data) => id === second.session.id));
});

Deno.test("a wrong sign-in in a session leaves it", async () => {
  await using app = await startApp();
  await signIn(app, ADMIN.email, WRONG, app.token);
  assert.equal((await app.ask(SESSIONS, {}, app.token)).viewer.sessions.length, 1);
});

const CHANGES: Record<string, (app: RunningApp, person: Person) => Promise<unknown> | unknown> = {
  "gets another password": async (app, { email }) => {
    const hash = await createPasswords(4).hash("an entirely new one");
    write(app, (database) => database.prepare("UPDATE users SET password_hash = ? WHERE email = ?").run(hash, email));
  },
  "is disabled": (app, { id }) => app.ask(UPDATE, { input: { id, status: "DISABLED" } }, app.token),
  "is deleted": (app, { id }) => app.ask(`mutation ($id: ID!) { deleteUser(id: $id) }`, { id }, app.token),
};

for (const [what, change] of Object.entries(CHANGES)) {
  Deno.test(`a sign-in under way when the account ${what} is refused and leaves no session`, async () => {
    await using app = await startApp();
    const person = await addPerson(app);
    using kv = await openKv(`${app.dataDir}/kv.db`);
    const sessions = () => Array.fromAsync(kv.list({ prefix: ["sessions"] }));
    const before = new Set((await sessions()).map(({ key }) => key.join()));
    const signingIn = signIn(app, person.email, ADMIN.password);
    // The try is in the file before the password is checked, which takes a quarter of a second.
    while ((await Array.fromAsync(kv.list({ prefix: ["lockouts"] }))).length === 0);
    // By this answer the server has gone on to the check.
    await app.ask(SESSIONS, {}, app.token);
    await change(app, person);
    assert.equal((await signingIn).errors?.[0]?.extensions.code, "INVALID_CREDENTIALS");
    assert.deepEqual((await sessions()).filter(({ key }) => !before.has(key.join())), []);
    const [failed] = securityEvents(app, "user.sign_in.failed");
    assert.deepEqual(failed?.details, { reason: "changed" });
  });
}

Deno.test("passwords are checked off the event loop: other requests are answered while eight people sign in", async () => {
  await using app = await startApp();
  const signedIn = Promise.all(Array.from({ length: 8 }, () => app.signIn()));
  const delays: number[] = [];
  let isOver = false;
  void signedIn.finally(() => isOver = true);
  while (!isOver) {
    const startedAt = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 5));
    delays.push(performance.now() - startedAt - 5);
  }
  assert.equal(new Set(await signedIn).size, 8);
  const median = delays.toSorted((a, b) => a - b)[Math.floor(delays.length / 2)] ?? Infinity;
  // On the event loop each would hold it for a quarter of a second, and no timer would come in between.
  assert.ok(median < 50 && delays.length > 8, `${delays.length} timers, ${median} ms late in the middle`);
});
