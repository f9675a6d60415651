import type { DatabaseSync } from "node:sqlite";
import { type MigrationFile, refused } from "./_migration_files.ts";

/** A migration that the file went through. */
export interface LedgerEntry {
  version: string;
  name: string;
  sha256: string;
  /** Milliseconds since the Unix epoch. */
  appliedAt: number;
  durationMs: number;
}

/** What has become of a migration: the last three are refused before anything is applied. */
export type MigrationState = "applied" | "pending" | "missing" | "edited" | "out of order";

/** One migration, in the file or in the folder or both. */
export interface MigrationStatus {
  version: string;
  name: string;
  state: MigrationState;
  appliedAt: number | null;
  durationMs: number | null;
}

const TABLE = `CREATE TABLE IF NOT EXISTS migrations (
  version TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  applied_at INTEGER NOT NULL,
  duration_ms REAL NOT NULL
) STRICT`;

const REASONS: Partial<Record<MigrationState, string>> = {
  missing: "was applied but is missing: is the database newer than this code?",
  edited: "was edited after it was applied",
  "out of order": "is older than one already applied",
};

/** Makes the ledger where there is none. */
export function createLedger(connection: DatabaseSync): void {
  connection.exec(TABLE);
}

/** What was applied, oldest first; nothing where there is no ledger. */
export function readLedger(connection: DatabaseSync): LedgerEntry[] {
  const exists = connection.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'migrations'").get();
  if (exists === undefined) return [];
  return connection.prepare(
    "SELECT version, name, sha256, applied_at AS appliedAt, duration_ms AS durationMs FROM migrations ORDER BY version",
  ).all().map((row) => row as unknown as LedgerEntry);
}

/** Adds an applied migration. */
export function insertEntry(connection: DatabaseSync, entry: LedgerEntry): void {
  const { version, name, sha256, appliedAt, durationMs } = entry;
  connection.prepare("INSERT INTO migrations VALUES (?, ?, ?, ?, ?)").run(version, name, sha256, appliedAt, durationMs);
}

/** Takes a migration out that was rolled back. */
export function deleteEntry(connection: DatabaseSync, version: string): void {
  connection.prepare("DELETE FROM migrations WHERE version = ?").run(version);
}

/** Every migration that the ledger or the folder knows, oldest first. */
export function compareLedger(ledger: LedgerEntry[], files: MigrationFile[]): MigrationStatus[] {
  const latest = ledger.at(-1)?.version ?? "";
  const entries = new Map(ledger.map((entry) => [entry.version, entry]));
  const applied = ledger.map(({ version, name, sha256, appliedAt, durationMs }): MigrationStatus => {
    const file = files.find((candidate) => candidate.version === version);
    const state = file === undefined ? "missing" : file.sha256 === sha256 ? "applied" : "edited";
    return { version, name, state, appliedAt, durationMs };
  });
  const pending = files.filter(({ version }) => !entries.has(version)).map(({ version, name }): MigrationStatus => {
    const state = version < latest ? "out of order" : "pending";
    return { version, name, state, appliedAt: null, durationMs: null };
  });
  return [...applied, ...pending].sort((a, b) => a.version < b.version ? -1 : 1);
}

/** Throws `CONFLICT` that names the first migration with which nothing may be applied. */
export function requireConsistent(migrations: MigrationStatus[]): void {
  for (const { version, name, state } of migrations) {
    const reason = REASONS[state];
    if (reason !== undefined) throw refused(`${version}_${name}.sql`, reason);
  }
}
