import { type Audit, type AuditDependencies, openAudit } from "../../src/audit/audit.ts";
import type { Clock } from "../../src/base/clock.ts";
import type { Database } from "../../src/database/database.ts";
import { createSealer } from "../../src/database/sealing.ts";
import { createEvents } from "../../src/events/events.ts";

/** What the audit log of a database alone is built on, its checkpoints beside the file. */
export async function auditDependencies(
  database: Database,
  databaseFile: string,
  clock: Clock,
): Promise<AuditDependencies> {
  const sealer = await createSealer([new Uint8Array(32).fill(1)]);
  return {
    database,
    events: createEvents(),
    sealer,
    clock,
    databaseFile,
    checkpointFile: `${databaseFile}.checkpoints`,
  };
}

/** The audit log of a database alone, for a room that records in it. */
export async function openAuditOf(database: Database, databaseFile: string, clock: Clock): Promise<Audit> {
  return await openAudit(await auditDependencies(database, databaseFile, clock));
}
