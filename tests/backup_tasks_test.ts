import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { beginRestore } from "../src/app/restore_journal.ts";
import { CAPTURE, capture, createProject, fullCaptureInput } from "./support/captures.ts";
import { type RunningApp, startApp } from "./support/running_app.ts";
import { runTask } from "./support/tasks.ts";

const names = (folder: string) => Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();

const events = (dataDir: string, kind: string) => {
  using database = new DatabaseSync(`${dataDir}/fingerpost.db`, { readOnly: true });
  return database.prepare("SELECT details FROM security_events WHERE kind = ?").all(kind).map((row) => row["details"]);
};

/** A stopped app with one element whose screenshot and session a restore has to bring back. */
async function withData(work: (app: RunningApp, elementId: string) => Promise<void>): Promise<void> {
  await using app = await startApp();
  await createProject(app, app.token);
  const png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
  const input = fullCaptureInput({ screenshot: { mimeType: "image/png", base64: png } });
  await work(app, (await app.ask(CAPTURE, { input }, app.token)).captureElement.id);
}

Deno.test("db:backup beside a running server, then db:restore, brings back elements, screenshots and sessions", async () => {
  await withData(async (app, elementId) => {
    const made = await runTask("db:backup", [], app.dataDir);
    assert.deepEqual([made.code, names(`${app.dataDir}/backups`).length], [0, 1], made.stderr);
    const [archive = ""] = names(`${app.dataDir}/backups`);
    assert.match(made.stdout, new RegExp(`/backups/${archive}\n$`));
    await app.ask(`mutation ($id: ID!) { deleteElement(id: $id) }`, { id: elementId }, app.token);
    await capture(app, app.token);
    const running = await runTask("db:restore", [archive, "--yes"], app.dataDir);
    assert.equal(running.code, 1);
    assert.match(running.stderr, /^Cannot use the data folder ".*": another server has it open\n$/);
    await app.stop();
    const asked = await runTask("db:restore", [archive], app.dataDir);
    assert.deepEqual([asked.code, /without --yes/.test(asked.stderr)], [2, true]);
    // As a restore leaves it that was killed while it unpacked.
    await Deno.mkdir(`${app.dataDir}/.restoring-killed`);
    const restored = await runTask("db:restore", [archive, "--yes"], app.dataDir);
    assert.ok(!names(app.dataDir).includes(".restoring-killed"));
    assert.equal(restored.code, 0, restored.stderr);
    const aside = names(app.dataDir).find((name) => name.startsWith("before-restore-")) ?? "";
    assert.ok(names(`${app.dataDir}/${aside}`).includes("fingerpost.db"), "the present data is kept");
    await using again = await startApp({ dataDir: app.dataDir });
    const { element, elements } = await again.ask(
      `query ($id: ID!) { element(id: $id) { note screenshot { byteSize } } elements { totalCount } }`,
      { id: elementId },
      app.token,
    );
    assert.ok(element.screenshot.byteSize > 0);
    assert.equal(elements.totalCount, 1);
    assert.deepEqual(events(app.dataDir, "database.restored"), [JSON.stringify({ archive })]);
    assert.equal(events(app.dataDir, "backup.made").length, 0, "it was made after what is in it");
  });
});

Deno.test("db:restore refuses what is damaged, foreign, missing or newer than the code, and changes nothing", async () => {
  await withData(async (app) => {
    await app.stop();
    const { dataDir } = app;
    assert.equal((await runTask("db:backup", ["--to", "sound.tar", "--with-key"], dataDir)).code, 0);
    const sound = Deno.readFileSync(`${dataDir}/backups/sound.tar`);
    const changed = sound.slice();
    changed[sound.length >> 1] = (changed[sound.length >> 1] ?? 0) ^ 1;
    Deno.writeFileSync(`${dataDir}/backups/changed.tar`, changed);
    Deno.writeFileSync(`${dataDir}/backups/cut.tar`, sound.slice(0, -100));
    Deno.writeTextFileSync(`${dataDir}/backups/foreign.tar`, "This is somebody's diary. ".repeat(100));
    const execute = (statements: string) => {
      using database = new DatabaseSync(`${dataDir}/fingerpost.db`);
      database.exec(statements);
    };
    execute("INSERT INTO migrations VALUES ('20990101000000', 'later', '', 0, 0)");
    assert.equal((await runTask("db:backup", ["--to", "newer.tar"], dataDir)).code, 0);
    execute("DELETE FROM migrations WHERE name = 'later'; UPDATE migrations SET sha256 = 'x' WHERE name = 'users'");
    assert.equal((await runTask("db:backup", ["--to", "edited.tar"], dataDir)).code, 0);
    const before = [names(dataDir), Deno.readFileSync(`${dataDir}/fingerpost.db`)];
    for (
      const [name, code, message] of [
        ["changed.tar", 1, /it was cut or changed/],
        ["cut.tar", 1, /it was cut or changed/],
        ["foreign.tar", 1, /it was cut or changed, or is none of ours/],
        ["newer.tar", 1, /its migration 20990101000000_later is not in this code: is the archive newer\?/],
        ["edited.tar", 1, /its migration 20261124000100_users is edited in this code/],
        ["nothing.tar", 1, /there is no such file/],
        ["../sound.tar", 2, /give a bare name/],
      ] as const
    ) {
      const { code: got, stderr } = await runTask("db:restore", [name, "--yes"], dataDir);
      assert.equal(got, code, name);
      assert.match(stderr, message);
      assert.equal(stderr.trim().split("\n").length, 1);
      assert.deepEqual([names(dataDir), Deno.readFileSync(`${dataDir}/fingerpost.db`)], before, name);
    }
    const { code, stderr } = await runTask("db:backup", ["--to", "sound.tar"], dataDir);
    assert.deepEqual([code, /exists already/.test(stderr)], [2, true]);
  });
});

Deno.test("a restore that was killed between two files is finished by the next start", async () => {
  await withData(async (app, elementId) => {
    const { dataDir } = app;
    assert.equal((await runTask("db:backup", ["--to", "b.tar"], dataDir)).code, 0);
    await app.ask(`mutation ($id: ID!) { deleteElement(id: $id) }`, { id: elementId }, app.token);
    await app.stop();
    const { unpackBackup } = await import("../src/database/archives.ts");
    Deno.mkdirSync(`${dataDir}/.restoring-x`);
    const { files } = await unpackBackup(`${dataDir}/backups/b.tar`, `${dataDir}/.restoring-x`);
    await beginRestore(dataDir, {
      incoming: ".restoring-x",
      aside: "before-restore-x",
      archive: "b.tar",
      files: files.map(({ name }) => name),
    });
    // As a process leaves it that was killed after it had exchanged one file of two.
    Deno.mkdirSync(`${dataDir}/before-restore-x`);
    Deno.renameSync(`${dataDir}/kv.db`, `${dataDir}/before-restore-x/kv.db`);
    Deno.renameSync(`${dataDir}/.restoring-x/kv.db`, `${dataDir}/kv.db`);
    // What SQLite left beside the old file must not be replayed onto the new one.
    Deno.writeFileSync(`${dataDir}/fingerpost.db-wal`, new Uint8Array(5_000));
    for (const task of ["db:backup", "db:rekey"]) {
      const { code, stderr } = await runTask(task, [], dataDir);
      assert.deepEqual(
        [code, /a restore was broken off; the next start finishes it\n$/.test(stderr)],
        [1, true],
        stderr,
      );
    }
    await using again = await startApp({ dataDir });
    const { element } = await again.ask(`query ($id: ID!) { element(id: $id) { id } }`, { id: elementId }, app.token);
    assert.equal(element.id, elementId);
    assert.ok(
      !names(dataDir).some((name) => name === "restore.json" || name === ".restoring-x"),
      names(dataDir).join(),
    );
    assert.ok(names(`${dataDir}/before-restore-x`).includes("fingerpost.db-wal"));
    assert.equal(events(dataDir, "database.restored").length, 1);
  });
});

Deno.test("the server makes backups as scheduled, keeps the latest, and tells when one fails", async () => {
  await using app = await startApp({
    environment: { FINGERPOST_BACKUP_SCHEDULE: "* * * * * *", FINGERPOST_BACKUP_KEEP: "2" },
  });
  const folder = `${app.dataDir}/backups`;
  await until(() => events(app.dataDir, "backup.made").length >= 3);
  await until(() => names(folder).filter((name) => name.endsWith(".tar")).length <= 2);
  await Deno.rename(folder, `${folder}-aside`);
  await Deno.writeTextFile(folder, "in the way");
  await until(() => events(app.dataDir, "backup.failed").length > 0);
  assert.match(String(events(app.dataDir, "backup.failed")[0]), /Cannot make a backup: /);
  assert.match(Deno.readTextFileSync(`${app.dataDir}/backup_failure.json`), /Cannot make a backup: /);
  assert.equal((await app.graphql(`{ viewer { id } }`, {}, app.token)).errors, undefined, "the server goes on");
});

const WAIT_MS = 15_000;

async function until(holds: () => boolean): Promise<void> {
  const startedAt = performance.now();
  while (!holds()) {
    assert.ok(performance.now() - startedAt < WAIT_MS, "it did not happen in time");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
