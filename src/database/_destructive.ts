import type { DatabaseSync } from "node:sqlite";
import type { MigrationFile } from "./_migration_files.ts";

/** A statement that loses rows or values for good. */
export interface Destruction {
  fileName: string;
  line: number;
  /** What it does, such as "DROP TABLE". */
  action: string;
  table: string;
}

/** The statements of one part of a migration that lose data. */
export function findDestructions(file: MigrationFile, part: "up" | "down"): Destruction[] {
  return file[part].flatMap(({ tokens, line }) => {
    const found = destructionOf(tokens);
    return found === null ? [] : [{ ...found, fileName: file.fileName, line }];
  });
}

/**
 * The names, in lower case, of virtual tables that only show or index what others hold: dropped, they lose nothing.
 * https://sqlite.org/fts5.html#external_content_tables, https://sqlite.org/fts5.html#the_fts5vocab_virtual_table_module
 */
export function findDerivedTables(files: readonly MigrationFile[]): Set<string> {
  const statements = files.flatMap(({ up }) => up.map(({ tokens }) => tokens));
  return new Set(
    statements.filter((tokens) => DERIVED_TABLE.test(tokens.join(" "))).map((tokens) =>
      nameAt(tokens, 3).name.toLowerCase()
    ),
  );
}

const DERIVED_TABLE = /^CREATE VIRTUAL TABLE \S+ USING (fts5vocab\b|fts5\b.*\bcontent ?= ?'?\w)/is;

/** The tables of a database, told apart by what is in them. */
export interface Tables {
  /** Other rows than `pristine` has, which only the migrations filled: what people put there. */
  withData: string[];
  /** The same rows. */
  withoutData: string[];
}

/** Looks which tables people put something into. */
export function sortTables(connection: DatabaseSync, pristine: DatabaseSync): Tables {
  const tables = listTables(connection);
  const withData = tables.filter((table) => {
    const count = countRows(connection, table);
    if (count !== countRows(pristine, table)) return true;
    return count > 0 && readRows(connection, table) !== readRows(pristine, table);
  });
  return { withData, withoutData: tables.filter((table) => !withData.includes(table)) };
}

/** Whether nothing is lost by it: its table is there, and nobody put anything into it. */
export function isHarmless({ table }: Destruction, { withoutData }: Tables): boolean {
  return withoutData.some((name) => name.toLowerCase() === table.toLowerCase());
}

// A rebuild of a table ends in a DROP TABLE. Indexes, views and triggers hold no data of their own.
function destructionOf(tokens: string[]): { action: string; table: string } | null {
  const words = tokens.map((token) => token.toUpperCase());
  const [first, second] = words;
  if (first === "DROP" && second === "TABLE") {
    return { action: "DROP TABLE", table: nameAt(tokens, words[2] === "IF" ? 4 : 2).name };
  }
  if (first === "ALTER") {
    const { name, end } = nameAt(tokens, 2);
    const drops = words[end] === "DROP" && words[end + 1] !== "CONSTRAINT";
    return drops ? { action: "DROP COLUMN", table: name } : null;
  }
  const from = words.findIndex((word, index) => word === "FROM" && words[index - 1] === "DELETE");
  if (from < 0 || (first !== "DELETE" && first !== "WITH")) return null;
  return { action: "DELETE", table: nameAt(tokens, from + 1).name };
}

/** The name, without its schema, that begins at a token, and where it ends. */
function nameAt(tokens: string[], start: number): { name: string; end: number } {
  const end = tokens[start + 1] === "." ? start + 3 : start + 1;
  return { name: unquote(tokens[end - 1] ?? "?"), end };
}

// https://sqlite.org/lang_keywords.html
function unquote(token: string): string {
  const [quote = ""] = token;
  if (quote === "[") return token.slice(1, -1);
  return `"'\``.includes(quote) ? token.slice(1, -1).replaceAll(quote + quote, quote) : token;
}

function listTables(connection: DatabaseSync): string[] {
  return connection.prepare(`
    SELECT name, sql FROM pragma_table_list JOIN sqlite_schema USING (name)
    WHERE schema = 'main' AND pragma_table_list.type IN ('table', 'virtual')`).all()
    .filter(({ sql }) => !DERIVED_TABLE.test(String(sql)))
    .map(({ name }) => String(name))
    .filter((name) => !name.startsWith("sqlite_") && name !== "migrations");
}

function countRows(connection: DatabaseSync, table: string): number {
  if (!listTables(connection).includes(table)) return 0;
  return Number(connection.prepare(`SELECT count(*) AS n FROM ${quoted(table)}`).get()?.["n"]);
}

// Of tables that the migrations fill: a few rows.
function readRows(connection: DatabaseSync, table: string): string {
  const statement = connection.prepare(`SELECT * FROM ${quoted(table)}`);
  statement.setReadBigInts(true);
  const text = (_key: string, value: unknown) => typeof value === "bigint" ? `${value}n` : value;
  return statement.all().map((row) => JSON.stringify(row, text)).sort().join("\n");
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
