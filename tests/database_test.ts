import assert from "node:assert/strict";
import sql from "sql-template-tag";
import type { Database } from "../src/database/database.ts";
import { openDatabase } from "../src/database/database.ts";
import { migrate } from "../src/database/migrations.ts";

const clock = { now: () => 1_700_000_000_000 };
const MIGRATIONS = new URL("../migrations", import.meta.url).pathname;

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

async function schemaOf(path: string): Promise<string> {
  await using database = openDatabase(path);
  const rows = await database.read.all<{ sql: string }>(
    sql`SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY type, name`,
  );
  return rows.map((row) => row.sql).join(";\n");
}

Deno.test("migrate() makes the whole schema once, and each down undoes its up", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/test.db`;
    const applied = await migrate({ path, folder: MIGRATIONS, clock });
    assert.equal(applied.length, [...Deno.readDirSync(MIGRATIONS)].length);
    assert.deepEqual(await migrate({ path, folder: MIGRATIONS, clock }), []);
    const made = await schemaOf(path);
    const files = [...Deno.readDirSync(MIGRATIONS)].map(({ name }) => name).sort().reverse();
    await using database = openDatabase(path);
    await database.write(async (connection) => {
      for (const file of files) {
        const [, down = ""] = (await Deno.readTextFile(`${MIGRATIONS}/${file}`)).split("-- down\n");
        for (const statement of down.split(";").filter((part) => part.trim())) await connection.run(sql([statement]));
      }
      await connection.run(sql`DELETE FROM migrations`);
    });
    assert.match(await schemaOf(path), /^CREATE TABLE migrations \([^;]*$/);
    await migrate({ path, folder: MIGRATIONS, clock });
    assert.equal(await schemaOf(path), made);
  });
});

Deno.test("migrate() refuses by name what is edited, missing, out of order, doubled or incomplete, and applies nothing", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/test.db`;
    const write = (name: string, text: string) => Deno.writeTextFile(`${folder}/${name}`, text);
    const file = (table: string) => `-- up\nCREATE TABLE ${table} (a) ;\n\n-- down\nDROP TABLE ${table};\n`;
    const attempt = () => migrate({ path, folder, clock });
    const refused = (message: RegExp) => assert.rejects(attempt(), { code: "INVALID_INPUT", message });
    await write("20260101000002_two.sql", file("two"));
    assert.deepEqual(await attempt(), ["20260101000002"]);
    await write("20260101000001_one.sql", file("one"));
    await refused(/"20260101000001_one\.sql" is older than one already applied/);
    await Deno.remove(`${folder}/20260101000001_one.sql`);
    await write("20260101000002_two.sql", file("three"));
    await refused(/"20260101000002_two\.sql" was edited after it was applied/);
    await Deno.remove(`${folder}/20260101000002_two.sql`);
    await refused(/"20260101000002_two\.sql" was applied but is missing/);
    await write("20260101000002_two.sql", file("two"));
    await write("20260101000002_also.sql", file("also"));
    await refused(/"20260101000002_two\.sql" has the version of "20260101000002_also\.sql"/);
    await Deno.remove(`${folder}/20260101000002_also.sql`);
    await write("20260101000003_half.sql", "-- up\nCREATE TABLE half (a);\n-- down\n");
    await refused(/"20260101000003_half\.sql" lacks its `-- up` or `-- down` part/);
    await Deno.remove(`${folder}/20260101000003_half.sql`);
    await write("three.sql", file("three"));
    await refused(/"three\.sql" is not named/);
    await Deno.remove(`${folder}/three.sql`);
    await write(
      "20260101000004_bad.sql",
      "-- up\nCREATE TABLE good (a);\nCREATE TABLE bad (;\n-- down\nDROP TABLE bad;\n",
    );
    await refused(/"20260101000004_bad\.sql" near ";": syntax error/);
    assert.doesNotMatch(await schemaOf(path), /good|one|three|half/);
  });
});

Deno.test("migrate() by several at once applies each file once", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/test.db`;
    openDatabase(path)[Symbol.asyncDispose]();
    const applied = await Promise.all(Array.from({ length: 4 }, () => migrate({ path, folder: MIGRATIONS, clock })));
    assert.equal(applied.flat().length, [...Deno.readDirSync(MIGRATIONS)].length);
  });
});
