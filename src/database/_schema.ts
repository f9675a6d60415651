import type { DatabaseSync } from "node:sqlite";

/** What a schema has: the statement of each object by "<type> <name>", white space evened out. */
export type Schema = Map<string, string>;

/** One object in which two schemas differ; null where it is not there. */
export interface SchemaDifference {
  /** Such as "table users". */
  object: string;
  before: string | null;
  after: string | null;
}

/** The schema of a connection, without SQLite's own tables: those of statistics come and go. https://sqlite.org/schematab.html */
export function readSchema(connection: DatabaseSync): Schema {
  const rows = connection.prepare(`
    SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
    ORDER BY type, name`).all();
  return new Map(rows.map((row) => [`${row["type"]} ${row["name"]}`, normalise(String(row["sql"]))]));
}

/** What is different in `after`, by object. */
export function compareSchemas(before: Schema, after: Schema): SchemaDifference[] {
  const objects = [...new Set([...before.keys(), ...after.keys()])].sort();
  return objects
    .map((object) => ({ object, before: before.get(object) ?? null, after: after.get(object) ?? null }))
    .filter((difference) => difference.before !== difference.after);
}

// By line, so that a difference can be shown by line.
function normalise(statement: string): string {
  return statement.split("\n").map((line) => line.replace(/\s+/g, " ").trim()).filter((line) => line !== "").join("\n");
}
