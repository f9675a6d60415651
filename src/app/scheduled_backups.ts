import { Cron } from "croner";
import type { Audit } from "../audit/audit.ts";
import { systemActor } from "../base/actor.ts";
import type { Clock } from "../base/clock.ts";
import type { Config } from "../base/config.ts";
import { roomLog } from "../base/log.ts";
import { createBackup, pruneBackups } from "../database/backups.ts";
import type { Database } from "../database/database.ts";
import { rememberFailure } from "./backup_failure.ts";
import { requestFor } from "./backup_request.ts";
import type { DataPaths } from "./data_folder.ts";

/** What scheduled backups need of the server. */
export interface ScheduledBackupsDependencies {
  paths: DataPaths;
  database: Database;
  audit: Audit;
  clock: Clock;
}

const log = roomLog("app");

/** Makes backups as the settings say, one at a time, and keeps the latest; disposing it breaks a running one off. */
export function startScheduledBackups(
  { backupSchedule, backupKeep }: Pick<Config, "backupSchedule" | "backupKeep">,
  { paths, database, audit, clock }: ScheduledBackupsDependencies,
): AsyncDisposable {
  const stopping = new AbortController();
  let running: Promise<void> = Promise.resolve();
  // In UTC: the same on every machine, and no hour is there twice or not at all.
  const job = backupSchedule === null ? null : new Cron(backupSchedule, { timezone: "UTC", protect: true }, () => {
    return running = run();
  });
  return {
    [Symbol.asyncDispose]: async () => {
      job?.stop();
      stopping.abort();
      await running;
    },
  };

  async function run(): Promise<void> {
    try {
      const made = await createBackup({ ...requestFor(paths), clock, signal: stopping.signal });
      await rememberFailure(paths.backupFailure, null);
      await pruneBackups(paths.backups, backupKeep);
      await record({ kind: "backup.made", details: { bytes: made.bytes } });
      log.info("Backed up to {path} in {durationMs} ms", { path: made.path, durationMs: Math.round(made.durationMs) });
    } catch (error) {
      if (!stopping.signal.aborted) await tellFailure(error instanceof Error ? error.message : String(error));
    }
  }

  async function tellFailure(reason: string): Promise<void> {
    log.error("The backup failed: {reason}", { reason });
    // Each is tried, whatever became of the other: the disk may be full.
    await Promise.allSettled([rememberFailure(paths.backupFailure, { failedAt: clock.now(), reason })]);
    await Promise.allSettled([record({ kind: "backup.failed", details: { reason } })]);
  }

  function record(event: Parameters<Audit["record"]>[2]): Promise<void> {
    return database.write((connection) => audit.record(connection, systemActor, event));
  }
}
