// What the database room gives, beside the bare engine and beside itself under load, in one run: interleaved rounds, medians.
// Run by hand: `deno task bench:database`. It passes or fails nothing.
import { DatabaseSync } from "node:sqlite";
import sql from "sql-template-tag";
import { createBackup } from "../src/database/backups.ts";
import { type Connection, type Database, openDatabase } from "../src/database/database.ts";
import { migrate } from "../src/database/migrations.ts";
import { startUpkeep } from "../src/database/upkeep.ts";
import { countElements, listElements } from "../src/elements/_list_rows.ts";
import { findElements } from "../src/elements/_rows.ts";

const ROUNDS = 5;
const ELEMENTS = 100_000;
const PROJECTS = 10;
const READS = 5_000;
const PAGES = 1_000;
const WRITES = 1_600;
const WRITERS = 16;
const ALONE_MS = 5_000;
const PAGE = { limit: 20, fromEnd: false, after: null, before: null };
const MINE = { scope: { memberId: idOf(1, 1) }, filter: {}, match: null };

const folder = await Deno.makeTempDir({ prefix: "fingerpost_bench_" });
const path = `${folder}/fingerpost.db`;
const barePath = `${folder}/bare.db`;
const rows: Record<string, Record<string, string>> = {};

await migrate({ path, folder: new URL("../migrations", import.meta.url).pathname, clock: Date });
const ours = openDatabase(path);
const upkeep = startUpkeep(ours, path);
await fill(ours);
const bare = openBare();

await compareWithBareEngine();
await measureWritesBesideBackup();
await measurePagesBesideSearch();
// deno-lint-ignore no-console -- the table is what a bench is for
console.table(rows);
bare.close();
await upkeep[Symbol.asyncDispose]();
await ours[Symbol.asyncDispose]();
await Deno.remove(folder, { recursive: true });

function idOf(kind: number, number: number): string {
  return `0199${kind.toString(16).padStart(4, "0")}-0000-7000-8000-${number.toString(16).padStart(12, "0")}`;
}

/** One user, ten projects, and 100,000 elements with text to search, in turns of 1,000 that share a transaction. */
async function fill(database: Database): Promise<void> {
  const words = "make this button line up with the price below card header wider contrast colour focus basket".split(
    " ",
  );
  const user = idOf(1, 1);
  await database.between((writer) => {
    writer.prepare(
      "INSERT INTO users (id, email, email_key, name, role, password_hash, created_at, updated_at) VALUES (?, 'a@b', 'a@b', 'A', 'ADMIN', ?, 0, 0)",
    )
      .run(user, `$2b$12$${"x".repeat(53)}`);
    const project = writer.prepare("INSERT INTO projects (id, name, created_at, updated_at) VALUES (?, 'P', 0, 0)");
    const member = writer.prepare(
      "INSERT INTO project_members (project_id, user_id, role, created_at) VALUES (?, ?, 'OWNER', 0)",
    );
    for (let index = 0; index < PROJECTS; index++) {
      project.run(idOf(2, index));
      member.run(idOf(2, index), user);
    }
  });
  for (let start = 0; start < ELEMENTS; start += 1_000) {
    await database.between((writer) => {
      const insert = writer.prepare(`
        INSERT INTO elements (id, project_id, captured_by, client_id, revision, page_url, page_title, selector, tag_name, class_names,
          attributes, text, html_byte_size, box, note, status, created_at, updated_at)
        VALUES (?, ?, ?, ?, 1, ?, 'Shop', ?, 'BUTTON', '["a"]', '{}', ?, 100, '{"x":0,"y":0,"width":1,"height":1}', ?, 'OPEN', ?, ?)`);
      writer.exec("BEGIN");
      for (let index = start; index < start + 1_000; index++) {
        const text = Array.from(
          { length: 30 },
          (_, position) => words[(index * 7 + position * position) % words.length],
        ).join(" ");
        const note = `note ${index} ${words[index % words.length]}`;
        insert.run(
          idOf(3, index),
          idOf(2, index % PROJECTS),
          user,
          idOf(4, index),
          `https://a.example/${index % 50}`,
          `#e${index}`,
          text,
          note,
          index,
          index,
        );
      }
      writer.exec("COMMIT");
    });
  }
  await upkeep.emptyLog();
  await upkeep.optimize();
}

function openBare(): DatabaseSync {
  const database = new DatabaseSync(barePath);
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON");
  database.exec(
    "CREATE TABLE projects (id TEXT PRIMARY KEY, name TEXT NOT NULL, created_at INTEGER, updated_at INTEGER) STRICT",
  );
  database.prepare("ATTACH ? AS source").run(path);
  database.exec(`CREATE TABLE elements AS SELECT * FROM source.elements; CREATE UNIQUE INDEX by_id ON elements (id);
    CREATE INDEX by_project ON elements (project_id, id)`);
  database.exec("DETACH source");
  return database;
}

async function compareWithBareEngine(): Promise<void> {
  const point = bare.prepare("SELECT * FROM elements WHERE id = ?");
  const page = bare.prepare("SELECT * FROM elements WHERE project_id = ? AND id < ? ORDER BY id DESC LIMIT 21");
  const insert = bare.prepare("INSERT INTO projects VALUES (?, 'new', 0, 0)");
  const bareWrite = () => insert.run(crypto.randomUUID());
  const cases: Record<string, { bare: () => Promise<number>; ours: () => Promise<number> }> = {
    "point read (element)": {
      bare: () => timed(READS, () => point.get(idOf(3, random()))),
      ours: () => timed(READS, () => findElements(ours.read, [idOf(3, random())])),
    },
    "page read (20 elements of a project)": {
      bare: () => timed(PAGES, () => page.all(idOf(2, random() % PROJECTS), idOf(3, random()))),
      ours: () => timed(PAGES, () => readPage(ours.read)),
    },
    "page read (20 elements of all my projects)": {
      bare: () => timed(PAGES, () => page.all(idOf(2, random() % PROJECTS), idOf(3, random()))),
      ours: () => timed(PAGES, () => listElements(ours.read, MINE, { ...PAGE, after: idOf(3, random()) })),
    },
    "single write": { bare: () => timed(WRITES, bareWrite), ours: () => timed(WRITES, () => write()) },
    [`write, ${WRITERS} writers at once`]: {
      bare: () => timed(WRITES, bareWrite),
      ours: async () =>
        await timed(WRITES / WRITERS, () => Promise.all(Array.from({ length: WRITERS }, write))) / WRITERS,
    },
  };
  const times = new Map(Object.keys(cases).map((name) => [name, { bare: [] as number[], ours: [] as number[] }]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, { bare, ours }] of Object.entries(cases)) {
      times.get(name)?.bare.push(await bare());
      times.get(name)?.ours.push(await ours());
      await upkeep.emptyLog();
    }
  }
  for (const [name, { bare, ours }] of times) {
    const [theirs, mine] = [quantile(bare, 0.5), quantile(ours, 0.5)];
    rows[name] = {
      reference: `${theirs.toFixed(1)} µs bare engine`,
      ours: `${mine.toFixed(1)} µs`,
      ratio: (mine / theirs).toFixed(2),
    };
  }
}

/** A write a millisecond, with a backup beside it and without, in turns. */
async function measureWritesBesideBackup(): Promise<void> {
  const request = {
    database: path,
    kv: `${folder}/kv.db`,
    others: {},
    folder: `${folder}/backups`,
    version: "bench",
    clock: Date,
  };
  const [alone, beside]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    alone.push(...await latencies(write, new Promise((resolve) => setTimeout(resolve, ALONE_MS))));
    beside.push(...await latencies(write, createBackup(request)));
  }
  report("write p99, a backup beside it", alone, beside);
}

/** A page a millisecond, with full-text searches in a loop beside it and without, in turns. */
async function measurePagesBesideSearch(): Promise<void> {
  const [alone, beside, searches]: [number[], number[], number[]] = [[], [], []];
  const page = () => readPage(ours.read);
  for (let round = 0; round < ROUNDS; round++) {
    alone.push(...await latencies(page, new Promise((resolve) => setTimeout(resolve, ALONE_MS))));
    beside.push(...await latencies(page, searchFor(ALONE_MS, searches)));
  }
  report(
    `page-read p99, searches over ${ELEMENTS} elements beside it (each ${quantile(searches, 0.5).toFixed(0)} ms)`,
    alone,
    beside,
  );
}

/** Counts every match again and again: the slowest thing that a search can be asked for. */
async function searchFor(milliseconds: number, times: number[]): Promise<void> {
  const endsAt = performance.now() + milliseconds;
  while (performance.now() < endsAt) {
    const startedAt = performance.now();
    await countElements(ours.background(), { ...MINE, match: `"butt"*` });
    times.push(performance.now() - startedAt);
  }
}

function report(name: string, alone: number[], beside: number[]): void {
  const [theirs, mine] = [quantile(alone, 0.99), quantile(beside, 0.99)];
  rows[name] = {
    reference: `${theirs.toFixed(2)} ms without (p50 ${quantile(alone, 0.5).toFixed(2)})`,
    ours: `${mine.toFixed(2)} ms (p50 ${quantile(beside, 0.5).toFixed(2)})`,
    ratio: (mine / theirs).toFixed(2),
  };
}

/** Milliseconds of each call, one after the other with a pause between, until `end`. */
async function latencies(work: () => Promise<unknown>, end: Promise<unknown>): Promise<number[]> {
  let ended = false;
  const done = end.finally(() => ended = true);
  const times: number[] = [];
  while (!ended) {
    const startedAt = performance.now();
    await work();
    times.push(performance.now() - startedAt);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await done;
  return times;
}

function readPage(connection: Connection) {
  const scope = { projectId: idOf(2, random() % PROJECTS) };
  return listElements(connection, { scope, filter: {}, match: null }, { ...PAGE, after: idOf(3, random()) });
}

function write() {
  return ours.write((transaction) =>
    transaction.run(
      sql`INSERT INTO projects (id, name, created_at, updated_at) VALUES (${crypto.randomUUID()}, ${"new"}, 0, 0)`,
    )
  );
}

function random(): number {
  return Math.floor(Math.random() * ELEMENTS);
}

/** Microseconds for each of `count`. */
async function timed(count: number, work: () => unknown): Promise<number> {
  const startedAt = performance.now();
  for (let index = 0; index < count; index++) await work();
  return (performance.now() - startedAt) * 1_000 / count;
}

function quantile(values: number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))] ?? NaN;
}
