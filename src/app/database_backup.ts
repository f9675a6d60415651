import { createAudit } from "../audit/audit.ts";
import { systemActor } from "../base/actor.ts";
import { systemClock } from "../base/clock.ts";
import { readConfig } from "../base/config.ts";
import { AppError } from "../base/errors.ts";
import { type BackupMade, type BackupProgress, type BackupRequest, createBackup } from "../database/backups.ts";
import { openDatabase } from "../database/database.ts";
import { rememberFailure } from "./backup_failure.ts";
import { requestFor } from "./backup_request.ts";
import { type DataPaths, dataPaths } from "./data_folder.ts";
import { readArguments, say, startProgressBar, tell } from "./terminal.ts";

/** `db:backup`: makes an archive beside a running server, and reads it back. */
export async function backUpDatabase(args: string[]): Promise<number> {
  const { values } = readArguments("db:backup [--to FILE] [--with-key]", args, {
    options: { to: { type: "string" }, "with-key": { type: "boolean" } },
  });
  const { dataDir, secretKeys } = readConfig(Deno.env);
  const paths = dataPaths(dataDir);
  const withKey = values["with-key"] === true;
  if (withKey && secretKeys !== null) {
    throw new AppError("INVALID_INPUT", "Cannot put the key in: FINGERPOST_SECRET_KEY holds it, not a file");
  }
  const { to } = values;
  const made = await recorded(paths, { ...requestFor(paths, withKey), ...(typeof to === "string" ? { to } : {}) });
  say(made.path);
  tell(`${made.bytes} bytes in ${(made.durationMs / 1_000).toFixed(1)} s, read back and verified`);
  return 0;
}

async function recorded(paths: DataPaths, request: BackupRequest): Promise<BackupMade> {
  if (await Deno.stat(paths.database).then(({ size }) => size === 0, () => true)) {
    throw new AppError("UNAVAILABLE", `Cannot back up "${paths.database}": there is no database`);
  }
  using bar = startProgressBar();
  const onProgress = ({ phase, done, total }: BackupProgress) => bar.show(phase, done, total);
  try {
    const made = await createBackup({ ...request, onProgress });
    await rememberFailure(paths.backupFailure, null);
    await record(paths, { kind: "backup.made", details: { bytes: made.bytes } });
    return made;
  } catch (error) {
    const isWrongUsage = error instanceof AppError && error.code === "INVALID_INPUT";
    if (!isWrongUsage) await record(paths, { kind: "backup.failed" }).catch(() => undefined);
    throw error;
  }
}

async function record(
  paths: DataPaths,
  event: { kind: "backup.made" | "backup.failed"; details?: Record<string, number> },
): Promise<void> {
  await using database = openDatabase(paths.database);
  await database.write((connection) => createAudit({ clock: systemClock }).record(connection, systemActor, event));
}
