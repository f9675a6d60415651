import type { DatabaseSync } from "node:sqlite";
import { openConnection, translated } from "./database.ts";
import { fileSize } from "./disk.ts";

/** What an operator wants to know of one SQLite file. Sizes are bytes; of a damaged file, only those of the files are told. */
export interface FileHealth {
  /** What `PRAGMA integrity_check` found, at most 100 lines; empty where the file is sound. https://sqlite.org/pragma.html#pragma_integrity_check */
  integrityFaults: string[];
  /** Rows whose foreign key leads nowhere, by table; empty where there are none. */
  foreignKeyFaults: { table: string; rows: number }[];
  fileBytes: number;
  /** The write-ahead log beside the file. */
  walBytes: number;
  pageBytes: number;
  pages: number;
  /** Pages that hold nothing and wait for new rows. */
  freePages: number;
  /** Largest first; a table's bytes are with its indexes. */
  tables: TableSize[];
}

/** How large a table is. */
export interface TableSize {
  name: string;
  rows: number;
  bytes: number;
}

/** Looks the whole file over, beside a server that has it open; takes seconds for a large one. Throws `UNAVAILABLE`. */
export async function checkFile(path: string): Promise<FileHealth> {
  const [fileBytes, walBytes] = await Promise.all([fileSize(path), fileSize(`${path}-wal`)]);
  const connection = openConnection(path, { readOnly: true });
  try {
    const integrityFaults = findIntegrityFaults(connection);
    // What is damaged can't be counted, and may not be read at all.
    const isSound = integrityFaults.length === 0;
    const measure = (query: string) => isSound ? number(connection, query) : 0;
    return translated(() => ({
      integrityFaults,
      foreignKeyFaults: isSound ? findForeignKeyFaults(connection) : [],
      fileBytes,
      walBytes,
      pageBytes: measure("PRAGMA page_size"),
      pages: measure("PRAGMA page_count"),
      freePages: measure("PRAGMA freelist_count"),
      tables: isSound ? measureTables(connection) : [],
    }));
  } finally {
    connection.close();
  }
}

function findIntegrityFaults(connection: DatabaseSync): string[] {
  try {
    return texts(connection, "PRAGMA integrity_check").filter((line) => line !== "ok");
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}

function findForeignKeyFaults(connection: DatabaseSync): FileHealth["foreignKeyFaults"] {
  const byTable = Map.groupBy(texts(connection, "PRAGMA foreign_key_check"), (table) => table);
  return [...byTable].map(([table, rows]) => ({ table, rows: rows.length }));
}

function measureTables(connection: DatabaseSync): TableSize[] {
  const tables = texts(connection, "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql IS NOT NULL");
  const sizes = connection.prepare(`
    SELECT tbl_name AS name, sum(pgsize) AS bytes FROM dbstat JOIN sqlite_schema ON sqlite_schema.name = dbstat.name
    WHERE aggregate = TRUE GROUP BY tbl_name`).all();
  const bytes = new Map(sizes.map((row) => [String(row["name"]), Number(row["bytes"])]));
  return tables.filter((name) => bytes.has(name)).map((name) => ({
    name,
    rows: number(connection, `SELECT count(*) FROM "${name.replaceAll('"', '""')}"`),
    bytes: bytes.get(name) ?? 0,
  })).sort((a, b) => b.bytes - a.bytes);
}

/** The first column of each row, as text. */
function texts(connection: DatabaseSync, query: string): string[] {
  return connection.prepare(query).all().map((row) => String(Object.values(row)[0]));
}

function number(connection: DatabaseSync, query: string): number {
  return Number(texts(connection, query)[0]);
}
