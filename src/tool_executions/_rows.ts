import sql, { empty, type Sql } from "sql-template-tag";
import { firstIdAt } from "../base/ids.ts";
import type { Connection } from "../database/database.ts";
import type { Page } from "../graphql/pages.ts";
import type { ExecutionFilter, RecordedExecution } from "./tool_executions.ts";

const COLUMNS = sql`id, tool, actor_id AS actorId, outcome, error_code AS errorCode, duration_ms AS durationMs,
  result_bytes AS resultBytes, argument_hash AS argumentHash, started_at AS startedAt`;

/** Stores executions; an actor who is gone is left out. */
export async function insertExecutions(
  connection: Connection,
  executions: readonly RecordedExecution[],
): Promise<void> {
  await connection.run(sql`
    INSERT INTO mcp_tool_executions (id, tool, actor_id, outcome, error_code, duration_ms, result_bytes, argument_hash,
      started_at)
    SELECT value ->> 'id', value ->> 'tool', users.id, value ->> 'outcome', value ->> 'errorCode',
      value ->> 'durationMs', value ->> 'resultBytes', value ->> 'argumentHash', value ->> 'startedAt'
    FROM json_each(${JSON.stringify(executions)}) LEFT JOIN users ON users.id = value ->> 'actorId'`);
}

/** The execution with this id. */
export function findExecution(connection: Connection, id: string): Promise<RecordedExecution | undefined> {
  return connection.get<RecordedExecution>(sql`SELECT ${COLUMNS} FROM mcp_tool_executions WHERE id = ${id}`);
}

/** At most one more than a page of the executions, newest first, or oldest first from the end. */
export function listExecutions(
  connection: Connection,
  filter: ExecutionFilter,
  page: Page,
): Promise<RecordedExecution[]> {
  const after = page.after === null ? empty : sql`AND id < ${page.after}`;
  const before = page.before === null ? empty : sql`AND id > ${page.before}`;
  return connection.all<RecordedExecution>(sql`
    SELECT ${COLUMNS} FROM mcp_tool_executions WHERE ${matching(filter)} ${after} ${before}
    ORDER BY id ${page.fromEnd ? sql`ASC` : sql`DESC`} LIMIT ${page.limit + 1}`);
}

/** How many executions a filter lets through. */
export async function countExecutions(connection: Connection, filter: ExecutionFilter): Promise<number> {
  const row = await connection.get<{ count: number }>(
    sql`SELECT count(*) AS count FROM mcp_tool_executions WHERE ${matching(filter)}`,
  );
  return row?.count ?? 0;
}

/** Deletes executions that started before a time, oldest first, at most so many; how many there were. */
export function deleteExecutionsBefore(
  connection: Connection,
  { before, limit }: { before: number; limit: number },
): Promise<number> {
  return connection.run(sql`
    DELETE FROM mcp_tool_executions WHERE id IN (
      SELECT id FROM mcp_tool_executions WHERE id < ${firstIdAt(before)} ORDER BY id LIMIT ${limit})`);
}

// By ids alone, which begin with the time, so that any of the indexes has its end. Every 64th execution that is looked at, whether it
// fits or not, has the statement asked whether it is still wanted.
function matching({ tool, outcome, actorId, startedAfter, startedBefore }: ExecutionFilter): Sql {
  return sql`id >= ${firstIdAt(startedAfter === null ? 0 : startedAfter + 1)}
    ${startedBefore === null ? empty : sql`AND id < ${firstIdAt(startedBefore)}`}
    AND CASE WHEN rowid & 63 THEN 1 ELSE still_wanted() END
    ${tool === null ? empty : sql`AND tool = ${tool}`}
    ${actorId === null ? empty : sql`AND actor_id = ${actorId}`}
    ${outcome === null ? empty : outcomeIs(outcome)}`;
}

// As text, so that SQLite sees that the index of the others is enough.
function outcomeIs(outcome: string): Sql {
  return outcome === "ok" ? sql`AND outcome = 'ok'` : sql`AND outcome = ${outcome} AND outcome <> 'ok'`;
}
