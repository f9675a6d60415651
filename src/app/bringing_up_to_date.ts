import type { Clock } from "../base/clock.ts";
import type { Config } from "../base/config.ts";
import { roomLog } from "../base/log.ts";
import type { Database } from "../database/database.ts";
import { migrate, readMigrationReport } from "../database/migrations.ts";
import { resealAll } from "../database/resealing.ts";
import type { Sealer } from "../database/sealing.ts";
import { backUpFirst } from "./backup_request.ts";
import { type DataFolder, MIGRATIONS } from "./data_folder.ts";
import { describeDrift } from "./drift.ts";
import { keepCurrentKey } from "./secret_keys.ts";

const log = roomLog("app");

/** Applies what is pending, after a backup of what there is, and warns of a schema that is not what the migrations make. */
export async function bringUpToDate(
  dataDir: string,
  path: string,
  clock: Clock,
): Promise<{ migrated: string[]; hasDrifted: boolean }> {
  const backUp = async () => {
    const backup = await backUpFirst(dataDir);
    log.info("Backed up to {backup} before migrating", { backup });
  };
  const runs = await migrate({ path, folder: MIGRATIONS, clock, backUp });
  const drifts = describeDrift(await readMigrationReport(path, MIGRATIONS));
  for (const drift of drifts) {
    log.warning("The database drifted from its migrations: {drift}", { drift });
  }
  return { migrated: runs.map(({ version }) => version), hasDrifted: drifts.length > 0 };
}

/** Seals anew what an older key sealed, and then lets that key go. */
export async function resealWithCurrentKey(
  config: Config,
  folder: DataFolder,
  { database, sealer }: { database: Database; sealer: Sealer },
): Promise<void> {
  const { resealed, lost } = await resealAll(database, sealer);
  if (resealed > 0) log.info("Sealed {resealed} values with the new secret key", { resealed });
  if (lost > 0) log.warning("{lost} sealed values can't be opened: their secret key is not here", { lost });
  if (config.secretKeys === null) await keepCurrentKey(folder.paths.secretKey, folder.secretKeys);
}
