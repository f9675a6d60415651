import assert from "node:assert/strict";
import sql from "sql-template-tag";
import { type Database, openDatabase } from "../src/database/database.ts";

async function withDatabase(work: (database: Database) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "fingerpost_background_" });
  try {
    await using database = openDatabase(`${folder}/test.db`);
    await database.write((connection) => connection.run(sql`CREATE TABLE things (name TEXT NOT NULL) STRICT`));
    await work(database);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A statement that takes minutes unless it is stopped. */
const ENDLESS = sql`
  WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1000000000)
  SELECT count(*) AS count FROM numbers WHERE CASE WHEN n & 1023 THEN 1 ELSE still_wanted() END`;

/** The same for rows, of which none fits. */
const ENDLESS_ROWS = sql`
  WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1000000000)
  SELECT n FROM numbers WHERE CASE WHEN n & 1023 THEN 1 ELSE still_wanted() END AND n < 0`;

Deno.test("database.background() reads what is committed off the event loop, and can't write", async () => {
  await withDatabase(async (database) => {
    await database.write((connection) => connection.run(sql`INSERT INTO things VALUES (${"a'b"})`));
    assert.deepEqual(await database.background().all(sql`SELECT name FROM things WHERE name = ${"a'b"}`), [{
      name: "a'b",
    }]);
    assert.equal(await database.background().get(sql`SELECT name FROM things WHERE name = ${"b"}`), undefined);
    await assert.rejects(database.background().get(sql`INSERT INTO things VALUES ('x')`), { code: "UNAVAILABLE" });
    await assert.rejects(database.background().get(sql`SELECT no_column FROM things`), /no such column/);
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await assert.rejects(database.background({ deadlineMs: 200 }).get(ENDLESS));
    clearInterval(timer);
    assert.ok(turns > 20, `the event loop went on: ${turns}`);
  });
});

Deno.test("a background statement stops at its deadline and when its caller goes, and its thread is free again", async () => {
  await withDatabase(async (database) => {
    for (let round = 0; round < 6; round++) {
      await assert.rejects(database.background({ deadlineMs: 30 }).get(ENDLESS), {
        code: "UNAVAILABLE",
        message: "Cannot read this within 0.03 s: ask for less",
      });
      const caller = new AbortController();
      const running = database.background({ signal: caller.signal }).get(ENDLESS);
      await database.background().get(sql`SELECT 1`);
      caller.abort(new Error("gone"));
      await assert.rejects(running, { message: "gone" });
      const listing = database.background({ deadlineMs: 30 }).all(ENDLESS_ROWS);
      await assert.rejects(listing, { code: "UNAVAILABLE" }, "one that was to give rows");
    }
    const startedAt = performance.now();
    await Promise.all(Array.from({ length: 8 }, () => database.background().get(sql`SELECT 1`)));
    assert.ok(performance.now() - startedAt < 2_000, "no thread is lost");
    await assert.rejects(database.background({ signal: AbortSignal.abort(new Error("before")) }).get(ENDLESS), {
      message: "before",
    });
  });
});

Deno.test("background statements wait in a bounded queue, which their deadline and their callers can leave", async () => {
  await withDatabase(async (database) => {
    const caller = new AbortController();
    const blocking = Array.from({ length: 4 }, () => database.background({ signal: caller.signal }).get(ENDLESS));
    const late = database.background({ deadlineMs: 20 }).get(sql`SELECT 1`);
    await assert.rejects(late, { code: "UNAVAILABLE" });
    const waiting = Array.from({ length: 300 }, () => database.background({ signal: caller.signal }).get(ENDLESS));
    await assert.rejects(waiting[299] ?? Promise.resolve(), {
      message: "Cannot read: too many slow reads wait already",
    });
    caller.abort(new Error("all gone"));
    const results = await Promise.allSettled([...blocking, ...waiting]);
    assert.ok(results.every(({ status }) => status === "rejected"));
    assert.deepEqual(await database.background().get(sql`SELECT 1 AS one`), { one: 1 });
  });
});

Deno.test("closing the database ends its background statements", async () => {
  const folder = await Deno.makeTempDir({ prefix: "fingerpost_background_" });
  const database = openDatabase(`${folder}/test.db`);
  const running = database.background().get(ENDLESS);
  const waiting = Array.from({ length: 5 }, () => database.background().get(ENDLESS));
  const ended = Promise.allSettled([running, ...waiting]);
  await database[Symbol.asyncDispose]();
  for (const result of await ended) assert.equal(result.status === "rejected" && result.reason.code, "UNAVAILABLE");
  await assert.rejects(database.background().get(sql`SELECT 1`), { code: "UNAVAILABLE" });
  await Deno.remove(folder, { recursive: true });
});
