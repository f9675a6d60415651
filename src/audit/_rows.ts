import sql from "sql-template-tag";
import type { Connection } from "../database/database.ts";

/** A line of the audit log as it is stored; `details` is JSON. */
export interface SecurityEventRow {
  id: string;
  kind: string;
  severity: string;
  actorKind: string;
  actorId: string | null;
  subjectId: string | null;
  ipAddress: string | null;
  userAgent: string | null;
  details: string;
  occurredAt: number;
}

/** Adds a line. */
export async function insertSecurityEvent(connection: Connection, row: SecurityEventRow): Promise<void> {
  await connection.run(sql`
    INSERT INTO security_events
      (id, kind, severity, actor_kind, actor_id, subject_id, ip_address, user_agent, details, occurred_at)
    VALUES (${row.id}, ${row.kind}, ${row.severity}, ${row.actorKind}, ${row.actorId}, ${row.subjectId},
      ${row.ipAddress}, ${row.userAgent}, ${row.details}, ${row.occurredAt})`);
}
