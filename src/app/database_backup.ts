import { type Config, readConfig } from "../base/config.ts";
import { AppError } from "../base/errors.ts";
import { type BackupMade, type BackupProgress, type BackupRequest, createBackup } from "../database/backups.ts";
import { rememberFailure } from "./backup_failure.ts";
import { requestFor } from "./backup_request.ts";
import { dataPaths } from "./data_folder.ts";
import { recordTask } from "./task_audit.ts";
import { requireWhole } from "./restore_journal.ts";
import { readArguments, say, startProgressBar, tell } from "./terminal.ts";

/** `db:backup`: makes an archive beside a running server, and reads it back. */
export async function backUpDatabase(args: string[]): Promise<number> {
  const { values } = readArguments("db:backup [--to FILE] [--with-key]", args, {
    options: { to: { type: "string" }, "with-key": { type: "boolean" } },
  });
  const config = readConfig(Deno.env);
  const paths = dataPaths(config.dataDir);
  const withKey = values["with-key"] === true;
  if (withKey && config.secretKeys !== null) {
    throw new AppError("INVALID_INPUT", "Cannot put the key in: FINGERPOST_SECRET_KEY holds it, not a file");
  }
  const { to } = values;
  const made = await recorded(config, { ...requestFor(paths, withKey), ...(typeof to === "string" ? { to } : {}) });
  say(made.path);
  tell(`${made.bytes} bytes in ${(made.durationMs / 1_000).toFixed(1)} s, read back and verified`);
  return 0;
}

async function recorded(config: Config, request: BackupRequest): Promise<BackupMade> {
  const paths = dataPaths(config.dataDir);
  await requireWhole(config.dataDir);
  if (await Deno.stat(paths.database).then(({ size }) => size === 0, () => true)) {
    throw new AppError("UNAVAILABLE", `Cannot back up "${paths.database}": there is no database`);
  }
  using bar = startProgressBar();
  const onProgress = ({ phase, done, total }: BackupProgress) => bar.show(phase, done, total);
  try {
    const made = await createBackup({ ...request, onProgress });
    await rememberFailure(paths.backupFailure, null);
    // The archive is there, whatever became of its event.
    await recordTask(config, { kind: "backup.made", details: { bytes: made.bytes } })
      .catch((error: Error) => tell(`The audit log was not told: ${error.message}`));
    return made;
  } catch (error) {
    const isWrongUsage = error instanceof AppError && error.code === "INVALID_INPUT";
    if (!isWrongUsage) await recordTask(config, { kind: "backup.failed" }).catch(() => undefined);
    throw error;
  }
}
