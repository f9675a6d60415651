import type { DatabaseSync } from "node:sqlite";
import type { MigrationFile } from "./_migration_files.ts";
import type { SqlStatement } from "./_sql_statements.ts";

/** A statement that loses rows or values for good. */
export interface Destruction {
  fileName: string;
  line: number;
  /** What it does, such as "DROP TABLE". */
  action: string;
  table: string;
}

const NAME = String.raw`(?:"((?:[^"]|"")+)"|(\w+))`;
/** A rebuild of a table ends in a DROP TABLE. Indexes, views and triggers hold no data of their own. */
const DESTRUCTIVE: [action: string, pattern: RegExp][] = [
  ["DROP TABLE", new RegExp(String.raw`^\s*DROP\s+TABLE\s+(?:IF\s+EXISTS\s+)?${NAME}`, "i")],
  ["DROP COLUMN", new RegExp(String.raw`^\s*ALTER\s+TABLE\s+${NAME}\s+DROP\s+(?!CONSTRAINT\b)`, "i")],
  ["DELETE", new RegExp(String.raw`^\s*DELETE\s+FROM\s+${NAME}`, "i")],
];

/** The statements of one part of a migration that lose data. */
export function findDestructions(file: MigrationFile, part: "up" | "down"): Destruction[] {
  return file[part].flatMap((statement) => {
    const found = destructionOf(statement);
    return found === null ? [] : [{ ...found, fileName: file.fileName, line: statement.line }];
  });
}

/** Tables with other rows than `pristine` has, which only the migrations filled: what people put there. */
export function findTablesWithData(connection: DatabaseSync, pristine: DatabaseSync): string[] {
  return listTables(connection).filter((table) => {
    const [here, fresh] = [connection, pristine].map((database) => countRows(database, table));
    return here !== fresh;
  });
}

function destructionOf({ sql, outline }: SqlStatement): { action: string; table: string } | null {
  // Comments may stand between the words, so the outline decides; it has no quoted names, so the text tells them.
  for (const [action, pattern] of DESTRUCTIVE) {
    const [, quoted, plain] = pattern.exec(sql) ?? [];
    const table = quoted?.replaceAll('""', '"') ?? plain;
    if (table !== undefined) return { action, table };
    if (pattern.test(outline.replaceAll('""', "quoted"))) return { action, table: "?" };
  }
  return null;
}

function listTables(connection: DatabaseSync): string[] {
  return connection.prepare("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'").all()
    .map(({ name }) => String(name))
    .filter((name) => !name.startsWith("sqlite_") && name !== "migrations");
}

function countRows(connection: DatabaseSync, table: string): number {
  if (!listTables(connection).includes(table)) return 0;
  return Number(connection.prepare(`SELECT count(*) AS n FROM "${table.replaceAll('"', '""')}"`).get()?.["n"]);
}
