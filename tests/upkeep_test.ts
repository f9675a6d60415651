import assert from "node:assert/strict";
import sql from "sql-template-tag";
import { type Database, openDatabase } from "../src/database/database.ts";
import { startUpkeep, type Upkeep } from "../src/database/upkeep.ts";

interface Kept {
  database: Database;
  upkeep: Upkeep;
  path: string;
}

async function withUpkeep(work: (kept: Kept) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "fingerpost_upkeep_" });
  try {
    const path = `${folder}/test.db`;
    await using database = openDatabase(path);
    await using upkeep = startUpkeep(database, path);
    await database.write((connection) =>
      connection.run(sql`CREATE TABLE things (id INTEGER PRIMARY KEY, body BLOB) STRICT`)
    );
    await work({ database, upkeep, path });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const fill = (database: Database, rows: number, bytes: number) =>
  database.write((transaction) =>
    transaction.run(sql`
      WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${rows})
      INSERT INTO things (body) SELECT randomblob(${bytes}) FROM numbers`)
  );

/** The longest that the event loop stood still while `work` ran. */
async function longestPause(work: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 1);
  await work();
  clearInterval(timer);
  return longest;
}

Deno.test("upkeep.emptyLog() leaves nothing in the write-ahead log, unless a reader is in the way", async () => {
  await withUpkeep(async ({ database, upkeep, path }) => {
    await fill(database, 2_000, 4_000);
    assert.ok(Deno.statSync(`${path}-wal`).size > 8_000_000);
    assert.equal(await upkeep.emptyLog(), true);
    assert.equal(Deno.statSync(`${path}-wal`).size, 0);
    const reader = openDatabase(path);
    await reader.between((connection) => connection.exec("BEGIN; SELECT count(*) FROM things"));
    await fill(database, 10, 10);
    const pause = await longestPause(async () => assert.equal(await upkeep.emptyLog(), false));
    assert.ok(pause < 1_000, `nobody waited for the reader: ${pause} ms`);
    await reader[Symbol.asyncDispose]();
    assert.equal(await upkeep.emptyLog(), true);
  });
});

Deno.test("a log that a reader kept is copied by upkeep's thread and by no commit", async () => {
  await withUpkeep(async ({ database, upkeep, path }) => {
    const setting = await database.between((writer) => writer.prepare("PRAGMA wal_autocheckpoint").get());
    assert.equal(setting?.["wal_autocheckpoint"], 0);
    const reader = openDatabase(path);
    await reader.between((connection) => connection.exec("BEGIN; SELECT count(*) FROM things"));
    await fill(database, 20_000, 4_000);
    const writes = (async () => {
      for (let index = 0; index < 200; index++) await fill(database, 1, 10);
    })();
    await reader[Symbol.asyncDispose]();
    assert.equal(await upkeep.emptyLog(), true);
    await writes;
    assert.ok(Deno.statSync(path).size > 80_000_000);
    assert.ok(Deno.statSync(`${path}-wal`).size < 8_000_000, "no more than what came since");
    const count = await database.read.get<{ n: number }>(sql`SELECT count(*) AS n FROM things`);
    assert.equal(count?.n, 20_200);
  });
});

Deno.test("the write-ahead log is emptied by itself within 10 s, also while others read and write", async () => {
  await withUpkeep(async ({ database, path }) => {
    const marker = "marker-4be1-of-a-deleted-row";
    await database.write((transaction) =>
      transaction.run(sql`INSERT INTO things (body) VALUES (CAST(${marker} AS BLOB))`)
    );
    await database.write((transaction) =>
      transaction.run(sql`DELETE FROM things WHERE body = CAST(${marker} AS BLOB)`)
    );
    const deletedAt = performance.now();
    let isGone = false;
    const load = (async () => {
      while (!isGone) {
        await Promise.all([fill(database, 2, 100), database.background().all(sql`SELECT count(*) FROM things`)]);
      }
    })();
    while (!isGone && performance.now() - deletedAt < 10_000) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      isGone = [path, `${path}-wal`].every((file) => !holds(file, marker));
    }
    isGone ||= performance.now() - deletedAt >= 10_000;
    await load;
    assert.ok(performance.now() - deletedAt < 10_000);
    for (const file of [path, `${path}-wal`]) assert.ok(!holds(file, marker), file);
  });
});

Deno.test("upkeep.optimize() gives free pages back and refreshes statistics without holding the event loop for 50 ms", async () => {
  await withUpkeep(async ({ database, upkeep, path }) => {
    await database.write((transaction) => transaction.run(sql`CREATE INDEX things_by_body ON things (length(body))`));
    await fill(database, 20_000, 2_000);
    await upkeep.emptyLog();
    const full = Deno.statSync(path).size;
    await database.write((transaction) => transaction.run(sql`DELETE FROM things WHERE id > 1000`));
    const pause = await longestPause(async () => {
      await upkeep.optimize();
      await upkeep.emptyLog();
    });
    assert.ok(Deno.statSync(path).size < full / 3, `${Deno.statSync(path).size} of ${full}`);
    assert.ok(pause < 50, `${pause} ms`);
    const statistics = await database.read.all<{ idx: string }>(sql`SELECT idx FROM sqlite_stat1`);
    assert.deepEqual(statistics.map(({ idx }) => idx), ["things_by_body"]);
    const check = await database.read.get<{ integrity_check: string }>(sql`PRAGMA integrity_check`);
    assert.equal(check?.integrity_check, "ok");
  });
});

function holds(path: string, text: string): boolean {
  return new TextDecoder("latin1").decode(Deno.readFileSync(path)).includes(text);
}
