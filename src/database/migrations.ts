import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import { type MigrationFile, readMigrationFiles } from "./_migration_files.ts";
import { openConnection, translated } from "./database.ts";

/** What `migrate` needs: the file, the folder of migrations and the time. */
export interface MigrateOptions {
  /** The SQLite file. */
  path: string;
  /** The folder of `<yyyymmddhhmmss>_<noun>.sql` files. */
  folder: string;
  clock: Clock;
}

interface AppliedMigration {
  version: string;
  name: string;
  sha256: string;
}

const LEDGER = `CREATE TABLE IF NOT EXISTS migrations (
  version TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  applied_at INTEGER NOT NULL,
  duration_ms REAL NOT NULL
) STRICT`;

/**
 * Applies what is pending, each file in one transaction, and returns the versions applied. Two processes can't both do it:
 * each takes SQLite's write lock first, which a killed holder gives up. Throws `INVALID_INPUT` that names the file if an
 * applied file was edited, is missing, or a pending one is older than an applied one, and if a statement fails.
 */
export async function migrate({ path, folder, clock }: MigrateOptions): Promise<string[]> {
  const files = await readMigrationFiles(folder);
  const connection = openConnection(path, { readOnly: false });
  try {
    translated(() => connection.exec(LEDGER));
    const applied: string[] = [];
    while (applyNext(connection, files, clock, applied));
    return applied;
  } finally {
    connection.close();
  }
}

function applyNext(connection: DatabaseSync, files: MigrationFile[], clock: Clock, applied: string[]): boolean {
  translated(() => connection.exec("BEGIN IMMEDIATE"));
  try {
    const next = findPending(readLedger(connection), files);
    if (next !== undefined) {
      apply(connection, next, clock);
      applied.push(next.version);
    }
    connection.exec("COMMIT");
    return next !== undefined;
  } catch (error) {
    if (connection.isTransaction) connection.exec("ROLLBACK");
    throw error;
  }
}

function readLedger(connection: DatabaseSync): AppliedMigration[] {
  const rows = connection.prepare("SELECT version, name, sha256 FROM migrations ORDER BY version").all();
  return rows.map((row) => ({
    version: String(row["version"]),
    name: String(row["name"]),
    sha256: String(row["sha256"]),
  }));
}

function findPending(ledger: AppliedMigration[], files: MigrationFile[]): MigrationFile | undefined {
  for (const [index, { version, name, sha256 }] of ledger.entries()) {
    const file = files.find((candidate) => candidate.version === version);
    const fileName = `${version}_${name}.sql`;
    if (file === undefined) {
      throw refused(fileName, "was applied but is missing: is the database newer than this code?");
    }
    if (file.sha256 !== sha256) throw refused(fileName, "was edited after it was applied");
    const outOfOrder = files[index];
    if (outOfOrder !== file) throw refused(outOfOrder?.fileName ?? fileName, "is older than one already applied");
  }
  return files[ledger.length];
}

function apply(connection: DatabaseSync, file: MigrationFile, clock: Clock): void {
  const startedAt = performance.now();
  try {
    connection.exec(file.up);
  } catch (error) {
    throw refused(file.fileName, error instanceof Error ? error.message : String(error));
  }
  const broken = connection.prepare("PRAGMA foreign_key_check").get();
  if (broken !== undefined) throw refused(file.fileName, `breaks a foreign key of the table "${broken["table"]}"`);
  connection.prepare("INSERT INTO migrations VALUES (?, ?, ?, ?, ?)")
    .run(file.version, file.name, file.sha256, clock.now(), performance.now() - startedAt);
}

function refused(fileName: string, reason: string): AppError {
  return new AppError("INVALID_INPUT", `Cannot migrate: "${fileName}" ${reason}`);
}
