import { write } from "./people.ts";
import type { RunningApp } from "./running_app.ts";

/** A line of the audit log; ids are UUIDs. */
export interface EventLine {
  kind: string;
  actorId: string | null;
  subjectId: string | null;
  details: Record<string, unknown>;
}

/** The lines of these kinds, oldest first, straight from the database. */
export function securityEvents(app: Pick<RunningApp, "dataDir">, ...kinds: string[]): EventLine[] {
  const rows = write(app, (database) =>
    database.prepare(`
      SELECT kind, actor_id AS actorId, subject_id AS subjectId, details FROM security_events
      WHERE kind IN (SELECT value FROM json_each(?)) ORDER BY id`).all(JSON.stringify(kinds)));
  return rows.map((row) => ({ ...row, details: JSON.parse(String(row["details"])) }) as EventLine);
}
