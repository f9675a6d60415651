import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import sql from "sql-template-tag";
import { type Database, openDatabase } from "../src/database/database.ts";

interface Things {
  database: Database;
  path: string;
}

async function withThings(work: (things: Things) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "fingerpost_writes_" });
  try {
    const path = `${folder}/test.db`;
    await using database = openDatabase(path);
    await database.write((connection) => connection.run(sql`CREATE TABLE things (name TEXT NOT NULL UNIQUE) STRICT`));
    await work({ database, path });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const insert = (database: Database, name: string) =>
  database.write((transaction) => transaction.run(sql`INSERT INTO things VALUES (${name})`));

const names = async (database: Database) =>
  (await database.read.all<{ name: string }>(sql`SELECT name FROM things ORDER BY name`)).map(({ name }) => name);

Deno.test("writes that wait together share a commit, and one that fails takes no other with it", async () => {
  await withThings(async ({ database, path }) => {
    const before = commits(path);
    const results = await Promise.allSettled(["a", "b", "a", "c", "d"].map((name) => insert(database, name)));
    assert.deepEqual(results.map(({ status }) => status), [
      "fulfilled",
      "fulfilled",
      "rejected",
      "fulfilled",
      "fulfilled",
    ]);
    assert.deepEqual(await names(database), ["a", "b", "c", "d"]);
    assert.equal(commits(path) - before, 1);
  });
});

Deno.test("no caller hears of its write before the commit that holds it", async () => {
  await withThings(async ({ database, path }) => {
    using outside = new DatabaseSync(path, { readOnly: true });
    const count = outside.prepare("SELECT count(*) AS n FROM things");
    const seen = await Promise.all(Array.from({ length: 50 }, async (_, index) => {
      await insert(database, String(index));
      return count.get()?.["n"];
    }));
    assert.deepEqual(new Set(seen), new Set([50]), "each saw the whole group, by another connection");
  });
});

Deno.test("where the commit of a group fails, each of its callers hears so and nothing of it is there", async () => {
  await withThings(async ({ database }) => {
    const limit = (pages: number) =>
      database.between((writer) => void writer.prepare(`PRAGMA max_page_count = ${pages}`).get());
    await limit(12);
    const big = "x".repeat(200_000);
    const results = await Promise.allSettled([insert(database, "small"), insert(database, big), insert(database, "y")]);
    assert.ok(results.some(({ status }) => status === "rejected"));
    const stored = await names(database);
    for (const [index, name] of ["small", big, "y"].entries()) {
      assert.equal(stored.includes(name), results[index]?.status === "fulfilled", "told and stored agree");
    }
    await limit(10_000);
    await insert(database, big);
    assert.ok((await names(database)).includes(big));
  });
});

Deno.test("transactions nest: an inner one that fails leaves the outer one whole", async () => {
  await withThings(async ({ database }) => {
    await database.write(async (transaction) => {
      await transaction.run(sql`INSERT INTO things VALUES ('outer')`);
      await assert.rejects(
        transaction.nest(async (inner) => {
          await inner.run(sql`INSERT INTO things VALUES ('lost')`);
          await inner.nest((innermost) => innermost.run(sql`INSERT INTO things VALUES ('lost too')`));
          throw new Error("halfway");
        }),
        { message: "halfway" },
      );
      await transaction.nest((inner) => inner.run(sql`INSERT INTO things VALUES ('kept')`));
    });
    assert.deepEqual(await names(database), ["kept", "outer"]);
    const sideBySide = database.write((transaction) =>
      Promise.all([
        transaction.nest(() => Promise.resolve()),
        transaction.nest(() => Promise.resolve()),
      ])
    );
    await assert.rejects(sideBySide, /while another is nested in it/);
  });
});

Deno.test("a branch of a transaction that goes on after its end, or beside an inner one, changes nothing", async () => {
  await withThings(async ({ database }) => {
    const late = Promise.withResolvers<void>();
    let branch: Promise<unknown> = Promise.resolve();
    const failed = database.write(async (transaction) => {
      branch = late.promise.then(() => transaction.run(sql`INSERT INTO things VALUES ('late')`));
      await Promise.all([branch, Promise.reject(new Error("the other branch"))]);
    });
    await assert.rejects(failed, { message: "the other branch" });
    await database.write(async (transaction) => {
      late.resolve();
      await assert.rejects(branch, { message: "Cannot use a transaction that has ended" });
      await transaction.nest(async (inner) => {
        const outer = transaction.run(sql`INSERT INTO things VALUES ('outer')`);
        await assert.rejects(outer, { message: "Cannot use a transaction while another is nested in it" });
        await inner.run(sql`INSERT INTO things VALUES ('inner')`);
      });
    });
    assert.deepEqual(await names(database), ["inner"]);
  });
});

Deno.test("what a full disk rolled back in an inner transaction takes the outer one with it", async () => {
  await withThings(async ({ database }) => {
    const limit = (pages: number) =>
      database.between((writer) => void writer.prepare(`PRAGMA max_page_count = ${pages}`).get());
    await limit(12);
    const write = database.write(async (transaction) => {
      await transaction.run(sql`INSERT INTO things VALUES ('before')`);
      const big = transaction.nest((inner) => inner.run(sql`INSERT INTO things VALUES (${"x".repeat(200_000)})`));
      await assert.rejects(big, { code: "UNAVAILABLE" });
      await transaction.run(sql`INSERT INTO things VALUES ('after')`);
    });
    const told = await write.then(() => ["after", "before"], () => []);
    assert.deepEqual(await names(database), told, "told and stored agree");
  });
});

Deno.test("database.between() runs outside of transactions, in its turn", async () => {
  await withThings(async ({ database }) => {
    const order: string[] = [];
    const first = insert(database, "first").then(() => order.push("first"));
    const between = database.between((writer) => order.push(`between, in a transaction: ${writer.isTransaction}`));
    const second = insert(database, "second").then(() => order.push("second"));
    await Promise.all([first, between, second]);
    assert.ok(order.includes("between, in a transaction: false"));
    await assert.rejects(database.between((writer) => writer.exec("no SQL")), /syntax error/);
    await insert(database, "third");
  });
});

Deno.test("the slowest statements are told with count, total and 95th percentile, and the record is bounded", async () => {
  await withThings(async ({ database }) => {
    for (let index = 0; index < 1_000; index++) {
      await database.read.get(sql([`SELECT ${index} AS composed`]));
    }
    for (let index = 0; index < 30; index++) await insert(database, String(index));
    const all = database.slowestStatements(10_000);
    assert.ok(all.length <= 512, String(all.length));
    const inserted = all.find((figures) => figures.sql === "INSERT INTO things VALUES (?)");
    assert.equal(inserted?.count, 30);
    assert.ok(inserted !== undefined && inserted.p95Ms > 0 && inserted.p95Ms <= inserted.maxMs);
    assert.ok(inserted.totalMs >= inserted.maxMs);
    assert.equal(database.slowestStatements(3).length, 3);
  });
});

/** Commits of a file in WAL mode so far: frames whose header has the size of the file after a commit. https://sqlite.org/fileformat2.html#walformat */
function commits(path: string): number {
  const wal = Deno.readFileSync(`${path}-wal`);
  const view = new DataView(wal.buffer);
  const frameBytes = 24 + view.getUint32(8);
  let count = 0;
  for (let offset = 32; offset + frameBytes <= wal.length; offset += frameBytes) {
    if (view.getUint32(offset + 4) > 0) count++;
  }
  return count;
}
