import { configure, type LogRecord, reset } from "@logtape/logtape";
import { DatabaseSync } from "node:sqlite";
import { KNOWN_PASSWORD } from "./fuzz_world.ts";

/** The errors that the server logs while it is open. */
export interface Failures extends AsyncDisposable {
  /** Those since the last call. */
  taken(): string[];
}

/** Tables that a refused request may write to as well: the audit log and what goes with it. */
const RECORDS =
  /^(security_events|audit_|access_token_addresses|mcp_tool_executions|webrtc_connections)|element_search_|^sqlite_/;

/** Collects the log's errors: what fails behind an answer that looks good. */
export async function collectFailures(): Promise<Failures> {
  let found: string[] = [];
  const sink = ({ level, message, properties }: LogRecord) => {
    if (level === "error" || level === "fatal") found.push(`${message.join("")} ${Deno.inspect(properties)}`);
  };
  await configure({
    reset: true,
    sinks: { sink },
    loggers: [
      { category: "fingerpost", lowestLevel: "debug", sinks: ["sink"] },
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["sink"] },
    ],
  });
  const taken = () => {
    const all = found;
    found = [];
    return all;
  };
  return { taken, [Symbol.asyncDispose]: () => reset() };
}

/** How many rows each table has, those left out that record what was asked. */
export function countRows(database: DatabaseSync): Record<string, unknown> {
  const names = tablesOf(database).filter((name) => !RECORDS.test(name));
  const counts = names.map((name) => `(SELECT count(*) FROM "${name}") AS "${name}"`);
  return { ...database.prepare(`SELECT ${counts.join(", ")}`).get() };
}

/** The whole schema as the file has it. */
export function schemaOf(database: DatabaseSync): unknown[] {
  return database.prepare("SELECT type, name, sql FROM sqlite_schema ORDER BY type, name").all();
}

/** What is wrong with the file and what lies in it: pages, references, the index of words, texts that can't be given back. */
export function findDamage(dataDir: string): string[] {
  const database = new DatabaseSync(`${dataDir}/fingerpost.db`, { timeout: 5_000 });
  try {
    const integrity = database.prepare("PRAGMA integrity_check").all().map((row) => String(row["integrity_check"]));
    const damage = integrity.filter((line) => line !== "ok");
    damage.push(
      ...database.prepare("PRAGMA foreign_key_check").all().map((row) => `foreign key: ${JSON.stringify(row)}`),
    );
    // Throws where the index and what it was made of differ. https://sqlite.org/fts5.html#the_integrity_check_command
    database.exec("INSERT INTO element_search (element_search) VALUES ('integrity-check')");
    for (const name of tablesOf(database).filter((name) => !name.startsWith("element_search_"))) {
      damage.push(...damageIn(database, name));
    }
    return [...damage, ...damageInAudit(database)];
  } finally {
    database.close();
  }
}

function damageIn(database: DatabaseSync, table: string): string[] {
  const columns = database.prepare("SELECT name FROM pragma_table_info(?) WHERE type = 'TEXT'").all(table);
  return columns.flatMap(({ name }) => {
    const wrong = `typeof("${name}") <> 'text' OR instr("${name}", char(0)) > 0 OR instr("${name}", char(65533)) > 0`;
    const rows = database.prepare(
      `SELECT "${name}" AS value FROM "${table}" WHERE "${name}" IS NOT NULL AND (${wrong})`,
    )
      .all();
    return rows.map(({ value }) => `${table}.${name}: ${JSON.stringify(value)}`);
  });
}

function damageInAudit(database: DatabaseSync): string[] {
  const rows = database.prepare("SELECT kind, details FROM security_events").all();
  return rows.flatMap(({ kind, details }) => {
    const text = String(details);
    const parsed: unknown = JSON.parse(text);
    const isObject = typeof parsed === "object" && parsed !== null && !Array.isArray(parsed);
    return isObject && !text.includes(KNOWN_PASSWORD) ? [] : [`${kind}: ${text}`];
  });
}

function tablesOf(database: DatabaseSync): string[] {
  const rows = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE '%VIRTUAL%'")
    .all();
  return rows.map(({ name }) => String(name));
}
