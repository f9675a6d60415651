import sql from "sql-template-tag";
import type { Connection } from "../database/database.ts";
import type { ElementEvent } from "./elements.ts";

/** A change as it lies in the feed: ids only. */
export type FeedRow = Omit<ElementEvent, "element">;

/** Adds a change to the project's feed. */
export async function insertFeedRow(connection: Connection, projectId: string, row: FeedRow): Promise<void> {
  const { revision, kind, elementId } = row;
  await connection.run(sql`
    INSERT INTO element_events (project_id, revision, kind, element_id)
    VALUES (${projectId}, ${revision}, ${kind}, ${elementId})`);
}

/** Takes a change out of the project's feed. */
export async function deleteFeedRow(connection: Connection, projectId: string, revision: number): Promise<void> {
  await connection.run(sql`DELETE FROM element_events WHERE project_id = ${projectId} AND revision = ${revision}`);
}

/** The changes of a project after a revision, in order, at most `limit`. */
export function listFeedRows(
  connection: Connection,
  projectId: string,
  { after, limit }: { after: number; limit: number },
): Promise<FeedRow[]> {
  return connection.all<FeedRow>(sql`
    SELECT revision, kind, element_id AS elementId FROM element_events
    WHERE project_id = ${projectId} AND revision > ${after} ORDER BY revision LIMIT ${limit}`);
}
