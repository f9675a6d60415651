import assert from "node:assert/strict";
import { createAccessToken } from "./support/captures.ts";
import { addPerson, write } from "./support/people.ts";
import { type RunningApp, startApp } from "./support/running_app.ts";
import { runTask } from "./support/tasks.ts";

const SET = `mutation ($key: String!, $value: JSON!, $secret: Boolean) {
  setConfig(key: $key, value: $value, secret: $secret) { key value secret updatedAt }
}`;
const LIST = `{ appConfig { key value secret updatedAt } }`;

const set = (app: RunningApp, key: string, value: unknown, secret?: boolean) =>
  app.graphql(SET, { key, value, ...(secret === undefined ? {} : { secret }) }, app.token);
const code = async (answer: ReturnType<RunningApp["graphql"]>) => (await answer).errors?.[0]?.extensions.code ?? "ok";
const values = async (app: RunningApp) =>
  Object.fromEntries(
    (await app.ask(LIST, {}, app.token)).appConfig.map((
      entry: { key: string; value: unknown },
    ) => [entry.key, entry.value]),
  );
const stored = (app: Pick<RunningApp, "dataDir">, key: string) =>
  write(app, (database) => database.prepare("SELECT value FROM app_config WHERE key = ?").get(key)?.["value"]);
const keysOf = (dataDir: string) => Deno.readTextFileSync(`${dataDir}/secret.key`).trim().split("\n");

Deno.test("an admin reads and changes the documented settings, and a secret one is shown to nobody", async () => {
  await using app = await startApp();
  assert.deepEqual(await values(app), {
    "instance.name": "Fingerpost",
    "audit.retention_days": null,
    "mcp.retention_days": 30,
    "turn.urls": [],
    "turn.secret": null,
  });
  const named = await set(app, "instance.name", "Team");
  assert.equal(named.data.setConfig.value, "Team");
  const { data } = await set(app, "turn.secret", "marker-of-a-secret");
  assert.deepEqual([data.setConfig.value, data.setConfig.secret], [null, true]);
  assert.equal(await code(set(app, "turn.urls", ["turn:turn.example.org:3478?transport=udp", "stun:[::1]"])), "ok");
  assert.deepEqual(await values(app), {
    "instance.name": "Team",
    "audit.retention_days": null,
    "mcp.retention_days": 30,
    "turn.urls": ["turn:turn.example.org:3478?transport=udp", "stun:[::1]"],
    "turn.secret": null,
  });
  assert.equal(await code(set(app, "instance.name", "hidden-name", true)), "ok");
  assert.equal((await values(app))["instance.name"], null, "sealed because it was asked for");
  assert.equal(await code(set(app, "instance.name", "hidden-too")), "ok");
  assert.equal((await values(app))["instance.name"], null, "and stays so");
  const details = write(
    app,
    (database) => JSON.stringify(database.prepare("SELECT * FROM security_events WHERE kind = 'config.changed'").all()),
  );
  assert.match(details, /turn\.secret/);
  await app.stop();
  for (const name of ["fingerpost.db", "kv.db"]) {
    const bytes = new TextDecoder("latin1").decode(Deno.readFileSync(`${app.dataDir}/${name}`));
    for (const marker of ["marker-of-a-secret", "hidden-name", "hidden-too"]) assert.ok(!bytes.includes(marker), name);
  }
});

Deno.test("setConfig refuses unknown keys, values that don't fit, and showing what is secret", async () => {
  await using app = await startApp();
  for (
    const [key, value, secret] of [
      ["log.level", "debug"],
      ["__proto__", 1],
      ["", 1],
      ["instance.name", ""],
      ["instance.name", 5],
      ["instance.name", "x".repeat(101)],
      ["instance.name", "a\0b"],
      ["audit.retention_days", 29],
      ["turn.urls", "turn:a"],
      ["turn.urls", ["http://a"]],
      ["turn.urls", Array(9).fill("turn:a")],
      ["turn.secret", ""],
      ["turn.secret", { a: 1 }],
      ["turn.secret", "x", false],
    ] as [string, unknown, boolean?][]
  ) assert.equal(await code(set(app, key, value, secret)), "INVALID_INPUT", `${key} ${JSON.stringify(value)}`);
  assert.equal(stored(app, "turn.secret"), undefined);
});

Deno.test("settings are for an admin's session alone", async () => {
  await using app = await startApp();
  const { token } = await addPerson(app);
  const accessToken = await createAccessToken(app, app.token, { scopes: ["AUDIT_READ"] });
  for (
    const [who, expected] of [[null, "UNAUTHENTICATED"], [token, "FORBIDDEN"], [accessToken, "FORBIDDEN"]] as const
  ) {
    assert.equal(await code(app.graphql(LIST, {}, who)), expected);
    assert.equal(await code(app.graphql(SET, { key: "instance.name", value: "x" }, who)), expected);
  }
});

Deno.test("a sealed value that somebody moved to another row is not taken for that row's", async () => {
  await using app = await startApp();
  await set(app, "turn.secret", "the secret");
  await set(app, "instance.name", "a name", true);
  write(app, (database) => {
    database.exec(
      "UPDATE app_config SET value = (SELECT value FROM app_config WHERE key = 'turn.secret') WHERE key = 'instance.name'",
    );
  });
  assert.equal(await code(app.graphql(LIST, {}, app.token)), "ok", "the list is still there");
  await app.stop();
  const rekeyed = await runTask("db:rekey", [], app.dataDir);
  assert.match(rekeyed.stderr, /2 values are sealed with it, 1 can't be opened by any key/);
});

Deno.test("db:rekey beside a running server takes hold at its restart, and the old key goes", async () => {
  await using app = await startApp();
  await set(app, "turn.secret", "the secret");
  const [old] = keysOf(app.dataDir);
  const before = stored(app, "turn.secret");
  for (let round = 1; round <= 2; round++) {
    const { code, stderr } = await runTask("db:rekey", [], app.dataDir);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /Restart the server/);
  }
  assert.equal(keysOf(app.dataDir).length, 3);
  assert.equal(keysOf(app.dataDir)[2], old, "the old key is there as long as something is sealed with it");
  assert.deepEqual(stored(app, "turn.secret"), before);
  await set(app, "instance.name", "sealed by the old key", true);
  await app.stop();
  await using again = await startApp({ dataDir: app.dataDir });
  assert.equal(keysOf(app.dataDir).length, 1);
  assert.notEqual(keysOf(app.dataDir)[0], old);
  assert.notDeepEqual(stored(again, "turn.secret"), before);
  await again.stop();
  // Only the new key opens them now, the two keys of the audit log among them: a rekey that opened nothing would say so.
  assert.match(
    (await runTask("db:rekey", [], app.dataDir)).stderr,
    /^4 values are sealed with it; the old key is gone\n$/,
  );
});

Deno.test("a rekey that was killed between its steps leaves everything readable", async () => {
  await using app = await startApp();
  await set(app, "turn.secret", "the secret");
  await app.stop();
  const [old = ""] = keysOf(app.dataDir);
  const fresh = new Uint8Array(32).fill(7).toBase64();
  // After the new key was written, before anything was sealed with it.
  Deno.writeTextFileSync(`${app.dataDir}/secret.key`, `${fresh}\n${old}\n`);
  await (await startApp({ dataDir: app.dataDir })).stop();
  assert.deepEqual(keysOf(app.dataDir), [fresh]);
  // After everything was sealed, before the old key was dropped.
  Deno.writeTextFileSync(`${app.dataDir}/secret.key`, `${fresh}\n${old}\n`);
  await (await startApp({ dataDir: app.dataDir })).stop();
  assert.deepEqual(keysOf(app.dataDir), [fresh]);
  assert.match(
    (await runTask("db:rekey", [], app.dataDir)).stderr,
    /^3 values are sealed with it; the old key is gone\n$/,
  );
});

Deno.test("a key from the environment is changed there: the new one first, the old one behind it", async () => {
  const [old, fresh] = [1, 2].map((fill) => new Uint8Array(32).fill(fill).toBase64());
  await using app = await startApp({ environment: { FINGERPOST_SECRET_KEY: old ?? "" } });
  await set(app, "turn.secret", "the secret");
  const refused = await runTask("db:rekey", [], app.dataDir, { FINGERPOST_SECRET_KEY: old ?? "" });
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /^Cannot change FINGERPOST_SECRET_KEY from here: .*\n$/);
  const before = stored(app, "turn.secret");
  await app.stop();
  await (await startApp({ dataDir: app.dataDir, environment: { FINGERPOST_SECRET_KEY: `${fresh} ${old}` } })).stop();
  assert.notDeepEqual(stored(app, "turn.secret"), before);
  await (await startApp({ dataDir: app.dataDir, environment: { FINGERPOST_SECRET_KEY: fresh ?? "" } })).stop();
});
