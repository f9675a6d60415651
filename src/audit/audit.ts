import type { Actor } from "../base/actor.ts";
import type { Clock } from "../base/clock.ts";
import { newId } from "../base/ids.ts";
import type { Connection } from "../database/database.ts";
import { insertSecurityEvent } from "./_rows.ts";
import { SECURITY_EVENT_KINDS, type SecurityEventKind } from "./kinds.ts";

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
      severity: SECURITY_EVENT_KINDS[kind].severity,
      actorKind: actor.kind,
      actorId,
      subjectId,
      ...actor.origin,
      details: JSON.stringify(details),
      occurredAt: clock.now(),
    });
  }
}
