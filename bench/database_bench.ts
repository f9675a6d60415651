// What the database room gives, beside the bare engine and beside itself under load, in one run: interleaved rounds, medians.
// Run by hand: `deno task bench:database`. It passes or fails nothing.
import { DatabaseSync } from "node:sqlite";
import sql from "sql-template-tag";
import { type Database, openDatabase } from "../src/database/database.ts";
import { startUpkeep } from "../src/database/upkeep.ts";

const ROUNDS = 5;
const ROWS = 100_000;
const READS = 20_000;
const PAGES = 2_000;
const WRITES = 2_000;
const WRITERS = 16;

const folder = await Deno.makeTempDir({ prefix: "fingerpost_bench_" });
const path = `${folder}/ours.db`;
const barePath = `${folder}/bare.db`;
const TABLE =
  `CREATE TABLE things (id INTEGER PRIMARY KEY, project INTEGER NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL) STRICT;
  CREATE INDEX things_by_project ON things (project, id)`;
const FILL = `
  WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${ROWS})
  INSERT INTO things SELECT n, n % 10, 'thing ' || n, hex(randomblob(200)) FROM numbers`;

function openBare(): DatabaseSync {
  const bare = new DatabaseSync(barePath);
  bare.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON");
  bare.exec(TABLE);
  bare.exec(FILL);
  return bare;
}

async function openOurs(): Promise<Database> {
  const database = openDatabase(path);
  await database.between((writer) => {
    writer.exec(TABLE);
    writer.exec(FILL);
  });
  return database;
}

/** Microseconds for each of `count`. */
async function timed(count: number, work: (index: number) => unknown): Promise<number> {
  const startedAt = performance.now();
  for (let index = 0; index < count; index++) await work(index);
  return (performance.now() - startedAt) * 1_000 / count;
}

const bare = openBare();
const ours = await openOurs();
await using upkeep = startUpkeep(ours, path);
const point = bare.prepare("SELECT id, project, name, body FROM things WHERE id = ?");
const page = bare.prepare(
  "SELECT id, project, name, body FROM things WHERE project = ? AND id < ? ORDER BY id DESC LIMIT 21",
);
const insert = bare.prepare("INSERT INTO things (project, name, body) VALUES (?, ?, ?)");
const random = () => Math.ceil(Math.random() * ROWS);
const write = (database: Database, index: number) =>
  database.write((transaction) =>
    transaction.run(sql`INSERT INTO things (project, name, body) VALUES (${index % 10}, ${"new"}, ${"x".repeat(400)})`)
  );

const CASES: Record<string, { bare: () => Promise<number>; ours: () => Promise<number> }> = {
  "point read": {
    bare: () => timed(READS, () => point.get(random())),
    ours: () =>
      timed(READS, () => ours.read.get(sql`SELECT id, project, name, body FROM things WHERE id = ${random()}`)),
  },
  "page read, 20 rows": {
    bare: () => timed(PAGES, () => page.all(random() % 10, random())),
    ours: () =>
      timed(PAGES, () =>
        ours.read.all(sql`
          SELECT id, project, name, body FROM things WHERE project = ${random() % 10} AND id < ${random()}
          ORDER BY id DESC LIMIT 21`)),
  },
  "single write": {
    bare: () => timed(WRITES, (index) => insert.run(index % 10, "new", "x".repeat(400))),
    ours: () => timed(WRITES, (index) => write(ours, index)),
  },
  [`${WRITERS} writers at once, each write`]: {
    bare: () => timed(WRITES, (index) => insert.run(index % 10, "new", "x".repeat(400))),
    ours: () =>
      timed(WRITES / WRITERS, (index) => Promise.all(Array.from({ length: WRITERS }, () => write(ours, index))))
        .then((microseconds) => microseconds / WRITERS),
  },
};

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
const rows: Record<string, Record<string, string>> = {};
const times = new Map(Object.keys(CASES).map((name) => [name, { bare: [] as number[], ours: [] as number[] }]));
for (let round = 0; round < ROUNDS; round++) {
  // The rounds leave the event loop no pause in which the upkeep could run by itself.
  await upkeep.emptyLog();
  for (const [name, { bare, ours }] of Object.entries(CASES)) {
    times.get(name)?.bare.push(await bare());
    times.get(name)?.ours.push(await ours());
  }
}
for (const [name, { bare, ours }] of times) {
  rows[name] = {
    "bare engine": `${median(bare).toFixed(1)} µs`,
    ours: `${median(ours).toFixed(1)} µs`,
    ratio: (median(ours) / median(bare)).toFixed(2),
  };
}
// deno-lint-ignore no-console -- the table is what a bench is for
console.table(rows);
bare.close();
await ours[Symbol.asyncDispose]();
await Deno.remove(folder, { recursive: true });
