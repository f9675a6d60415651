import sql, { join, type Sql } from "sql-template-tag";
import type { Connection } from "../database/database.ts";
import type { Image } from "./_images.ts";
import { assignmentsOf, findElements } from "./_rows.ts";
import type { Element } from "./elements.ts";

/** Stores these fields of an element; others stay, and so does what the full-text index has of them. */
export async function updateFields(
  connection: Connection,
  element: Element,
  fields: readonly (keyof Element)[],
): Promise<void> {
  await connection.run(sql`UPDATE elements SET ${assignmentsOf(element, fields)} WHERE id = ${element.id}`);
}

/** What of an element is large; null leaves it. */
export interface Contents {
  html: Uint8Array | null;
  computedStyles: Record<string, unknown> | null;
}

/** Stores an element's HTML and styles, one of them at least. */
export async function updateContents(
  connection: Connection,
  elementId: string,
  { html, computedStyles }: Contents,
): Promise<void> {
  const assignments: Sql[] = [];
  if (html !== null) assignments.push(sql`html = ${html}`);
  if (computedStyles !== null) assignments.push(sql`computed_styles = ${JSON.stringify(computedStyles)}`);
  await connection.run(sql`UPDATE element_contents SET ${join(assignments)} WHERE element_id = ${elementId}`);
}

/** Stores an element's screenshot in place of the one that it has, if any. */
export async function upsertImage(connection: Connection, elementId: string, image: Image): Promise<void> {
  const { mimeType, width, height, bytes } = image;
  await connection.run(sql`
    INSERT INTO screenshots (element_id, mime_type, width, height, bytes)
    VALUES (${elementId}, ${mimeType}, ${width}, ${height}, ${bytes})
    ON CONFLICT (element_id) DO UPDATE SET mime_type = excluded.mime_type, width = excluded.width,
      height = excluded.height, bytes = excluded.bytes`);
}

/** A place in a page, by which an element that was captured anew is known again. */
export type Place = Pick<Element, "projectId" | "pageId" | "selector">;

/** The stale elements of a place, at most `limit`. */
export async function findStale(
  connection: Connection,
  { projectId, pageId, selector }: Place,
  limit: number,
): Promise<Element[]> {
  const rows = await connection.all<{ id: string }>(sql`
    SELECT id FROM elements INDEXED BY elements_stale
    WHERE project_id = ${projectId} AND page_id = ${pageId} AND stale_since IS NOT NULL AND selector = ${selector}
    LIMIT ${limit}`);
  return rows.length === 0 ? [] : await findElements(connection, rows.map(({ id }) => id));
}
