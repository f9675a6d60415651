import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { createMigrationIn } from "../src/app/database_migrations.ts";
import { readMigrationReport } from "../src/database/migrations.ts";
import { startApp } from "./support/running_app.ts";
import { runTask } from "./support/tasks.ts";

const MIGRATIONS = new URL("../migrations/", import.meta.url);
const versions = Array.from(Deno.readDirSync(MIGRATIONS), ({ name }) => name.slice(0, 14)).sort();
const [latest = "", previous = ""] = versions.toReversed();

const names = (folder: string) => Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();

async function withFolder(work: (dataDir: string) => Promise<void>): Promise<void> {
  const parent = await Deno.makeTempDir({ prefix: "fingerpost tasks " });
  try {
    await work(`${parent}/data`);
  } finally {
    await Deno.remove(parent, { recursive: true });
  }
}

Deno.test("db:init, db:status, db:rollback and db:migrate go through the versions, and exit codes tell what holds", async () => {
  await withFolder(async (dataDir) => {
    const status = async () => {
      const { code, stdout } = await runTask("db:status", ["--json"], dataDir);
      const { upToDate, migrations, drift } = JSON.parse(stdout);
      assert.equal(upToDate, code === 0);
      return [code, migrations.filter(({ state }: { state: string }) => state === "pending").length, drift.length];
    };
    assert.deepEqual(await status(), [1, versions.length, 0]);
    const all = await runTask("db:migrate", ["--dry-run"], dataDir);
    assert.match(all.stdout, /^Would apply 20261124000100_users\n[^]*\n\+ table users\n/);
    assert.deepEqual([all.code, all.stderr], [0, ""]);
    assert.ok(!await Deno.stat(dataDir).then(() => true, () => false), "looking makes nothing");
    const init = await runTask("db:init", [], dataDir);
    assert.equal(init.code, 0, init.stderr);
    assert.equal(init.stdout.trim().split("\n").length, versions.length);
    assert.match(init.stdout, /^Applied 20261124000100_users in \d+\.\d ms\n/);
    assert.deepEqual([(await runTask("db:init", [], dataDir)).code, await status()], [0, [0, 0, 0]]);
    assert.match(
      (await runTask("db:rollback", ["--allow-destructive"], dataDir)).stdout,
      new RegExp(`^Rolled back ${latest}_\\w+ in`),
    );
    assert.deepEqual(await status(), [1, 1, 0]);
    const dry = await runTask("db:migrate", ["--dry-run"], dataDir);
    assert.match(dry.stdout, new RegExp(`^Would apply ${latest}_\\w+\n[+~] (?:table|index)`));
    assert.deepEqual(await status(), [1, 1, 0]);
    assert.equal((await runTask("db:migrate", ["--to", previous], dataDir)).stdout, "");
    assert.match((await runTask("db:migrate", [], dataDir)).stdout, new RegExp(`^Applied ${latest}_`));
    const unknown = await runTask("db:migrate", ["--to", "20990101000000"], dataDir);
    assert.deepEqual([unknown.code, unknown.stderr], [
      2,
      `Cannot migrate to "20990101000000": there is no such version\n`,
    ]);
    using database = new DatabaseSync(`${dataDir}/fingerpost.db`);
    database.exec("CREATE INDEX by_hand ON users (name)");
    assert.deepEqual(await status(), [1, 0, 1]);
    const text = await runTask("db:status", [], dataDir);
    assert.match(text.stdout, /\ndrifted +index by_hand is in the database and in no migration\n$/);
  });
});

Deno.test("tasks that change the schema refuse a running server; those that look, and one with nothing to do, don't", async () => {
  await using app = await startApp();
  for (
    const [task, args] of [["db:rollback", []], ["db:reset", ["--yes"]], ["db:init", []], ["db:migrate", [
      "--to",
      previous,
    ]], ["db:migrate", ["--dry-run", "--to", previous]]] as const
  ) {
    const { code, stdout, stderr } = await runTask(task, [...args], app.dataDir);
    assert.deepEqual([code, stdout], [1, ""], task);
    assert.match(stderr, /^Cannot use the data folder ".*": another server has it open\n$/);
  }
  for (const args of [[], ["--dry-run"]]) {
    const { code, stderr } = await runTask("db:migrate", args, app.dataDir);
    assert.deepEqual([code, stderr], [0, "Nothing is pending\n"]);
  }
  assert.equal((await runTask("db:status", [], app.dataDir)).code, 0);
  assert.equal((await app.graphql(`{ viewer { id } }`, {}, app.token)).errors, undefined);
});

Deno.test("db:reset --yes backs up what there is and starts anew", async () => {
  await using app = await startApp();
  await app.stop();
  const { dataDir } = app;
  const before = Deno.readFileSync(`${dataDir}/fingerpost.db`);
  assert.equal((await runTask("db:reset", [], dataDir)).code, 2);
  assert.deepEqual(Deno.readFileSync(`${dataDir}/fingerpost.db`), before);
  const { code, stderr } = await runTask("db:reset", ["--yes"], dataDir);
  assert.equal(code, 0, stderr);
  assert.equal((Deno.statSync(`${dataDir}/fingerpost.db`).mode ?? 0) & 0o777, 0o600);
  using database = new DatabaseSync(`${dataDir}/fingerpost.db`);
  assert.equal(database.prepare("SELECT count(*) AS n FROM users").get()?.["n"], 0);
  database.close();
  const [backup = ""] = names(`${dataDir}/backups`);
  assert.equal((await runTask("db:restore", [backup, "--yes"], dataDir)).code, 0);
  await using again = await startApp({ dataDir });
  assert.equal(
    (await again.graphql(`{ viewer { id } }`, {}, app.token)).data.viewer === null,
    false,
    "also the session",
  );
});

Deno.test("beside a schema that is not up to date db:backup makes its archive all the same, and db:rekey changes nothing", async () => {
  await withFolder(async (dataDir) => {
    assert.equal((await runTask("db:migrate", ["--to", versions[0] ?? ""], dataDir)).code, 0);
    const backup = await runTask("db:backup", [], dataDir);
    assert.equal(backup.code, 0, backup.stderr);
    assert.match(backup.stderr, /^The audit log was not told: no such table: \w+\n\d+ bytes/);
    assert.equal(names(`${dataDir}/backups`).length, 1);
    const rekey = await runTask("db:rekey", [], dataDir);
    assert.deepEqual([rekey.code, rekey.stdout, rekey.stderr], [
      1,
      "",
      "Cannot change the key: run `deno task db:migrate` first\n",
    ]);
    assert.equal(Deno.readTextFileSync(`${dataDir}/secret.key`).trim().split("\n").length, 1);
  });
});

Deno.test("db:create makes a migration later than all others, which can't run before it is written", async () => {
  const before = names(MIGRATIONS.pathname);
  await withFolder(async (dataDir) => {
    for (const name of ["", "Element labels", "../x", "a-b"]) {
      assert.equal((await runTask("db:create", [name], dataDir)).code, 2, name);
    }
    assert.equal((await runTask("db:create", [], dataDir)).code, 2);
  });
  assert.deepEqual(names(MIGRATIONS.pathname), before);
  const folder = await Deno.makeTempDir({ prefix: "fingerpost_create_" });
  try {
    const path = await createMigrationIn(folder, "element_labels");
    assert.match(path, /\/\d{14}_element_labels\.sql$/);
    assert.equal(Deno.readTextFileSync(path), "-- up\n\n\n-- down\n\n");
    Deno.renameSync(path, `${folder}/20990101000000_later.sql`);
    await assert.rejects(createMigrationIn(folder, "element_labels"), { code: "CONFLICT" });
    await assert.rejects(readMigrationReport(`${folder}/none.db`, folder), /_later\.sql" has an empty `-- up` part/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a file that is no database, is newer than the code, or can't be written is told of in one line and left as it is", async () => {
  await withFolder(async (dataDir) => {
    assert.equal((await runTask("db:init", [], dataDir)).code, 0);
    const path = `${dataDir}/fingerpost.db`;
    const sound = Deno.readFileSync(path);
    const refused = async (pattern: RegExp) => {
      const before = Deno.readFileSync(path);
      const { code, stdout, stderr } = await runTask("start", [], dataDir, { FINGERPOST_PORT: "0" });
      assert.deepEqual([code === 0, stdout], [false, ""]);
      assert.match(stderr, pattern);
      assert.equal(stderr.trim().split("\n").length, 1, stderr);
      assert.deepEqual(Deno.readFileSync(path), before);
    };
    Deno.writeTextFileSync(path, "somebody's notes ".repeat(500));
    await refused(/^Cannot open the database ".*fingerpost\.db": file is not a database\n$/);
    Deno.writeFileSync(path, sound);
    {
      using database = new DatabaseSync(path);
      database.exec("INSERT INTO migrations VALUES ('20990101000000', 'later', 'x', 0, 0)");
    }
    const { code } = await runTask("db:migrate", [], dataDir);
    assert.equal(code, 1, "it was called as it should be");
    await refused(
      /^Cannot migrate: "20990101000000_later\.sql" was applied but is missing: is the database newer than this code\?\n$/,
    );
    Deno.writeFileSync(path, sound.slice(0, sound.length - 4_096 * 3));
    await refused(/^Cannot .*(malformed|reach the database)/);
  });
});
