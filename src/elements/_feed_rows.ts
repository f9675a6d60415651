import sql from "sql-template-tag";
import type { Connection } from "../database/database.ts";
import { columnsOf, type ElementRow, toElement } from "./_rows.ts";
import type { Element, ElementEvent } from "./elements.ts";

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

/** A change, and the element's columns where it is there and this is its last change read. */
type EventRow = ElementRow & { eventRevision: number; eventKind: FeedRow["kind"]; elementId: string };

/** The changes of a project after a revision, in order, at most `limit`, with their elements as they are now. */
export async function listFeedRows(
  connection: Connection,
  projectId: string,
  { after, limit }: { after: number; limit: number },
): Promise<ElementEvent[]> {
  // Each element is read once, however many of its changes are told.
  const rows = await connection.all<EventRow>(sql`
    SELECT eventRevision, eventKind, elementId, ${columnsOf(undefined)} FROM (
      SELECT revision AS eventRevision, kind AS eventKind, element_id AS elementId,
        revision = max(revision) OVER (PARTITION BY element_id) AS isLast
      FROM (SELECT revision, kind, element_id FROM element_events
        WHERE project_id = ${projectId} AND revision > ${after} ORDER BY revision LIMIT ${limit}))
    LEFT JOIN elements ON isLast AND elements.id = elementId ORDER BY eventRevision`);
  const elements = new Map<string, Element>();
  const events = rows.map(({ eventRevision: revision, eventKind: kind, elementId, ...row }) => {
    if (row.id !== null) elements.set(elementId, toElement(row));
    return { revision, kind, elementId };
  });
  return events.map((event) => ({ ...event, element: elements.get(event.elementId) ?? null }));
}
