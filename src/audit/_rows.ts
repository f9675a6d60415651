import sql, { empty, join, raw, type Sql } from "sql-template-tag";
import type { Connection } from "../database/database.ts";
import { listOf } from "../database/lists.ts";
import type { Page } from "../graphql/pages.ts";
import type { RecordedEvent, SecurityEventFilter } from "./audit.ts";

/** The end of the chain. */
export interface Head {
  sequence: number;
  hash: Uint8Array;
}

const COLUMNS = sql`sequence, id, kind, severity, actor_kind AS actorKind, actor_id AS actorId, subject_id AS subjectId,
  ip_address AS ipAddress, user_agent AS userAgent, details, occurred_at AS occurredAt, hash`;

/** Adds an event. */
export async function insertSecurityEvent(connection: Connection, row: RecordedEvent): Promise<void> {
  await connection.run(sql`
    INSERT INTO security_events
      (sequence, id, kind, severity, actor_kind, actor_id, subject_id, ip_address, user_agent, details, occurred_at, hash)
    VALUES (${row.sequence}, ${row.id}, ${row.kind}, ${row.severity}, ${row.actorKind}, ${row.actorId}, ${row.subjectId},
      ${row.ipAddress}, ${row.userAgent}, ${row.details}, ${row.occurredAt}, ${row.hash})`);
}

/** The last event's place in the chain, and the id of the key in use. */
export async function findHeadAndKey(
  connection: Connection,
): Promise<{ head: Head | undefined; keyId: string | null }> {
  const row = await connection.get<{ sequence: number | null; hash: Uint8Array | null; keyId: string | null }>(sql`
    SELECT sequence, hash, (SELECT id FROM audit_keys ORDER BY first_sequence DESC, id DESC LIMIT 1) AS keyId
    FROM (SELECT 1) LEFT JOIN security_events ON sequence = (SELECT max(sequence) FROM security_events)`);
  const { sequence = null, hash = null, keyId = null } = row ?? {};
  return { head: sequence === null || hash === null ? undefined : { sequence, hash }, keyId };
}

/** The last event's place in the chain. */
export function findHead(connection: Connection): Promise<Head | undefined> {
  return connection.get<Head>(
    sql`SELECT sequence, hash FROM security_events WHERE sequence > 0 ORDER BY sequence DESC LIMIT 1`,
  );
}

/** The events with these ids, in no order. */
export function findEvents(connection: Connection, ids: readonly string[]): Promise<RecordedEvent[]> {
  return connection.all<RecordedEvent>(sql`SELECT ${COLUMNS} FROM security_events WHERE id IN ${listOf(ids)}`);
}

/** Events after a sequence, in order. */
export function listEventsAfter(connection: Connection, sequence: number, limit: number): Promise<RecordedEvent[]> {
  return connection.all<RecordedEvent>(
    sql`SELECT ${COLUMNS} FROM security_events WHERE sequence > ${sequence} ORDER BY sequence LIMIT ${limit}`,
  );
}

/** Gives an event from before the chain its link. */
export async function chainEvent(connection: Connection, { sequence, hash }: Head): Promise<void> {
  await connection.run(sql`UPDATE security_events SET hash = ${hash} WHERE sequence = ${sequence} AND hash IS NULL`);
}

/** At most one more than a page of the events, newest first, or oldest first from the end. */
export function listEvents(connection: Connection, filter: SecurityEventFilter, page: Page): Promise<RecordedEvent[]> {
  const order = page.fromEnd ? sql`ASC` : sql`DESC`;
  const wanted = sql`${matching(filter)} ${between(page)}`;
  const chosen = choiceOf(filter);
  const limit = page.limit + 1;
  if (chosen === null) {
    return connection.all<RecordedEvent>(
      sql`SELECT ${COLUMNS} FROM security_events WHERE ${wanted} ORDER BY sequence ${order} LIMIT ${limit}`,
    );
  }
  // A page of each kind or severity and then the page of those: never more rows than that are sorted.
  const { column, values } = chosen;
  return connection.all<RecordedEvent>(sql`
    SELECT ${COLUMNS} FROM security_events WHERE sequence IN (
      SELECT candidates.sequence FROM json_each(${JSON.stringify(values)}) AS wanted
      JOIN security_events AS candidates ON candidates.sequence IN (
        SELECT sequence FROM security_events WHERE ${column} = wanted.value AND ${wanted}
        ORDER BY sequence ${order} LIMIT ${limit}))
    ORDER BY sequence ${order} LIMIT ${limit}`);
}

/** How many events a filter lets through. */
export async function countEvents(connection: Connection, filter: SecurityEventFilter): Promise<number> {
  const chosen = choiceOf(filter);
  const among = chosen === null ? sql`TRUE` : sql`${chosen.column} IN ${listOf(chosen.values)}`;
  const row = await connection.get<{ count: number }>(
    sql`SELECT count(*) AS count FROM security_events WHERE ${among} AND ${matching(filter)}`,
  );
  return row?.count ?? 0;
}

/** What a rule counts. */
export interface RecentEvents {
  kinds: readonly string[];
  /** Milliseconds since the Unix epoch. */
  since: number;
  /** Whose; absent: everybody's. */
  column?: "ip_address" | "actor_id" | undefined;
  value?: string | null | undefined;
}

/** Whether there are so many recent events of these kinds, none of which is `INFO`; reads an index alone, and of that the time since. */
export async function hasRecentEvents(connection: Connection, recent: RecentEvents, count: number): Promise<boolean> {
  const { kinds, since, column, value } = recent;
  const whose = column === undefined ? empty : sql`AND ${raw(column)} = ${value}`;
  const found = kinds.map((kind) =>
    sql`SELECT 1 FROM (SELECT 1 FROM security_events
      WHERE kind = ${kind} AND severity <> 'INFO' AND occurred_at >= ${since} ${whose} LIMIT ${count})`
  );
  const row = await connection.get<{ count: number }>(
    sql`SELECT count(*) AS count FROM (${join(found, " UNION ALL ")})`,
  );
  return (row?.count ?? 0) >= count;
}

/** Whether one of the events up to a sequence is from between two times. */
export async function hasEventBetween(
  connection: Connection,
  sequence: number,
  { since, until }: { since: number; until: number },
): Promise<boolean> {
  // By sequence: of that time may be nearly all of the log, and what is up to there is to be deleted.
  const row = await connection.get(sql`
    SELECT 1 FROM security_events WHERE sequence <= ${sequence} AND +occurred_at BETWEEN ${since} AND ${until} LIMIT 1`);
  return row !== undefined;
}

/** Deletes the events up to a sequence that was pruned; how many. */
export function deleteEventsThrough(connection: Connection, sequence: number): Promise<number> {
  return connection.run(sql`DELETE FROM security_events WHERE sequence <= ${sequence}`);
}

function choiceOf({ kind, severity }: SecurityEventFilter): { column: Sql; values: readonly string[] } | null {
  if (kind) return { column: sql`kind`, values: [...new Set(kind)] };
  return severity ? { column: sql`severity`, values: [...new Set(severity)] } : null;
}

// Every 64th event that is looked at, whether it fits or not, has the statement asked whether it is still wanted.
function matching({ kind, severity, actorId, occurredAfter, occurredBefore }: SecurityEventFilter): Sql {
  return sql`sequence > 0 AND CASE WHEN sequence & 63 THEN 1 ELSE still_wanted() END
    ${kind && severity ? sql`AND severity IN ${listOf(severity)}` : empty}
    ${actorId ? sql`AND actor_id = ${actorId}` : empty}
    ${occurredAfter === null || occurredAfter === undefined ? empty : sql`AND occurred_at > ${occurredAfter}`}
    ${occurredBefore === null || occurredBefore === undefined ? empty : sql`AND occurred_at < ${occurredBefore}`}`;
}

// The cursor is an id, the order the sequence; of an event that was pruned since, nothing older is left.
function between({ after, before }: Page): Sql {
  const sequenceOf = (id: string) => sql`coalesce((SELECT sequence FROM security_events WHERE id = ${id}), 0)`;
  return sql`${after === null ? empty : sql`AND sequence < ${sequenceOf(after)}`}
    ${before === null ? empty : sql`AND sequence > ${sequenceOf(before)}`}`;
}
