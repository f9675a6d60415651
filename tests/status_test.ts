import assert from "node:assert/strict";
import { VERSION } from "../src/app/version.ts";
import { addPerson, write } from "./support/people.ts";
import { type Data, type RunningApp, startApp } from "./support/running_app.ts";

const STATUS = `{
  systemStatus { version healthy schemaVersion pendingMigrations databaseBytes lastBackupAt }
}`;

const MIGRATIONS = new URL("../migrations", import.meta.url);

async function statusOf(app: RunningApp, token = app.token): Promise<Data> {
  return (await app.ask(STATUS, {}, token)).systemStatus;
}

Deno.test("systemStatus tells an admin's session version, migrations, bytes and the last backup", async () => {
  await using app = await startApp();
  const [latest] = Array.from(Deno.readDirSync(MIGRATIONS), ({ name }) => name.slice(0, 14)).sort().reverse();
  const { databaseBytes, ...status } = await statusOf(app);
  assert.deepEqual(status, {
    version: VERSION,
    healthy: true,
    schemaVersion: latest,
    pendingMigrations: 0,
    lastBackupAt: null,
  });
  const { size } = Deno.statSync(`${app.dataDir}/fingerpost.db`);
  assert.ok(Number.isInteger(databaseBytes) && databaseBytes >= size && databaseBytes < size + 50_000_000);
  Deno.mkdirSync(`${app.dataDir}/backups`, { recursive: true });
  for (const name of ["fingerpost-20260102T030405Z.tar", "fingerpost-20260101T030405Z.tar", "mine.tar"]) {
    Deno.writeTextFileSync(`${app.dataDir}/backups/${name}`, "");
  }
  assert.equal((await statusOf(app)).lastBackupAt, "2026-01-02T03:04:05.000Z");
  const developer = await addPerson(app);
  const { errors } = await app.graphql(STATUS, {}, developer.token);
  assert.equal(errors?.[0]?.extensions.code, "FORBIDDEN");
});

Deno.test("systemStatus is not healthy after a failed backup, with a migration pending, or on a schema that drifted", async () => {
  await using app = await startApp();
  const failure = `${app.dataDir}/backup_failure.json`;
  Deno.writeTextFileSync(failure, JSON.stringify({ failedAt: 1, reason: "no room" }));
  assert.equal((await statusOf(app)).healthy, false);
  Deno.removeSync(failure);
  assert.equal((await statusOf(app)).healthy, true);
  const [entry] = write(app, (database) => {
    const rows = database.prepare("SELECT * FROM migrations ORDER BY version DESC LIMIT 1").all();
    database.exec("DELETE FROM migrations WHERE version = (SELECT max(version) FROM migrations)");
    return rows;
  });
  const { healthy, pendingMigrations, schemaVersion } = await statusOf(app);
  assert.deepEqual([healthy, pendingMigrations, schemaVersion < String(entry?.["version"])], [false, 1, true]);
  write(app, (database) => {
    database.prepare("INSERT INTO migrations VALUES (?, ?, ?, ?, ?)").run(...Object.values(entry ?? {}));
    database.exec("CREATE TABLE stray (id TEXT PRIMARY KEY) STRICT");
  });
  assert.equal((await statusOf(app)).healthy, true, "the schema is looked at when the server starts");
  await app.stop();
  await using again = await startApp({ dataDir: app.dataDir });
  assert.equal((await statusOf(again, app.token)).healthy, false);
});
