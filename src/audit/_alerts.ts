import type { Connection } from "../database/database.ts";
import { hasRecentEvents } from "./_rows.ts";
import type { SecurityEvent, SecurityEventRow } from "./audit.ts";
import type { SecurityEventKind } from "./kinds.ts";

/** Raised by one event alone. */
interface Trigger {
  alert: SecurityEventKind;
  kind: SecurityEventKind;
  matches(details: Record<string, unknown>): boolean;
}

/** Raised by many events in a while, once in that while. */
interface Threshold {
  alert: SecurityEventKind;
  kinds: readonly SecurityEventKind[];
  count: number;
  /** Whose events count together; `everybody`: all of them. */
  by: "address" | "actor" | "everybody";
}

const WINDOW_MS = 10 * 60_000;

const TRIGGERS: readonly Trigger[] = [
  { alert: "alert.escalation", kind: "user.role_changed", matches: ({ to }) => to === "ADMIN" },
  { alert: "alert.escalation", kind: "user.created", matches: ({ role }) => role === "ADMIN" },
  { alert: "alert.escalation", kind: "project.member_changed", matches: ({ self }) => self === true },
];

const DENIALS = ["access.denied", "token.denied", "signal.denied"] as const;

const THRESHOLDS: readonly Threshold[] = [
  { alert: "alert.sign_in_failures", kinds: ["user.sign_in.failed"], count: 10, by: "address" },
  { alert: "alert.sign_in_failures", kinds: ["user.sign_in.failed"], count: 50, by: "everybody" },
  { alert: "alert.denials", kinds: DENIALS, count: 10, by: "actor" },
  { alert: "alert.denials", kinds: DENIALS, count: 20, by: "address" },
];

/** The alerts that an event raises which was just stored in the caller's transaction. */
export async function alertsRaisedBy(connection: Connection, event: SecurityEventRow): Promise<SecurityEvent[]> {
  // What the server does itself, such as making the first admin, is nobody's attack.
  if (event.actorKind === "system") return [];
  const subject = event.subjectId === null ? {} : { subjectId: event.subjectId };
  const alerts: SecurityEvent[] = TRIGGERS.filter(({ kind, matches }) =>
    kind === event.kind && matches(JSON.parse(event.details))
  ).map(({ alert }) => ({ kind: alert, ...subject, details: { by: event.kind } }));
  for (const threshold of THRESHOLDS) {
    if (!threshold.kinds.some((kind) => kind === event.kind)) continue;
    const alert = await reached(connection, event, threshold);
    if (alert !== null) alerts.push(alert);
  }
  return alerts;
}

async function reached(
  connection: Connection,
  { actorId, ipAddress, occurredAt }: SecurityEventRow,
  { alert, kinds, count, by }: Threshold,
): Promise<SecurityEvent | null> {
  const value = by === "actor" ? actorId : ipAddress;
  if (by !== "everybody" && value === null) return null;
  const since = occurredAt - WINDOW_MS;
  const whose = by === "everybody"
    ? {}
    : { column: by === "actor" ? "actor_id" as const : "ip_address" as const, value };
  if (!await hasRecentEvents(connection, { kinds, since, ...whose }, count)) return null;
  if (await hasRecentEvents(connection, { kinds: [alert], since, ...whose }, 1)) return null;
  return { kind: alert, details: { by, count, minutes: WINDOW_MS / 60_000 } };
}
