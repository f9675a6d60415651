import { systemClock } from "../base/clock.ts";
import { type BackupRequest, createBackup } from "../database/backups.ts";
import { type DataPaths, dataPaths } from "./data_folder.ts";
import { VERSION } from "./version.ts";

/** What a backup of this data folder holds. */
export function requestFor(paths: DataPaths, withKey = false): BackupRequest {
  const others = { "audit.checkpoints": paths.auditCheckpoints, ...(withKey ? { "secret.key": paths.secretKey } : {}) };
  const { database, kv, backups: folder } = paths;
  return { database, kv, others, folder, version: VERSION, clock: systemClock };
}

/** A backup before something that changes the files, with a name of its own that is not rotated; its path, null where there is nothing yet. */
export async function backUpFirst(dataDir: string): Promise<string | null> {
  const paths = dataPaths(dataDir);
  const size = await Deno.stat(paths.database).then((stat) => stat.size, () => 0);
  if (size === 0) return null;
  const time = new Date(systemClock.now()).toISOString().replace(/\D/g, "").slice(0, 17);
  const { path } = await createBackup({ ...requestFor(paths), to: `before-change-${time}.tar` });
  return path;
}
