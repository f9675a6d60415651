import assert from "node:assert/strict";
import { createProject } from "./support/captures.ts";
import { startApp } from "./support/running_app.ts";
import { securityEvents } from "./support/security_events.ts";
import { runTask } from "./support/tasks.ts";

Deno.test("audit:export writes the log as JSON Lines beside a running server, and audit:verify --file holds it to its chain", async () => {
  await using app = await startApp();
  for (let index = 0; index < 5; index++) await createProject(app, app.token, `P${index}`);
  const path = `${app.dataDir}/log.jsonl`;
  const exported = await runTask("audit:export", ["--to", path], app.dataDir);
  assert.equal(exported.code, 0, exported.stderr);
  const lines = (await Deno.readTextFile(path)).trimEnd().split("\n");
  const events = lines.map((line) => JSON.parse(line)).filter(({ kind }) => kind !== undefined);
  assert.match(exported.stderr, new RegExp(`^${events.length} events exported\n$`));
  assert.deepEqual(
    events.slice(-5).map(({ kind, details }) => [kind, details]),
    Array(5).fill(["project.created", {}]),
  );
  assert.deepEqual(events.map(({ sequence }) => sequence), events.map((_, index) => index + 1));
  const whole = await runTask("audit:verify", ["--json", "--file", path], app.dataDir);
  assert.equal(whole.code, 0, whole.stderr);
  assert.equal(JSON.parse(whole.stdout).checked, events.length);
  assert.match((await runTask("audit:export", ["--to", path], app.dataDir)).stderr, /exists already/);

  const first = lines.findIndex((line) => line.includes(`"sequence":1,"id"`));
  const damaged: [string, string[], number][] = [
    [
      "changed",
      lines.map((line) => line.replace("127.0.0.1", "10.0.0.1")),
      events.find(({ ipAddress }) => ipAddress)?.sequence,
    ],
    ["cut", lines.slice(0, -2), events.length - 1],
    ["removed", lines.toSpliced(first + 2, 1), 3],
    [
      "with a field that no hash covers",
      lines.with(first + 1, lines[first + 1]?.replace("{", `{"by":"ada",`) ?? ""),
      2,
    ],
    ["no longer JSON", lines.with(first + 3, "{"), 4],
    ["given a line that is no event", [...lines, `{"sequence":999,"kind":"user.created"}`], events.length + 1],
  ];
  for (const [name, changed, sequence] of damaged) {
    await Deno.writeTextFile(path, changed.map((line) => `${line}\n`).join(""));
    const { code, stdout } = await runTask("audit:verify", ["--json", "--file", path], app.dataDir);
    assert.deepEqual([code, JSON.parse(stdout).firstBrokenSequence], [1, sequence], name);
  }
  // Somewhere else, with the secret key alone, and with another one.
  await Deno.writeTextFile(path, lines.map((line) => `${line}\n`).join(""));
  const key = (await Deno.readTextFile(`${app.dataDir}/secret.key`)).trim();
  const elsewhere = await runTask("audit:verify", ["--file", path], "/nonexistent", { FINGERPOST_SECRET_KEY: key });
  assert.match(elsewhere.stdout, /^The audit log holds: \d+ events/);
  const wrong = { FINGERPOST_SECRET_KEY: new Uint8Array(32).toBase64() };
  assert.equal((await runTask("audit:verify", ["--file", path], "/nonexistent", wrong)).code, 2);
  assert.match(
    (await runTask("audit:verify", ["--file", path], "/nonexistent")).stderr,
    /^Cannot verify without the secret key/,
  );
  await Deno.writeTextFile(path, "{}\n");
  assert.equal((await runTask("audit:verify", ["--file", path], app.dataDir)).code, 2);
  assert.equal((await runTask("audit:verify", ["--file", `${path}x`], app.dataDir)).code, 2);
});

Deno.test("an export that can't be written to its end says so in one line", async () => {
  await using app = await startApp();
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", "deno task --quiet audit:export 2>&1 >/dev/full"],
    env: { FINGERPOST_DATA_DIR: app.dataDir, NO_COLOR: "1" },
  }).output();
  assert.match(new TextDecoder().decode(stdout), /^Cannot write the export: No space left on device [^\n]*\n$/);
});

Deno.test("audit:verify and audit:export name the migration that a database still needs, and a rollback is in the log", async () => {
  await using app = await startApp();
  await app.stop();
  assert.equal((await runTask("db:rollback", [], app.dataDir)).code, 0);
  for (const task of ["audit:verify", "audit:export"]) {
    const { code, stderr } = await runTask(task, [], app.dataDir);
    assert.deepEqual([code, stderr], [1, "Cannot read the audit log: run `deno task db:migrate` first\n"]);
  }
  assert.equal((await runTask("db:migrate", [], app.dataDir)).code, 0);
  const told = securityEvents(app, "database.migrated").map(({ details }) => String(details["versions"]).split(" ")[0]);
  assert.deepEqual(told.slice(-2), ["rolled", "applied"]);
  assert.equal((await runTask("audit:verify", [], app.dataDir)).code, 0);
});
