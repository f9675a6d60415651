import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { migrate, type MigrateOptions, rollBack } from "../src/database/migrations.ts";

const clock = { now: () => 1_700_000_000_000 };
const [ONE, TWO] = ["20260101000001", "20260101000002"];
const TABLE_ONE = "-- up\nCREATE TABLE one (a, b);\n-- down\nDROP TABLE one;\n";

/** Each loses what is in the table "one", however its name is written. */
const DESTRUCTIVE = [
  ["DROP TABLE one", "DROP TABLE"],
  ["drop table if exists ONE", "DROP TABLE"],
  ["DROP/* it */TABLE -- now\n one", "DROP TABLE"],
  ["DROP TABLE main.one", "DROP TABLE"],
  ['DROP TABLE "main"."one"', "DROP TABLE"],
  ["DROP TABLE [one]", "DROP TABLE"],
  ["DROP TABLE `one`", "DROP TABLE"],
  ["DROP TABLE 'one'", "DROP TABLE"],
  ["ALTER TABLE [one] DROP b", "DROP COLUMN"],
  ["ALTER TABLE main.one DROP COLUMN b", "DROP COLUMN"],
  ["DELETE FROM main.One WHERE a", "DELETE"],
  ["WITH few AS (SELECT 1 AS a) DELETE FROM one WHERE a IN few", "DELETE"],
  ["ALTER TABLE one RENAME TO other; DROP TABLE other", "DROP TABLE"],
] as const;

interface Place {
  path: string;
  folder: string;
  options: MigrateOptions;
  write(name: string, text: string): void;
}

async function withPlace(work: (place: Place) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "fingerpost_destructive_" });
  try {
    const path = `${folder}/test.db`;
    const write = (name: string, text: string) => Deno.writeTextFileSync(`${folder}/${name}`, text);
    await work({ path, folder, options: { path, folder, clock }, write });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function execute(path: string, statements: string): void {
  using database = new DatabaseSync(path);
  database.exec(statements);
}

Deno.test("what loses data is warned of by file and line and needs to be allowed; rolling back only where there is data", async () => {
  await withPlace(async ({ path, folder, options, write }) => {
    write(`${ONE}_one.sql`, TABLE_ONE);
    await migrate(options);
    write(`${TWO}_drop.sql`, "-- up\nDROP INDEX IF EXISTS x;\nDROP TABLE one;\n-- down\nCREATE TABLE one (a, b);\n");
    const warnings: string[] = [];
    const onDestructive: MigrateOptions["onDestructive"] = ({ line, action }) => warnings.push(`${action} ${line}`);
    await assert.rejects(migrate({ ...options, onDestructive }), {
      code: "CONFLICT",
      message: /line 3: DROP TABLE loses the data of "one"/,
    });
    assert.deepEqual(warnings, ["DROP TABLE 3"]);
    Deno.removeSync(`${folder}/${TWO}_drop.sql`);
    write(`${TWO}_column.sql`, "-- up\nALTER TABLE one ADD COLUMN c;\n-- down\nALTER TABLE one DROP COLUMN c;\n");
    await migrate(options);
    assert.equal((await rollBack(options)).length, 1, "nothing is in it");
    await migrate(options);
    execute(path, "INSERT INTO one VALUES (1, 2, 3)");
    await assert.rejects(rollBack(options), { code: "CONFLICT", message: /DROP COLUMN .*db:rollback/ });
    assert.equal((await rollBack({ ...options, allowDestructive: true })).length, 1);
  });
});

Deno.test("what loses data is recognised however it is written, up and down", async () => {
  for (const [statements, action] of DESTRUCTIVE) {
    await withPlace(async ({ path, options, write }) => {
      write(`${ONE}_one.sql`, TABLE_ONE);
      write(`${TWO}_two.sql`, `-- up\nCREATE TABLE two (a);\n-- down\n${statements};\nDROP TABLE two;\n`);
      await migrate(options);
      execute(path, "INSERT INTO one VALUES (1, 2)");
      const refused = { code: "CONFLICT", message: new RegExp(`: ${action} loses the data of`) };
      await assert.rejects(rollBack(options), refused, `down: ${statements}`);
      await rollBack({ ...options, allowDestructive: true });
    });
    await withPlace(async ({ options, write }) => {
      write(`${ONE}_one.sql`, TABLE_ONE);
      await migrate(options);
      write(`${TWO}_two.sql`, `-- up\n${statements};\n`);
      await assert.rejects(migrate(options), { code: "CONFLICT" }, `up: ${statements}`);
    });
  }
});

Deno.test("what holds no data of its own needs no permission", async () => {
  await withPlace(async ({ options, write }) => {
    write(
      `${ONE}_one.sql`,
      `-- up
      CREATE TABLE one (a, b, CONSTRAINT small CHECK (a < 9));
      CREATE INDEX by_a ON one (a);
      CREATE VIEW "DROP TABLE one" AS SELECT 'DELETE FROM one' AS a;
      CREATE TRIGGER cleared AFTER INSERT ON one BEGIN DELETE FROM one WHERE a IS NULL; END;\n`,
    );
    write(
      `${TWO}_two.sql`,
      `-- up
      DROP TRIGGER cleared;
      DROP VIEW "DROP TABLE one";
      DROP INDEX by_a;
      ALTER TABLE one DROP CONSTRAINT small;
      ALTER TABLE one RENAME COLUMN a TO "DROP";\n`,
    );
    assert.equal((await migrate(options)).length, 2);
  });
});

Deno.test("rows that migrations put there and somebody changed count as data", async () => {
  await withPlace(async ({ path, options, write }) => {
    write(
      `${ONE}_one.sql`,
      "-- up\nCREATE TABLE one (a);\nINSERT INTO one VALUES (1), (2);\n-- down\nDROP TABLE one;\n",
    );
    await migrate(options);
    assert.equal((await rollBack(options)).length, 1, "nobody changed any");
    await migrate(options);
    execute(path, "UPDATE one SET a = 9223372036854775807 WHERE a = 2");
    await assert.rejects(rollBack(options), { code: "CONFLICT" });
  });
});

Deno.test("an index for searches that reads what others hold is no data; one with texts of its own is", async () => {
  for (const [content, isData] of [["content = 'one'", false], ["content=''", true], ["prefix = '2'", true]] as const) {
    await withPlace(async ({ path, options, write }) => {
      write(
        `${ONE}_one.sql`,
        `${TABLE_ONE.replace("-- down", `CREATE VIRTUAL TABLE found USING fts5 (a, ${content});\n-- down`)}`,
      );
      await migrate(options);
      execute(path, "INSERT INTO one VALUES (1, 2); INSERT INTO found (rowid, a) VALUES (1, 'x')");
      write(`${TWO}_two.sql`, "-- up\nDROP TABLE found;\n-- down\nDROP TABLE one;\n");
      if (isData) await assert.rejects(migrate(options), { code: "CONFLICT", message: /DROP TABLE loses .*"found"/ });
      else assert.equal((await migrate(options)).length, 1);
    });
  }
});
