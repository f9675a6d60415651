import { readConfig } from "../base/config.ts";
import { AppError } from "../base/errors.ts";
import { openDatabase } from "../database/database.ts";
import { readMigrationReport } from "../database/migrations.ts";
import { resealAll } from "../database/resealing.ts";
import { createSealer } from "../database/sealing.ts";
import { dataPaths, lockDataFolder, MIGRATIONS } from "./data_folder.ts";
import { requireWhole } from "./restore_journal.ts";
import { addSecretKey, keepCurrentKey } from "./secret_keys.ts";
import { openTaskAudit, recordTask } from "./task_audit.ts";
import { readArguments, say, tell } from "./terminal.ts";

/** `db:rekey`: a new secret key; where a server runs, its next start seals everything with it. */
export async function rekeyDatabase(args: string[]): Promise<number> {
  readArguments("db:rekey", args);
  const { dataDir, secretKeys } = readConfig(Deno.env);
  const paths = dataPaths(dataDir);
  if (secretKeys !== null) {
    throw new AppError(
      "CONFLICT",
      "Cannot change FINGERPOST_SECRET_KEY from here: set it to a new key, a space and the old key, and restart; then drop the old one",
    );
  }
  await requireWhole(dataDir);
  if (await Deno.stat(paths.database).then(({ size }) => size === 0, () => true)) {
    throw new AppError("UNAVAILABLE", `Cannot change the key of "${dataDir}": there is no database`);
  }
  const { migrations } = await readMigrationReport(paths.database, MIGRATIONS);
  if (migrations.some(({ state }) => state !== "applied")) {
    throw new AppError("CONFLICT", "Cannot change the key: run `deno task db:migrate` first");
  }
  const keys = await addSecretKey(paths.secretKey);
  say("A new key is the first in secret.key");
  await recordTask({ dataDir, secretKeys }, { kind: "config.changed", subjectId: "secret.key" });
  using lock = await lockDataFolder(dataDir).catch(() => null);
  if (lock === null) {
    tell("Restart the server: it then seals everything with the new key and drops the old one");
    return 0;
  }
  await using database = openDatabase(paths.database);
  {
    // Before the old ones are sealed anew: who knew the old key shall not go on with the audit log.
    await using audit = await openTaskAudit(database, { dataDir, secretKeys: keys });
    await audit.begin();
  }
  const { resealed, lost } = await resealAll(database, await createSealer(keys));
  await keepCurrentKey(paths.secretKey, keys);
  tell(
    `${resealed} values are sealed with it${
      lost > 0 ? `, ${lost} can't be opened by any key` : ""
    }; the old key is gone`,
  );
  return 0;
}
