import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { pipeline } from "node:stream/promises";
import { createWriteStream } from "node:fs";
import sql from "sql-template-tag";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import tar from "tar-stream";
import { unpackBackup, verifyBackup } from "../src/database/archives.ts";
import { backupPath, type BackupRequest, createBackup, listBackups, pruneBackups } from "../src/database/backups.ts";
import { type Database, openDatabase } from "../src/database/database.ts";
import { migrate } from "../src/database/migrations.ts";

const MIGRATIONS = new URL("../migrations", import.meta.url).pathname;
const clock = { now: () => Date.UTC(2026, 10, 24, 3, 0, 0, 120) };

interface Place {
  dataDir: string;
  database: Database;
  kv: Deno.Kv;
  request: BackupRequest;
}

async function withPlace(work: (place: Place) => Promise<void>): Promise<void> {
  const dataDir = await Deno.makeTempDir({ prefix: "fingerpost_backups_" });
  const [path, kvPath] = [`${dataDir}/fingerpost.db`, `${dataDir}/kv.db`];
  await migrate({ path, folder: MIGRATIONS, clock });
  const kv = await Deno.openKv(kvPath);
  try {
    await using database = openDatabase(path);
    const request = { database: path, kv: kvPath, others: {}, folder: `${dataDir}/backups`, version: "1.2.3", clock };
    await work({ dataDir, database, kv, request });
  } finally {
    kv.close();
    await Deno.remove(dataDir, { recursive: true });
  }
}

const insertProject = (database: Database, name: string) =>
  database.write((transaction) =>
    transaction.run(sql`
      INSERT INTO projects (id, name, created_at, updated_at) VALUES (${crypto.randomUUID()}, ${name}, 1, 1)`)
  );

Deno.test("createBackup() archives both files beside their writers, with a manifest that counts and hashes them", async () => {
  await withPlace(async ({ dataDir, database, kv, request }) => {
    for (let index = 0; index < 500; index++) await insertProject(database, `before ${index} ${"x".repeat(180)}`);
    await kv.set(["session"], "before");
    Deno.writeTextFileSync(`${dataDir}/audit.checkpoints`, "checkpoint");
    let goOn = true;
    let written = 0;
    const writing = (async () => {
      for (; goOn; written++) await Promise.all([insertProject(database, "during"), kv.set(["counter"], written)]);
    })();
    const phases: string[] = [];
    const made = await createBackup({
      ...request,
      others: { "audit.checkpoints": `${dataDir}/audit.checkpoints`, "secret.key": `${dataDir}/no.key` },
      onProgress: ({ phase, done }) => {
        if (phases.at(-1) !== phase) phases.push(phase);
        if (done > 0) Deno.writeTextFileSync(`${dataDir}/audit.checkpoints`, "checkpoint of later events");
      },
    });
    goOn = false;
    await writing;
    assert.ok(written > 10, `writers went on: ${written}`);
    assert.deepEqual(phases, ["copy", "verify", "archive", "check"]);
    assert.equal(made.path, `${request.folder}/fingerpost-20261124T030000Z.tar`);
    assert.equal((Deno.statSync(made.path).mode ?? 0) & 0o777, 0o600);
    assert.deepEqual([...Deno.readDirSync(request.folder)].length, 1, "nothing else is left in the folder");
    const { manifest } = made;
    assert.deepEqual(manifest.files.map(({ name }) => name), ["fingerpost.db", "kv.db", "audit.checkpoints"]);
    assert.deepEqual([manifest.format, manifest.version, manifest.madeAt], [1, "1.2.3", clock.now()]);
    assert.ok((manifest.rows["projects"] ?? 0) >= 500 && (manifest.rows["kv.kv"] ?? 0) >= 1);
    assert.deepEqual(await verifyBackup(made.path), manifest);
    const out = `${dataDir}/out`;
    Deno.mkdirSync(out);
    assert.deepEqual(await unpackBackup(made.path, out), manifest);
    using copy = new DatabaseSync(`${out}/fingerpost.db`, { readOnly: true });
    const before = copy.prepare("SELECT count(*) AS n FROM projects WHERE name LIKE 'before %'").get();
    assert.equal(before?.["n"], 500);
    assert.equal(Deno.readTextFileSync(`${out}/audit.checkpoints`), "checkpoint");
  });
});

Deno.test("an archive with any byte changed, cut anywhere, or with something behind its end is refused", async () => {
  await withPlace(async ({ dataDir, request }) => {
    const { path } = await createBackup(request);
    const sound = Deno.readFileSync(path);
    const attempt = async (bytes: Uint8Array) => {
      const copy = `${dataDir}/copy.tar`;
      Deno.writeFileSync(copy, bytes);
      const out = await Deno.makeTempDir({ dir: dataDir });
      return await unpackBackup(copy, out);
    };
    await attempt(sound);
    for (let index = 0; index < sound.length; index += Math.ceil(sound.length / 150)) {
      const changed = sound.slice();
      changed[index] = (changed[index] ?? 0) ^ 0x10;
      await assert.rejects(attempt(changed), { code: "INVALID_INPUT" }, `byte ${index}`);
    }
    for (const length of [0, 1, 9, 20, 1_000, sound.length / 2, sound.length - 8, sound.length - 1]) {
      await assert.rejects(attempt(sound.slice(0, length)), { code: "INVALID_INPUT" }, `cut to ${length}`);
    }
    await assert.rejects(attempt(new Uint8Array([...sound, ...sound])), { code: "INVALID_INPUT" });
    await assert.rejects(attempt(new Uint8Array([...sound, 0])), { code: "INVALID_INPUT" });
  });
});

Deno.test("an archive that is not ours is refused, and writes nothing outside of its folder", async () => {
  await withPlace(async ({ dataDir, request }) => {
    const { manifest } = await createBackup(request);
    const database = Deno.readFileSync(request.database);
    const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
    const sound = manifest.files.map(({ name }) => name);
    const archives: [string, [Partial<tar.Header> & { name: string }, Uint8Array][]][] = [
      ["no manifest", [[{ name: "fingerpost.db" }, database]]],
      ["no JSON", [[{ name: "manifest.json" }, new TextEncoder().encode("{")]]],
      ["another format", [[{ name: "manifest.json" }, text({ ...manifest, format: 2 })]]],
      ["files that are missing", [[{ name: "manifest.json" }, text(manifest)]]],
      ["a path upwards", [[{ name: "manifest.json" }, text(manifest)], [{ name: "../evil" }, database]]],
      ["a full path", [[{ name: "manifest.json" }, text(manifest)], [{ name: `${dataDir}/evil` }, database]]],
      ["a link", [[{ name: "manifest.json" }, text(manifest)], [{
        name: "kv.db",
        type: "symlink",
        linkname: "/etc/passwd",
      }, new Uint8Array()]]],
      ["another size", [[{ name: "manifest.json" }, text(manifest)], [
        { name: "fingerpost.db" },
        database.slice(0, 4096),
      ]]],
      ["a large manifest", [[{ name: "manifest.json" }, new Uint8Array(2_000_000)]]],
      ["a name that we don't know", [[
        { name: "manifest.json" },
        text({ ...manifest, files: [{ name: "other", bytes: 0, sha256: "" }] }),
      ]]],
    ];
    assert.deepEqual(sound, ["fingerpost.db", "kv.db"]);
    for (const [what, entries] of archives) {
      const pack = tar.pack();
      for (const [header, bytes] of entries) pack.entry(header, Buffer.from(bytes));
      pack.finalize();
      const path = `${dataDir}/foreign.tar`;
      await pipeline(pack, createWriteStream(path));
      const digest = createHash("sha256").update(Deno.readFileSync(path)).digest("hex");
      Deno.writeTextFileSync(path, `sha256:${digest}\n`, { append: true });
      const out = await Deno.makeTempDir({ dir: dataDir });
      await assert.rejects(
        unpackBackup(path, out),
        { code: "INVALID_INPUT", message: /^Cannot use the backup: / },
        what,
      );
      assert.ok(!await Deno.lstat(`${dataDir}/evil`).then(() => true, () => false), what);
    }
  });
});

Deno.test("createBackup() takes a bare name or a full path, never overwrites, and refuses every other path", async () => {
  await withPlace(async ({ dataDir, request }) => {
    assert.equal((await createBackup({ ...request, to: "mine.tar" })).path, `${request.folder}/mine.tar`);
    assert.equal((await createBackup({ ...request, to: `${dataDir}/full.tar` })).path, `${dataDir}/full.tar`);
    const before = Deno.readFileSync(`${dataDir}/full.tar`);
    await assert.rejects(createBackup({ ...request, to: `${dataDir}/full.tar` }), { message: /exists already/ });
    assert.deepEqual(Deno.readFileSync(`${dataDir}/full.tar`), before);
    for (const name of ["", ".", "..", "../x", "a/b", ".hidden", "/", `${dataDir}/`, "a b", "x\0y"]) {
      assert.throws(() => backupPath(request.folder, name), { code: "INVALID_INPUT" }, name);
    }
  });
});

Deno.test("backups made at once get names of their own, and only one gets a name that all ask for", async () => {
  await withPlace(async ({ request }) => {
    const made = await Promise.all(Array.from({ length: 3 }, () => createBackup(request)));
    const paths = ["-3", "-2", ""].map((ordinal) => `${request.folder}/fingerpost-20261124T030000Z${ordinal}.tar`);
    assert.deepEqual(made.map(({ path }) => path).sort(), paths.toSorted());
    assert.deepEqual((await listBackups(request.folder)).map(({ path }) => path), paths, "newest first");
    assert.deepEqual(await pruneBackups(request.folder, 1), paths.slice(1));
    const asked = await Promise.allSettled(
      Array.from({ length: 3 }, () => createBackup({ ...request, to: "mine.tar" })),
    );
    assert.deepEqual(asked.map(({ status }) => status).sort(), ["fulfilled", "rejected", "rejected"]);
    await verifyBackup(`${request.folder}/mine.tar`);
    assert.equal([...Deno.readDirSync(request.folder)].length, 2, "nothing else is left");
  });
});

Deno.test("a backup for another disk is copied there and read back, and leaves nothing where that fails", async () => {
  const disk = await Deno.makeTempDir({ dir: "/dev/shm", prefix: "fingerpost_backups_" });
  try {
    await withPlace(async ({ request, dataDir }) => {
      assert.notEqual(Deno.statSync(disk).dev, Deno.statSync(dataDir).dev);
      const to = `${disk}/there.tar`;
      const { path, manifest, bytes } = await createBackup({ ...request, to });
      assert.deepEqual([path, await verifyBackup(to), Deno.statSync(to).size], [to, manifest, bytes]);
      assert.equal((Deno.statSync(to).mode ?? 0) & 0o777, 0o600);
      await assert.rejects(createBackup({ ...request, to: `${disk}/nowhere/there.tar` }), { code: "UNAVAILABLE" });
      await assert.rejects(createBackup({ ...request, to }), { message: /exists already/ });
      assert.deepEqual(Array.from(Deno.readDirSync(disk), ({ name }) => name), ["there.tar"]);
      assert.deepEqual([...Deno.readDirSync(request.folder)], []);
    });
  } finally {
    await Deno.remove(disk, { recursive: true });
  }
});

Deno.test("pruneBackups() keeps the newest that it named, and touches nothing else", async () => {
  await withPlace(async ({ request }) => {
    const { folder } = request;
    for (let day = 1; day <= 5; day++) {
      await createBackup({ ...request, clock: { now: () => Date.UTC(2026, 0, day) } });
    }
    const others = ["mine.tar", "before-change-1.tar", "fingerpost-x.tar", "last_failure.json"];
    for (const name of others) Deno.writeTextFileSync(`${folder}/${name}`, "");
    assert.equal((await pruneBackups(folder, 2)).length, 3);
    assert.deepEqual((await listBackups(folder)).map(({ madeAt }) => madeAt), [
      Date.UTC(2026, 0, 5),
      Date.UTC(2026, 0, 4),
    ]);
    for (const name of others) Deno.statSync(`${folder}/${name}`);
  });
});

Deno.test("a backup that fails or is broken off leaves nothing, and what a killed process left is removed by the next", async () => {
  await withPlace(async ({ dataDir, request }) => {
    const { folder } = request;
    const left = () => Array.from(Deno.readDirSync(folder), ({ name }) => name);
    const stopping = new AbortController();
    const stopped = createBackup({
      ...request,
      signal: stopping.signal,
      onProgress: () => stopping.abort(new Error("stop")),
    });
    await assert.rejects(stopped, { message: "stop" });
    assert.deepEqual(left(), []);
    const damaged = `${dataDir}/damaged.db`;
    const bytes = Deno.readFileSync(request.database);
    bytes.fill(0x5a, 4_096, 20_000);
    Deno.writeFileSync(damaged, bytes);
    await assert.rejects(createBackup({ ...request, database: damaged }), { code: "UNAVAILABLE" });
    await assert.rejects(createBackup({ ...request, folder: damaged }), { code: "UNAVAILABLE" });
    assert.deepEqual(left(), []);
    Deno.mkdirSync(`${folder}/.making-killed`);
    Deno.writeTextFileSync(`${folder}/.making-killed/lock`, "");
    Deno.mkdirSync(`${folder}/.making-in-use`);
    using lock = Deno.openSync(`${folder}/.making-in-use/lock`, { create: true, write: true });
    lock.lockSync(true);
    const { path } = await createBackup(request);
    assert.deepEqual(left().sort(), [".making-in-use", path.split("/").at(-1)]);
  });
});
