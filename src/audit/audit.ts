import type { Actor } from "../base/actor.ts";
import type { Clock } from "../base/clock.ts";
import { newId } from "../base/ids.ts";
import type { Connection } from "../database/database.ts";
import { insertSecurityEvent } from "./_rows.ts";

/** What happened, by kind, and how much it matters to who reads the log. The list may grow; names stay. */
export const SECURITY_EVENT_SEVERITIES = {
  "user.created": "INFO",
  "user.sign_in.succeeded": "INFO",
  "user.sign_in.failed": "WARNING",
  "user.signed_out": "INFO",
  "user.deleted": "WARNING",
  "token.created": "INFO",
  "token.revoked": "INFO",
  "project.created": "INFO",
  "element.captured": "INFO",
  "element.updated": "INFO",
  "element.commented": "INFO",
  "element.deleted": "INFO",
  "config.changed": "INFO",
  "backup.made": "INFO",
  "backup.failed": "WARNING",
  "database.migrated": "INFO",
  "database.restored": "WARNING",
  "server.started": "INFO",
  "server.stopped": "INFO",
} as const;

/** The kind of a security event. */
export type SecurityEventKind = keyof typeof SECURITY_EVENT_SEVERITIES;

/** One line of the audit log to be; its details hold no secrets and no captured content. */
export interface SecurityEvent {
  kind: SecurityEventKind;
  /** The UUID of what it is about. */
  subjectId?: string;
  details?: Record<string, string | number | boolean | null>;
}

/** The audit log: append-only. */
export interface Audit {
  /** Adds a line in the caller's own transaction: no event, no change. */
  record(connection: Connection, actor: Actor, event: SecurityEvent): Promise<void>;
}

/** Builds the audit room. */
export function createAudit({ clock }: { clock: Clock }): Audit {
  return { record };

  async function record(connection: Connection, actor: Actor, event: SecurityEvent): Promise<void> {
    const { kind, subjectId = null, details = {} } = event;
    const actorId = "userId" in actor ? actor.userId : null;
    await insertSecurityEvent(connection, {
      id: newId(),
      kind,
      severity: SECURITY_EVENT_SEVERITIES[kind],
      actorKind: actor.kind,
      actorId,
      subjectId,
      ...actor.origin,
      details: JSON.stringify(details),
      occurredAt: clock.now(),
    });
  }
}
