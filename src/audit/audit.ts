import { type Actor, systemActor } from "../base/actor.ts";
import type { Clock } from "../base/clock.ts";
import { newId } from "../base/ids.ts";
import { roomLog } from "../base/log.ts";
import type { Connection, Database } from "../database/database.ts";
import type { Sealer } from "../database/sealing.ts";
import type { Events } from "../events/events.ts";
import { createNews } from "../events/tail.ts";
import type { Page, Slice } from "../graphql/pages.ts";
import { alertsRaisedBy } from "./_alerts.ts";
import { openChain } from "./_chain_writer.ts";
import { createCheckpoints } from "./_checkpoints.ts";
import { createLogReading, EVENT_RECORDED } from "./_log_reading.ts";
import { createMaintenance, type Maintenance } from "./_maintenance.ts";
import { createRefusals, type Refusals } from "./_refusals.ts";
import { SECURITY_EVENT_KINDS, type SecurityEventKind, type Severity } from "./kinds.ts";

/** One line of the audit log to be; its details hold no secrets and no captured content. */
export interface SecurityEvent {
  kind: SecurityEventKind;
  /** The UUID of what it is about. */
  subjectId?: string;
  details?: Record<string, string | number | boolean | null>;
}

/** A line of the audit log. */
export interface SecurityEventRow {
  /** From 1 on, without a gap. */
  sequence: number;
  id: string;
  kind: SecurityEventKind;
  severity: Severity;
  actorKind: Actor["kind"];
  actorId: string | null;
  subjectId: string | null;
  ipAddress: string | null;
  userAgent: string | null;
  /** A JSON object as text: every byte of it is in the hash. */
  details: string;
  /** Milliseconds since the Unix epoch. */
  occurredAt: number;
}

/** A line with its link of the hash chain: 32 bytes. */
export interface RecordedEvent extends SecurityEventRow {
  hash: Uint8Array;
}

/** Which lines are wanted; what is absent or null does not matter. */
export interface SecurityEventFilter {
  kind?: readonly string[] | null | undefined;
  severity?: readonly Severity[] | null | undefined;
  actorId?: string | null | undefined;
  /** Later than this, milliseconds since the Unix epoch. */
  occurredAfter?: number | null | undefined;
  occurredBefore?: number | null | undefined;
}

/** Reads the log, for admins and their tokens with `AUDIT_READ`. Throws `UNAUTHENTICATED`, `FORBIDDEN`. */
export interface AuditLog {
  /** Throws `NOT_FOUND`. */
  get(actor: Actor, id: string): Promise<RecordedEvent>;
  /** Newest first. */
  list(actor: Actor, request: EventListing): Promise<Slice<RecordedEvent>>;
  /** What is recorded after a sequence (null: from now on), in order, each once, until the signal. Throws `INVALID_INPUT`. */
  watch(actor: Actor, request: WatchRequest): Promise<AsyncGenerator<RecordedEvent, undefined>>;
}

/** From where to watch the log, and until when. */
export interface WatchRequest {
  after: number | null;
  signal: AbortSignal;
}

/** A page of the log. */
export interface EventListing {
  filter: SecurityEventFilter;
  page: Page;
  signal?: AbortSignal;
}

/** The audit log: append-only, a chain of hashes with signed checkpoints. Disposing it signs the chain's end. */
export interface Audit extends AuditLog, Maintenance, AsyncDisposable {
  /** Adds a line, and the alerts that it raises, in the caller's own transaction: no event, no change. */
  record(connection: Connection, actor: Actor, event: SecurityEvent): Promise<void>;
  /** Has a refused attempt recorded soon, in a transaction of its own; of very many from one attacker only their number. Never throws. */
  refuse: Refusals["note"];
}

/** What the audit room is built on. */
export interface AuditDependencies {
  database: Database;
  events: Events;
  /** Opens the keys of the chain. */
  sealer: Sealer;
  clock: Clock;
  /** The file that `database` has open. */
  databaseFile: string;
  /** The file of signed checkpoints, beside it. */
  checkpointFile: string;
}

/** Events from one checkpoint to the next. */
const CHECKPOINT_EVENTS = 1_000;

const log = roomLog("audit");

/** Opens the audit log. */
export async function openAudit(dependencies: AuditDependencies): Promise<Audit> {
  const { database, events, clock } = dependencies;
  const chain = await openChain(dependencies, (count) => {
    return toRow(systemActor, { kind: "audit.begun", details: { events: count } });
  });
  const checkpoints = createCheckpoints(dependencies, chain);
  const refusals = createRefusals({ clock, record: recordAlone });
  const { end, ...maintenance } = createMaintenance(dependencies, { chain, checkpoints, record });
  let announcing: Promise<void> | null = null;
  return {
    ...createLogReading(dependencies),
    ...maintenance,
    record,
    refuse: refusals.note,
    [Symbol.asyncDispose]: close,
  };

  async function record(connection: Connection, actor: Actor, event: SecurityEvent): Promise<void> {
    const row = toRow(actor, event);
    const sequence = await chain.append(connection, row);
    if (sequence % CHECKPOINT_EVENTS === 0) void checkpoints.make();
    announce();
    for (const alert of await alertsRaisedBy(connection, { ...row, sequence })) await record(connection, actor, alert);
  }

  function recordAlone(actor: Actor, event: SecurityEvent): Promise<void> {
    return database.write((connection) => record(connection, actor, event));
  }

  function toRow(actor: Actor, { kind, subjectId, details = {} }: SecurityEvent): Omit<SecurityEventRow, "sequence"> {
    const { ipAddress, userAgent } = actor.origin;
    return {
      id: newId(),
      kind,
      severity: SECURITY_EVENT_KINDS[kind].severity,
      actorKind: actor.kind,
      actorId: "userId" in actor ? actor.userId : null,
      subjectId: subjectId ?? null,
      ipAddress,
      userAgent,
      details: JSON.stringify(details),
      occurredAt: clock.now(),
    };
  }

  // Between transactions, so after the commit of the one that is being made.
  function announce(): void {
    announcing ??= database.between(() => {
      announcing = null;
      events.publish(EVENT_RECORDED, "", createNews());
    }).catch((reason) => {
      announcing = null;
      log.warning("Cannot tell of a security event: {reason}", { reason });
    });
  }

  async function close(): Promise<void> {
    await refusals[Symbol.asyncDispose]();
    await end();
    await checkpoints.make();
  }
}
