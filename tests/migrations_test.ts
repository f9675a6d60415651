import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { openConnection } from "../src/database/database.ts";
import {
  migrate,
  type MigrateOptions,
  readMigrationReport,
  rollBack,
  tryMigrations,
} from "../src/database/migrations.ts";

const clock = { now: () => 1_700_000_000_000 };
const MIGRATIONS = new URL("../migrations", import.meta.url).pathname;
const SNAPSHOT = new URL("./snapshots/database_schema.sql", import.meta.url);

interface Place {
  path: string;
  folder: string;
  write(name: string, text: string): void;
  attempt(options?: Partial<MigrateOptions>): Promise<string[]>;
}

/** An empty folder of migrations and a database beside it. */
async function withPlace(work: (place: Place) => Promise<void>): Promise<void> {
  const parent = await Deno.makeTempDir({ prefix: "fingerpost_migrations_" });
  try {
    const [path, folder] = [`${parent}/test.db`, `${parent}/migrations`];
    Deno.mkdirSync(folder);
    const write = (name: string, text: string) => Deno.writeTextFileSync(`${folder}/${name}`, text);
    const attempt = async (options: Partial<MigrateOptions> = {}) =>
      (await migrate({ path, folder, clock, ...options })).map(({ version }) => version);
    await work({ path, folder, write, attempt });
  } finally {
    await Deno.remove(parent, { recursive: true });
  }
}

function schemaOf(path: string): string {
  using database = new DatabaseSync(path, { readOnly: true });
  const rows = database.prepare("SELECT sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite%' ORDER BY type, name")
    .all();
  return rows.map((row) => row["sql"]).join(";\n\n") + ";\n";
}

const table = (name: string) => `-- up\nCREATE TABLE ${name} (a) ;\n\n-- down\nDROP TABLE ${name};\n`;
const [ONE, TWO, THREE] = ["20260101000001", "20260101000002", "20260101000003"];

Deno.test("all migrations up, all down, all up again make the same schema, and it is the one in the snapshot", async () => {
  await withPlace(async ({ path }) => {
    const options = { path, folder: MIGRATIONS, clock };
    const runs = await migrate(options);
    assert.equal(runs.length, [...Deno.readDirSync(MIGRATIONS)].length);
    assert.deepEqual(await migrate(options), []);
    const made = schemaOf(path);
    for (const { version } of runs.toReversed()) {
      assert.deepEqual((await rollBack(options)).map((run) => run.version), [version]);
    }
    assert.match(schemaOf(path), /^CREATE TABLE migrations \([^;]*;\n$/);
    await migrate(options);
    assert.equal(schemaOf(path), made);
    assert.deepEqual((await readMigrationReport(path, MIGRATIONS)).drift, []);
    if (Deno.env.has("WRITE_SNAPSHOTS")) Deno.writeTextFileSync(SNAPSHOT, made);
    assert.equal(made, Deno.readTextFileSync(SNAPSHOT), "WRITE_SNAPSHOTS=1 deno task test writes it anew");
  });
});

Deno.test("migrate() refuses by name what is edited, missing, out of order, doubled, empty or misnamed, and applies nothing", async () => {
  await withPlace(async ({ path, folder, write, attempt }) => {
    const refused = (message: RegExp) => assert.rejects(attempt(), { code: "CONFLICT", message });
    const remove = (name: string) => Deno.removeSync(`${folder}/${name}`);
    write(`${TWO}_two.sql`, table("two"));
    assert.deepEqual(await attempt(), [TWO]);
    write(`${ONE}_one.sql`, table("one"));
    await refused(/"20260101000001_one\.sql" is older than one already applied/);
    remove(`${ONE}_one.sql`);
    write(`${TWO}_two.sql`, table("three"));
    await refused(/"20260101000002_two\.sql" was edited after it was applied/);
    remove(`${TWO}_two.sql`);
    await refused(/"20260101000002_two\.sql" was applied but is missing: is the database newer than this code\?/);
    write(`${TWO}_two.sql`, table("two"));
    write(`${TWO}_also.sql`, table("also"));
    await refused(/"20260101000002_two\.sql" has the version of "20260101000002_also\.sql"/);
    remove(`${TWO}_also.sql`);
    for (
      const [name, text, message] of [
        [
          `${THREE}_empty.sql`,
          "-- up\n\n -- nothing\n/* at all */\n-- down\nDROP TABLE x;\n",
          "has an empty `-- up` part",
        ],
        [`${THREE}_no_way.sql`, "-- up\nCREATE TABLE x (a);\n-- down\n-- later\n", "has an empty `-- down` part"],
        [`${THREE}_no_up.sql`, "CREATE TABLE x (a);\n", "lacks its `-- up` part"],
        [`${THREE}_commit.sql`, "-- up\nCREATE TABLE x (a);\n\n  COMMIT;\n", "must not use COMMIT \\(line 4\\)"],
        [`${THREE}_pragma.sql`, "-- up\nPRAGMA foreign_keys = ON;\n", "must not use PRAGMA \\(line 2\\)"],
        ["three.sql", table("three"), "is not named"],
        ["20260231000003_no_day.sql", table("three"), "is not named"],
        [`${THREE}_Upper.sql`, table("three"), "is not named"],
      ] as const
    ) {
      write(name, text);
      await refused(new RegExp(`"${name.replace(".", "\\.")}" ${message}`));
      remove(name);
    }
    assert.doesNotMatch(schemaOf(path), /one|three|also|\bx\b/);
  });
});

Deno.test("a statement that fails is shown with file, line and SQLite's message, and leaves nothing of its file", async () => {
  await withPlace(async ({ path, folder, write, attempt }) => {
    write(`${ONE}_one.sql`, table("one"));
    write(
      `${TWO}_bad.sql`,
      [
        "-- up",
        "CREATE TABLE good (a TEXT DEFAULT 'a;''b' /* ; */); -- ;",
        "CREATE TRIGGER kept AFTER INSERT ON good WHEN CASE WHEN new.a THEN 1 ELSE 0 END",
        "BEGIN",
        "  UPDATE good SET a = CASE a WHEN 'x;' THEN 'end' ELSE a END;",
        "  SELECT 1;",
        "END;",
        "",
        'CREATE TABLE "odd ; name" (a);',
        "INSERT INTO good VALUES (1, 2);",
      ].join("\n"),
    );
    await assert.rejects(attempt(), {
      code: "CONFLICT",
      message: `Cannot migrate: "${TWO}_bad.sql" line 10: table good has 1 columns but 2 values were supplied`,
    });
    const schema = schemaOf(path);
    assert.match(schema, /CREATE TABLE one/);
    assert.doesNotMatch(schema, /good|odd/);
    const twice = "DROP TABLE one;\n";
    write(`${TWO}_bad.sql`, `-- up\nCREATE TABLE two (a);\n${twice}-- down\nSELECT 1;\n${twice}`);
    await attempt({ allowDestructive: true });
    await assert.rejects(rollBack({ path, folder, clock, allowDestructive: true }), {
      message: `Cannot migrate: "${TWO}_bad.sql" line 6: no such table: one`,
    });
  });
});

Deno.test("a migration may rebuild a table that others refer to, but not break a foreign key", async () => {
  await withPlace(async ({ path, write, attempt }) => {
    const parts = `CREATE TABLE people (id INTEGER PRIMARY KEY);
      CREATE TABLE notes (id INTEGER PRIMARY KEY, person REFERENCES people (id) ON DELETE CASCADE);
      INSERT INTO people VALUES (1), (2); INSERT INTO notes VALUES (1, 1), (2, 2);`;
    write(`${ONE}_people.sql`, `-- up\n${parts}\n`);
    const rebuild = (where: string) =>
      `-- up
      CREATE TABLE people_new (id INTEGER PRIMARY KEY, name TEXT);
      INSERT INTO people_new (id) SELECT id FROM people ${where};
      DROP TABLE people;
      ALTER TABLE people_new RENAME TO people;\n`;
    write(`${TWO}_names.sql`, rebuild("WHERE id = 1"));
    await assert.rejects(attempt({ allowDestructive: true }), {
      message: `Cannot migrate: "${TWO}_names.sql" breaks a foreign key of the table "notes" to "people"`,
    });
    write(`${TWO}_names.sql`, rebuild(""));
    assert.deepEqual(await attempt({ allowDestructive: true }), [TWO]);
    using database = openConnection(path, { readOnly: true });
    assert.equal(database.prepare("SELECT count(*) AS n FROM notes").get()?.["n"], 2);
  });
});

Deno.test("a backup is taken once before a file that holds data is touched; where it fails nothing is", async () => {
  await withPlace(async ({ path, folder, write, attempt }) => {
    let backups = 0;
    const backUp = () => Promise.resolve(void backups++);
    write(
      `${ONE}_one.sql`,
      `-- up\nCREATE TABLE one (a); INSERT INTO one VALUES ('by the migration');\n-- down\nDROP TABLE one;`,
    );
    await attempt({ backUp });
    write(`${TWO}_two.sql`, table("two"));
    await attempt({ backUp });
    assert.equal(backups, 0, "what migrations insert is no data");
    execute(path, "UPDATE one SET a = 'by somebody'");
    await attempt({ backUp });
    assert.equal(backups, 0, "nothing is pending");
    write(`${THREE}_three.sql`, table("three"));
    const full = () => Promise.reject(new Error("no room"));
    await assert.rejects(attempt({ backUp: full }), { message: "no room" });
    assert.doesNotMatch(schemaOf(path), /three/);
    await attempt({ backUp });
    assert.equal(backups, 1);
    await rollBack({ path, folder, clock, to: TWO, backUp });
    assert.equal(backups, 2);
  });
});

Deno.test("--to ends with that version applied, up and down; an unknown one or a missing down is refused", async () => {
  await withPlace(async ({ path, folder, write, attempt }) => {
    write(`${ONE}_one.sql`, table("one"));
    write(`${TWO}_two.sql`, "-- up\nCREATE TABLE two (a);\n");
    write(`${THREE}_three.sql`, table("three"));
    assert.deepEqual(await attempt({ to: TWO }), [ONE, TWO]);
    assert.deepEqual(await attempt({ to: ONE }), []);
    await assert.rejects(attempt({ to: "20990101000000" }), { code: "INVALID_INPUT", message: /no such version/ });
    await attempt();
    const down = async (to?: string) => {
      const runs = await rollBack({ path, folder, clock, ...(to === undefined ? {} : { to }) });
      return runs.map(({ version }) => version);
    };
    await assert.rejects(down(ONE), { message: /"20260101000002_two\.sql" has no `-- down` part/ });
    assert.match(schemaOf(path), /three/, "nothing was undone");
    assert.deepEqual(await down(), [THREE]);
    await assert.rejects(down(), { message: /has no `-- down` part/ });
  });
});

Deno.test("a dry run tells what would change and changes nothing", async () => {
  await withPlace(async ({ path, folder, write, attempt }) => {
    write(`${ONE}_one.sql`, table("one"));
    await attempt();
    write(
      `${TWO}_two.sql`,
      "-- up\nALTER TABLE one ADD COLUMN b TEXT;\nCREATE INDEX by_b ON one (b);\nDROP TABLE IF EXISTS x;\n",
    );
    const before = Deno.readFileSync(path);
    const { runs, changes } = await tryMigrations({ path, folder, clock });
    assert.deepEqual(runs.map(({ version }) => version), [TWO]);
    assert.deepEqual(changes, [
      { object: "index by_b", before: null, after: "CREATE INDEX by_b ON one (b)" },
      { object: "table one", before: "CREATE TABLE one (a)", after: "CREATE TABLE one (a, b TEXT)" },
    ]);
    assert.deepEqual(Deno.readFileSync(path), before);
    write(`${TWO}_two.sql`, "-- up\nCREATE TABLE one (a);\n");
    await assert.rejects(tryMigrations({ path, folder, clock }), { message: /line 2: table one already exists/ });
    assert.deepEqual(Deno.readFileSync(path), before);
  });
});

Deno.test("the report tells each migration's state and where the schema drifted", async () => {
  await withPlace(async ({ path, folder, write, attempt }) => {
    const report = async () => {
      const { migrations, drift } = await readMigrationReport(path, folder);
      return [migrations.map(({ state }) => state), drift.map(({ object }) => object)];
    };
    write(`${TWO}_two.sql`, `${table("two")}`);
    assert.deepEqual(await report(), [["pending"], []]);
    assert.ok(!Deno.readDirSync(`${folder}/..`).some(({ name }) => name === "test.db"), "looking makes no file");
    await attempt();
    assert.deepEqual(await report(), [["applied"], []]);
    execute(path, "CREATE INDEX by_hand ON two (a); ALTER TABLE two ADD COLUMN b; ANALYZE");
    assert.deepEqual(await report(), [["applied"], ["index by_hand", "table two"]]);
    execute(path, "DROP TABLE two");
    assert.deepEqual(await report(), [["applied"], ["table two"]]);
    write(`${ONE}_one.sql`, table("one"));
    write(`${THREE}_three.sql`, table("three"));
    assert.deepEqual((await report())[0], ["out of order", "applied", "pending"]);
    write(`${TWO}_two.sql`, table("other"));
    assert.deepEqual((await report())[0], ["out of order", "edited", "pending"]);
    Deno.removeSync(`${folder}/${TWO}_two.sql`);
    assert.deepEqual((await report())[0], ["out of order", "missing", "pending"]);
  });
});

Deno.test("several processes at once apply each file once, and a killed one blocks nobody and leaves nothing half done", async () => {
  await withPlace(async ({ path, folder, write }) => {
    const numbers = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000)";
    for (let index = 1; index <= 5; index++) {
      write(
        `2026010100000${index}_t${index}.sql`,
        `-- up\nCREATE TABLE t${index} (a);\nINSERT INTO t${index} ${numbers} SELECT count(*) FROM n;\n`,
      );
    }
    const script = `
      const { migrate } = await import(${
      JSON.stringify(new URL("../src/database/migrations.ts", import.meta.url).href)
    });
      await Deno.stdout.write(new TextEncoder().encode("begins\\n"));
      const runs = await migrate({ path: ${JSON.stringify(path)}, folder: ${JSON.stringify(folder)}, clock: Date });
      console.log(runs.length);`;
    const spawn = () =>
      new Deno.Command(Deno.execPath(), { args: ["eval", script], stdout: "piped", stderr: "inherit" }).spawn();
    const killed = spawn();
    const reader = killed.stdout.getReader();
    await reader.read();
    await new Promise((resolve) => setTimeout(resolve, 300));
    killed.kill("SIGKILL");
    while (!(await reader.read()).done);
    await killed.status;
    const applied = (await readMigrationReport(path, folder)).migrations.filter(({ state }) => state === "applied");
    const outputs = await Promise.all([spawn(), spawn(), spawn()].map((process) => process.output()));
    const counts = outputs.map(({ stdout }) => Number(new TextDecoder().decode(stdout).split("\n")[1]));
    assert.equal(applied.length + counts.reduce((sum, count) => sum + count), 5, counts.join());
    using database = new DatabaseSync(path);
    for (let index = 1; index <= 5; index++) {
      assert.equal(database.prepare(`SELECT count(*) AS n FROM t${index}`).get()?.["n"], 1);
    }
  });
});

function execute(path: string, statements: string): void {
  using database = new DatabaseSync(path);
  database.exec(statements);
}
