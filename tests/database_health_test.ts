import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { capture, createProject } from "./support/captures.ts";
import { startApp } from "./support/running_app.ts";
import { runTask } from "./support/tasks.ts";

interface Report {
  healthy: boolean;
  checks: { name: string; state: string; message: string }[];
  files: {
    "fingerpost.db": {
      tables: { name: string; rows: number; bytes: number }[];
      walBytes: number;
      pages: number;
      freePages: number;
    };
  };
  statements: { statements: { sql: string; count: number; totalMs: number; p95Ms: number }[] };
  lastBackup: { path: string; madeAt: number; isWhole: boolean } | null;
  diskFreeBytes: number;
}

async function health(dataDir: string): Promise<Report & { code: number }> {
  const { code, stdout, stderr } = await runTask("db:health", ["--json"], dataDir);
  assert.ok(stdout.startsWith("{"), stderr);
  return { code, ...JSON.parse(stdout) };
}

const states = ({ checks }: Report) => Object.fromEntries(checks.map(({ name, state }) => [name, state]));

Deno.test("db:health beside a running server tells that all is well, sizes, counts and slow statements", async () => {
  await using app = await startApp();
  await createProject(app, app.token);
  for (let index = 0; index < 5; index++) await capture(app, app.token);
  const running = await health(app.dataDir);
  assert.deepEqual([running.code, running.healthy], [0, true]);
  assert.deepEqual(states(running), {
    integrity: "ok",
    "foreign keys": "ok",
    migrations: "ok",
    drift: "ok",
    "write-ahead log": "ok",
    disk: "ok",
    backup: "warning",
  });
  const { tables, pages, freePages } = running.files["fingerpost.db"];
  assert.ok(pages > 0 && freePages >= 0 && freePages < pages);
  const elements = tables.find(({ name }) => name === "elements");
  assert.equal(elements?.rows, 5);
  assert.ok((elements?.bytes ?? 0) > 4_096 && running.diskFreeBytes > 0);
  assert.equal((await runTask("db:backup", [], app.dataDir)).code, 0);
  await app.stop();
  const stopped = await health(app.dataDir);
  assert.equal(states(stopped)["backup"], "ok");
  assert.ok(
    stopped.lastBackup !== null && stopped.lastBackup.isWhole && stopped.lastBackup.madeAt > Date.now() - 60_000,
  );
  const inserted = stopped.statements.statements.find(({ sql }) => sql.includes("INSERT INTO elements "));
  assert.ok(inserted !== undefined && inserted.count === 5 && inserted.p95Ms > 0 && inserted.totalMs >= inserted.p95Ms);
  const { stdout } = await runTask("db:health", [], app.dataDir);
  assert.match(stdout, /^ok +integrity\n/);
  assert.match(stdout, /\nelements +5 +\d+\.\d kB\n/);
});

Deno.test("db:health ends with 1 and says what is failing: damage, orphans, drift, pending migrations, failed backups", async () => {
  await using app = await startApp();
  await app.stop();
  const { dataDir } = app;
  const path = `${dataDir}/fingerpost.db`;
  const sound = Deno.readFileSync(path);
  const failing = async () => {
    const report = await health(dataDir);
    assert.deepEqual([report.code, report.healthy], [1, false]);
    return report.checks.filter(({ state }) => state === "failing").map(({ name, message }) => `${name}: ${message}`);
  };
  const change = (statements: string) => {
    using database = new DatabaseSync(path, { enableForeignKeyConstraints: false });
    database.exec(statements);
  };
  change(
    "INSERT INTO project_members VALUES ('01a20acd-0000-7000-8000-000000000000', (SELECT id FROM users), 'OWNER', 0)",
  );
  assert.deepEqual(await failing(), ["foreign keys: 1 of project_members"]);
  Deno.writeFileSync(path, sound);
  change(
    "CREATE INDEX by_hand ON users (name); DELETE FROM migrations WHERE version = (SELECT max(version) FROM migrations)",
  );
  const [migrations, drift] = await failing();
  assert.match(migrations ?? "", /^migrations: \d{14} pending$/);
  assert.match(drift ?? "", /^drift: .*index by_hand is in the database and in no migration/);
  Deno.writeFileSync(path, sound);
  Deno.writeTextFileSync(`${dataDir}/backup_failure.json`, JSON.stringify({ failedAt: 1, reason: "no room" }));
  assert.deepEqual(await failing(), ["backup: the latest failed: no room"]);
  Deno.removeSync(`${dataDir}/backup_failure.json`);
  const damaged = sound.slice();
  damaged.fill(0, damaged.length - 3 * 4_096, damaged.length - 4_096);
  Deno.writeFileSync(path, damaged);
  assert.match((await failing()).join(), /^integrity: /);
});

Deno.test("db:health reads the latest backup again, and fails where a byte of it was changed or its end is gone", async () => {
  await using app = await startApp();
  await app.stop();
  assert.equal((await runTask("db:backup", [], app.dataDir)).code, 0);
  const { lastBackup } = await health(app.dataDir);
  const path = lastBackup?.path ?? "";
  const sound = Deno.readFileSync(path);
  const changed = sound.slice();
  changed[sound.length >> 1] = (changed[sound.length >> 1] ?? 0) ^ 1;
  for (const bytes of [changed, sound.slice(0, -10_000), sound.slice(0, 3)]) {
    Deno.writeFileSync(path, bytes);
    const report = await health(app.dataDir);
    assert.deepEqual([report.code, report.lastBackup?.isWhole, states(report)["backup"]], [1, false, "failing"]);
  }
  const { code, stdout } = await runTask("db:health", [], app.dataDir);
  assert.equal(code, 1);
  assert.match(stdout, /\nfailing +backup: .*\.tar was cut or changed\n/);
  assert.match(stdout, /, last backup 2\S+Z, 3 B, cut or changed\n/);
});

Deno.test("db:health says in one line that there is nothing to look over", async () => {
  const folder = await Deno.makeTempDir();
  const { code, stdout, stderr } = await runTask("db:health", [], folder);
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(stderr, /^Cannot look ".*fingerpost\.db" over: there is no database\n$/);
  assert.deepEqual([...Deno.readDirSync(folder)], []);
  await Deno.remove(folder);
});
