import assert from "node:assert/strict";
import { openKv } from "../src/kv/kv.ts";
import { createAccessToken } from "./support/captures.ts";
import { movableClock } from "./support/movable_clock.ts";
import { addPerson } from "./support/people.ts";
import { ADMIN, type Data, type RunningApp, startApp } from "./support/running_app.ts";
import { securityEvents } from "./support/security_events.ts";

const PROJECT = new URL("..", import.meta.url).pathname;
const MINUTE_MS = 60_000;
const SIGN_IN = `mutation ($input: SignInInput!) { signIn(input: $input) { user { lockedUntil } } }`;
const LOCKED_UNTIL = `query ($id: ID!) { user(id: $id) { lockedUntil } }`;
const WRONG = "not the right one";

async function signIn({ graphql }: Pick<RunningApp, "graphql">, email: string, password: string): Promise<string> {
  return (await graphql(SIGN_IN, { input: { email, password } })).errors?.[0]?.extensions.code ?? "ok";
}

function guess(app: RunningApp, email: string, count: number): Promise<string[]> {
  return Promise.all(Array.from({ length: count }, () => signIn(app, email, WRONG)));
}

Deno.test("a hundred passwords at once count as a hundred, five are checked, and a right one among them is refused", async () => {
  const clock = movableClock();
  // The sign-in that made the template of the data folder is not to count.
  clock.advance(5 * MINUTE_MS);
  // On a busy machine they wait longer for one another than an operation may take.
  await using app = await startApp({ clock, operationDeadlineMs: 60_000 });
  const { id, email } = await addPerson(app);
  await app.ask(
    `mutation { setRateLimit(input: { action: "sign_in", limit: 100, windowSeconds: 300 }) { limit } }`,
    {},
    app.token,
  );
  const guesses = guess(app, email, 99);
  while (securityEvents(app, "user.locked").length === 0) {
    await fetch(`${app.url}/health/live`).then(({ body }) => body?.cancel());
  }
  const right = await Promise.all([signIn(app, email, ADMIN.password), signIn(app, email, ADMIN.password)]);
  assert.deepEqual(right.sort(), ["INVALID_CREDENTIALS", "RATE_LIMITED"], "all of the hundred counted");
  assert.deepEqual(new Set(await guesses), new Set(["INVALID_CREDENTIALS"]));
  const failed = securityEvents(app, "user.sign_in.failed");
  const reasons = Object.groupBy(failed, ({ details }) => String(details["reason"]));
  assert.deepEqual([reasons["wrong_password"]?.length, reasons["locked"]?.length], [5, 95]);
  assert.equal(securityEvents(app, "user.locked").length, 1);
  clock.advance(5 * MINUTE_MS);
  const { user } = await app.ask(LOCKED_UNTIL, { id }, app.token);
  assert.ok(Math.abs(Date.parse(user.lockedUntil) - clock.now() - 9 * MINUTE_MS) < MINUTE_MS, user.lockedUntil);
  await app.ask(`mutation ($id: ID!) { unlockUser(id: $id) { lockedUntil } }`, { id }, app.token);
  assert.equal(await signIn(app, email, ADMIN.password), "ok");
  assert.equal(securityEvents(app, "user.unlocked").length, 1);
});

Deno.test("a lock outlives a restart and ends by the clock, and the next one is longer", async () => {
  const clock = movableClock();
  const dataDir = await Deno.makeTempDir();
  const restarted = () => startApp({ dataDir, clock });
  {
    await using app = await restarted();
    await guess(app, ADMIN.email, 5);
  }
  for (const minutes of [15, 30]) {
    await using app = await restarted();
    assert.equal(await signIn(app, ADMIN.email, ADMIN.password), "INVALID_CREDENTIALS");
    clock.advance(minutes * MINUTE_MS - 30_000);
    assert.equal(await signIn(app, ADMIN.email, ADMIN.password), "INVALID_CREDENTIALS", `within ${minutes} minutes`);
    clock.advance(31_000);
    if (minutes === 15) await guess(app, ADMIN.email, 5);
    else assert.deepEqual((await app.ask(SIGN_IN, { input: ADMIN })).signIn, { user: { lockedUntil: null } });
  }
  await Deno.remove(dataDir, { recursive: true });
});

Deno.test("a wrong present password counts towards the same lock, which keeps the right one out too", async () => {
  await using app = await startApp();
  const { email, token } = await addPerson(app);
  const change = async (currentPassword: string) => {
    const input = { currentPassword, newPassword: "an entirely new one" };
    const query = `mutation ($input: ChangePasswordInput!) { changePassword(input: $input) }`;
    return (await app.graphql(query, { input }, token)).errors?.[0]?.extensions.code ?? "ok";
  };
  await guess(app, email, 3);
  assert.deepEqual([await change(WRONG), await change(WRONG)], ["INVALID_CREDENTIALS", "INVALID_CREDENTIALS"]);
  assert.equal(await change(ADMIN.password), "INVALID_CREDENTIALS");
  assert.equal(await signIn(app, email, ADMIN.password), "INVALID_CREDENTIALS");
  const [, , , ...failed] = securityEvents(app, "user.sign_in.failed");
  assert.deepEqual(failed.slice(0, 3).map(({ details }) => details), [
    { reason: "wrong_password", operation: "changePassword" },
    { reason: "wrong_password", operation: "changePassword" },
    { reason: "locked", operation: "changePassword" },
  ]);
});

Deno.test("a lock ends nobody's sessions and tokens: who is signed in goes on", async () => {
  await using app = await startApp();
  const { email, token } = await addPerson(app);
  const accessToken = await createAccessToken(app, token, { scopes: ["ELEMENTS_READ"] });
  await guess(app, email, 5);
  assert.equal(await signIn(app, email, ADMIN.password), "INVALID_CREDENTIALS");
  for (const credential of [token, accessToken]) {
    assert.equal((await app.ask(`{ viewer { email } }`, {}, credential)).viewer.email, email);
  }
});

Deno.test("passwords that are being checked when the server is killed count as wrong", async () => {
  await using template = await startApp();
  const dataDir = template.dataDir;
  await template.stop();
  await using process = await startProcess(dataDir);
  const guesses = Promise.allSettled(Array.from({ length: 5 }, () => signIn(process, ADMIN.email, WRONG)));
  {
    using kv = await openKv(`${dataDir}/kv.db`);
    const tries = async () => {
      const [lockout] = await Array.fromAsync(kv.list<{ tries: number[] }>({ prefix: ["lockouts"] }));
      return lockout?.value.tries.length ?? 0;
    };
    while (await tries() < 5);
  }
  await process.kill();
  await guesses;
  await using app = await startApp({ dataDir });
  assert.equal(await signIn(app, ADMIN.email, ADMIN.password), "INVALID_CREDENTIALS");
  assert.deepEqual(securityEvents(app, "user.sign_in.failed").map(({ details }) => details["reason"]), ["locked"]);
});

interface Process extends AsyncDisposable {
  graphql(query: string, variables: Data): Promise<Data>;
  kill(): Promise<void>;
}

async function startProcess(dataDir: string): Promise<Process> {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-all", "src/main.ts", "start"],
    cwd: PROJECT,
    env: { FINGERPOST_DATA_DIR: dataDir, FINGERPOST_PORT: "0", FINGERPOST_LOG_LEVEL: "error" },
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!/^Listening on .*\n/m.test(text)) text += (await reader.read()).value ?? "";
  const [, url] = /^Listening on (.*)$/m.exec(text) ?? [];
  let ended: Promise<void> | null = null;
  const kill = () =>
    ended ??= (async () => {
      process.kill("SIGKILL");
      while (!(await reader.read()).done);
      await process.status;
    })();
  return {
    graphql: async (query, variables) => {
      const headers = { "content-type": "application/json" };
      const response = await fetch(`${url}/graphql`, {
        method: "POST",
        headers,
        body: JSON.stringify({ query, variables }),
      });
      return await response.json();
    },
    kill,
    [Symbol.asyncDispose]: kill,
  };
}
