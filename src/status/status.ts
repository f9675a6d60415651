import type { Actor } from "../base/actor.ts";
import { requirePermission } from "../base/permissions.ts";
import { listBackups } from "../database/backups.ts";
import type { Database } from "../database/database.ts";
import { databaseSize } from "../database/disk.ts";
import { listAppliedVersions } from "./_rows.ts";

/** How the server is, as far as a glance tells. */
export interface SystemStatus {
  version: string;
  healthy: boolean;
  /** The latest migration that was applied; empty where none was. */
  schemaVersion: string;
  pendingMigrations: number;
  databaseBytes: number;
  /** Milliseconds since the Unix epoch; null: there is no backup. */
  lastBackupAt: number | null;
}

/** How the server is. Throws `UNAUTHENTICATED`, `FORBIDDEN`. */
export interface Status {
  /** Reads a few rows and the folders' entries, nothing that grows. Throws `UNAVAILABLE`. */
  get(actor: Actor): Promise<SystemStatus>;
}

/** What the status room is built on. */
export interface StatusDependencies {
  database: Database;
  /** The database's file and the folder of its backups. */
  paths: { database: string; backups: string };
  /** The folder of migrations. */
  migrations: string;
  version: string;
  /** Whether all is well that others look after. */
  isWell(): Promise<boolean>;
}

/** Builds the status room. */
export function createStatus({ database, paths, migrations, version, isWell }: StatusDependencies): Status {
  return { get };

  async function get(actor: Actor): Promise<SystemStatus> {
    requirePermission(actor, "READ_STATUS");
    const [applied, known, isAllWell, [lastBackup], databaseBytes] = await Promise.all([
      listAppliedVersions(database.read),
      versionsIn(migrations),
      isWell(),
      listBackups(paths.backups),
      databaseSize(paths.database),
    ]);
    const pendingMigrations = known.filter((candidate) => !applied.includes(candidate)).length;
    return {
      version,
      healthy: isAllWell && pendingMigrations === 0,
      schemaVersion: applied.at(-1) ?? "",
      pendingMigrations,
      databaseBytes,
      lastBackupAt: lastBackup?.madeAt ?? null,
    };
  }
}

/** By their names alone: what is in the files was looked at when they were applied. */
async function versionsIn(folder: string): Promise<string[]> {
  const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
  return names.map((name) => /^(\d{14})_\w+\.sql$/.exec(name)?.[1]).filter((version) => version !== undefined);
}
