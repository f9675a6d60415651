import assert from "node:assert/strict";
import sql from "sql-template-tag";
import type { Database } from "../src/database/database.ts";
import { openDatabase } from "../src/database/database.ts";

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "fingerpost_database_" });
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function withTable(work: (database: Database) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    await using database = openDatabase(`${folder}/test.db`);
    await database.write((connection) => connection.run(sql`CREATE TABLE things (name TEXT NOT NULL UNIQUE) STRICT`));
    await work(database);
  });
}

const count = async (database: Database) =>
  (await database.read.get<{ n: number }>(sql`SELECT count(*) AS n FROM things`))?.n;

Deno.test("database.write() commits all of a transaction or nothing", async () => {
  await withTable(async (database) => {
    await assert.rejects(
      database.write(async (connection) => {
        await connection.run(sql`INSERT INTO things VALUES ('a')`);
        throw new Error("halfway");
      }),
      { message: "halfway" },
    );
    await assert.rejects(database.write(async (connection) => {
      await connection.run(sql`INSERT INTO things VALUES ('b')`);
      await connection.run(sql`INSERT INTO things VALUES ('b')`);
    }));
    assert.equal(await count(database), 0);
    await database.write((connection) => connection.run(sql`INSERT INTO things VALUES ('c')`));
    assert.equal(await count(database), 1);
  });
});

Deno.test("database.write() runs one transaction after the other, and readers see only what is committed", async () => {
  await withTable(async (database) => {
    const order: string[] = [];
    const paused = Promise.withResolvers<void>();
    const first = database.write(async (connection) => {
      await connection.run(sql`INSERT INTO things VALUES ('first')`);
      order.push("first begins");
      await paused.promise;
      order.push("first ends");
    });
    const second = database.write(async (connection) => {
      order.push("second");
      await connection.run(sql`INSERT INTO things VALUES ('second')`);
    });
    assert.equal(await count(database), 0);
    paused.resolve();
    await Promise.all([first, second]);
    assert.deepEqual([order, await count(database)], [["first begins", "first ends", "second"], 2]);
  });
});

Deno.test("database.read can't write, and values never become SQL", async () => {
  await withTable(async (database) => {
    await assert.rejects(database.read.run(sql`INSERT INTO things VALUES ('x')`));
    const attack = "'); DROP TABLE things; --";
    await database.write((connection) => connection.run(sql`INSERT INTO things VALUES (${attack})`));
    assert.deepEqual((await database.read.all(sql`SELECT name FROM things WHERE name = ${attack}`)).length, 1);
  });
});

Deno.test("database.write() refuses more than may wait, and everything once it is closed", async () => {
  await withFolder(async (folder) => {
    const database = openDatabase(`${folder}/test.db`);
    const paused = Promise.withResolvers<void>();
    const waiting = Array.from({ length: 1_000 }, () => database.write(() => paused.promise));
    await assert.rejects(database.write(() => Promise.resolve()), { code: "UNAVAILABLE" });
    paused.resolve();
    await Promise.all(waiting);
    await database[Symbol.asyncDispose]();
    await assert.rejects(database.write(() => Promise.resolve()), { code: "UNAVAILABLE" });
  });
});

Deno.test("database.write() says UNAVAILABLE on a full disk, keeps what was, and goes on when there is room", async () => {
  await withTable(async (database) => {
    const pages = (limit: number) =>
      database.write((connection) => connection.all(sql([`PRAGMA max_page_count = ${limit}`])));
    await pages(10);
    const fill = database.write((connection) =>
      connection.run(sql`INSERT INTO things VALUES (${"x".repeat(1_000_000)})`)
    );
    await assert.rejects(fill, { code: "UNAVAILABLE" });
    assert.equal(await count(database), 0);
    await pages(10_000);
    await database.write((connection) => connection.run(sql`INSERT INTO things VALUES (${"x".repeat(1_000_000)})`));
    assert.equal(await count(database), 1);
  });
});
