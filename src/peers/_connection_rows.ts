import sql, { empty, type Sql } from "sql-template-tag";
import type { Connection } from "../database/database.ts";
import type { Page } from "../graphql/pages.ts";
import type { WebrtcConnection } from "./connections.ts";

/** Which connections a list has: one project's, or those of all projects that somebody is a member of. */
export type ConnectionScope = { projectId: string } | { memberId: string };

const COLUMNS = sql`id, project_id AS projectId, initiator_id AS initiatorId, state, bytes_received AS bytesReceived,
  bytes_sent AS bytesSent, round_trip_ms AS roundTripMs, opened_at AS openedAt, closed_at AS closedAt,
  created_at AS createdAt`;

/** Stores connections as they are by now, new ones too, but for those whose project is gone; an initiator who is gone is left out. */
export async function upsertConnections(
  connection: Connection,
  connections: readonly WebrtcConnection[],
): Promise<void> {
  await connection.run(sql`
    INSERT INTO webrtc_connections (id, project_id, initiator_id, state, bytes_received, bytes_sent, round_trip_ms,
      opened_at, closed_at, created_at)
    SELECT value ->> 'id', projects.id, users.id, value ->> 'state', value ->> 'bytesReceived', value ->> 'bytesSent',
      value ->> 'roundTripMs', value ->> 'openedAt', value ->> 'closedAt', value ->> 'createdAt'
    FROM json_each(${JSON.stringify(connections)}) CROSS JOIN projects ON projects.id = value ->> 'projectId'
    LEFT JOIN users ON users.id = value ->> 'initiatorId'
    WHERE TRUE
    ON CONFLICT (id) DO UPDATE SET state = excluded.state, bytes_received = excluded.bytes_received,
      bytes_sent = excluded.bytes_sent, round_trip_ms = excluded.round_trip_ms, opened_at = excluded.opened_at,
      closed_at = excluded.closed_at`);
}

/** Closes connections that are open, at most so many; how many there were. */
export function closeOpenConnections(
  connection: Connection,
  { closedAt, limit }: { closedAt: number; limit: number },
): Promise<number> {
  return connection.run(sql`
    UPDATE webrtc_connections SET state = 'CLOSED', closed_at = ${closedAt}
    WHERE id IN (SELECT id FROM webrtc_connections WHERE closed_at IS NULL ORDER BY id LIMIT ${limit})`);
}

/** Deletes connections that ended before a time, at most so many; how many there were. */
export function deleteEndedConnections(
  connection: Connection,
  { before, limit }: { before: number; limit: number },
): Promise<number> {
  return connection.run(sql`
    DELETE FROM webrtc_connections WHERE id IN (
      SELECT id FROM webrtc_connections WHERE closed_at < ${before} ORDER BY closed_at LIMIT ${limit})`);
}

/** The connection with this id. */
export function findConnection(connection: Connection, id: string): Promise<WebrtcConnection | undefined> {
  return connection.get<WebrtcConnection>(sql`SELECT ${COLUMNS} FROM webrtc_connections WHERE id = ${id}`);
}

/** At most one more than a page of a scope's connections, newest first, or oldest first from the end. */
export function listConnections(
  connection: Connection,
  scope: ConnectionScope,
  page: Page,
): Promise<WebrtcConnection[]> {
  const limit = page.limit + 1;
  return connection.all<WebrtcConnection>(
    "projectId" in scope
      ? sql`SELECT ${COLUMNS} FROM ${ofProject(sql`${scope.projectId}`, page)} LIMIT ${limit}`
      : memberPage(scope.memberId, page, limit),
  );
}

/** How many connections a scope has. */
export async function countConnections(connection: Connection, scope: ConnectionScope): Promise<number> {
  const inScope = "projectId" in scope
    ? sql`project_id = ${scope.projectId}`
    : sql`project_id IN (SELECT project_id FROM project_members WHERE user_id = ${scope.memberId})`;
  const row = await connection.get<{ count: number }>(
    sql`SELECT count(*) AS count FROM webrtc_connections WHERE ${inScope}`,
  );
  return row?.count ?? 0;
}

// Only the projects whose own next connection comes first can have one on the page: a page of each of those, and then the page of
// those, so that no more is read however long the lists are.
function memberPage(memberId: string, page: Page, limit: number): Sql {
  return sql`
    WITH mine AS MATERIALIZED (SELECT project_id FROM project_members WHERE user_id = ${memberId}),
    next AS MATERIALIZED (
      SELECT project_id, (SELECT id FROM ${ofProject(sql`mine.project_id`, page)} LIMIT 1) AS id FROM mine),
    nearest AS MATERIALIZED (SELECT * FROM next WHERE id IS NOT NULL ORDER BY id ${orderOf(page)} LIMIT ${limit})
    SELECT ${COLUMNS} FROM webrtc_connections WHERE id IN (
      SELECT candidates.id FROM nearest CROSS JOIN webrtc_connections AS candidates ON candidates.id IN (
        SELECT id FROM ${ofProject(sql`nearest.project_id`, page)} LIMIT ${limit}))
    ORDER BY id ${orderOf(page)} LIMIT ${limit}`;
}

/** A project's connections between a page's keys, in its order, to stand behind `SELECT … FROM`. */
function ofProject(project: Sql, page: Page): Sql {
  const after = page.after === null ? empty : sql`AND id < ${page.after}`;
  const before = page.before === null ? empty : sql`AND id > ${page.before}`;
  return sql`webrtc_connections WHERE project_id = ${project} ${after} ${before} ORDER BY id ${orderOf(page)}`;
}

function orderOf(page: Page): Sql {
  return page.fromEnd ? sql`ASC` : sql`DESC`;
}
