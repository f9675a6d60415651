import { type Audit, openAudit, type SecurityEvent } from "../audit/audit.ts";
import { systemActor } from "../base/actor.ts";
import { systemClock } from "../base/clock.ts";
import type { Config } from "../base/config.ts";
import { type Database, openDatabase } from "../database/database.ts";
import { createSealer } from "../database/sealing.ts";
import { createEvents } from "../events/events.ts";
import { dataPaths } from "./data_folder.ts";
import { readSecretKeys } from "./secret_keys.ts";

/** Opens the audit log for a task, which may run beside a server. Disposing it signs the log's end. */
export async function openTaskAudit(
  database: Database,
  { dataDir, secretKeys }: Pick<Config, "dataDir" | "secretKeys">,
): Promise<Audit> {
  const { secretKey, database: databaseFile, auditCheckpoints: checkpointFile } = dataPaths(dataDir);
  const sealer = await createSealer(secretKeys ?? await readSecretKeys(secretKey));
  return await openAudit({
    database,
    events: createEvents(),
    sealer,
    clock: systemClock,
    databaseFile,
    checkpointFile,
  });
}

/** Records what a task did. */
export async function recordTask(config: Pick<Config, "dataDir" | "secretKeys">, event: SecurityEvent): Promise<void> {
  await using database = openDatabase(dataPaths(config.dataDir).database);
  await using audit = await openTaskAudit(database, config);
  await database.write((connection) => audit.record(connection, systemActor, event));
}
