import sql from "sql-template-tag";
import type { Connection } from "../database/database.ts";
import { listOf } from "../database/lists.ts";
import type { Image, ImageType } from "./_images.ts";
import type { ElementComment, Screenshot } from "./elements.ts";

/** The HTML of elements, each cut after `maxBytes` bytes of UTF-8 at a character boundary. */
export async function findHtml(
  connection: Connection,
  ids: readonly string[],
  maxBytes: number,
): Promise<Map<string, string>> {
  const rows = await connection.all<{ id: string; html: Uint8Array | null }>(sql`
    SELECT element_id AS id, substr(html, 1, ${maxBytes}) AS html FROM element_contents
    WHERE element_id IN ${listOf(ids)}`);
  // No bytes come out as null.
  return new Map(rows.map(({ id, html }) => [id, html === null ? "" : decodeWhole(html)]));
}

/** The computed styles of elements. */
export async function findComputedStyles(
  connection: Connection,
  ids: readonly string[],
): Promise<Map<string, Record<string, unknown>>> {
  const rows = await connection.all<{ id: string; styles: string }>(sql`
    SELECT element_id AS id, computed_styles AS styles FROM element_contents WHERE element_id IN ${listOf(ids)}`);
  return new Map(rows.map(({ id, styles }) => [id, JSON.parse(styles) as Record<string, unknown>]));
}

/** The measures of elements' screenshots, without their bytes. */
export async function findScreenshots(
  connection: Connection,
  ids: readonly string[],
): Promise<Map<string, Screenshot>> {
  const rows = await connection.all<Screenshot>(sql`
    SELECT element_id AS elementId, mime_type AS mimeType, width, height, length(bytes) AS byteSize FROM screenshots
    WHERE element_id IN ${listOf(ids)}`);
  return new Map(rows.map((row) => [row.elementId, row]));
}

/** An element's screenshot. */
export function findImage(connection: Connection, elementId: string): Promise<Image | undefined> {
  return connection.get<Image & { mimeType: ImageType }>(
    sql`SELECT mime_type AS mimeType, width, height, bytes FROM screenshots WHERE element_id = ${elementId}`,
  );
}

/** The comments of elements, oldest first. */
export function listComments(connection: Connection, ids: readonly string[]): Promise<ElementComment[]> {
  return connection.all<ElementComment>(sql`
    SELECT id, element_id AS elementId, author_id AS authorId, body, created_at AS createdAt FROM element_comments
    WHERE element_id IN ${listOf(ids)} ORDER BY id`);
}

/** Stores a new comment. */
export async function insertComment(connection: Connection, comment: ElementComment): Promise<void> {
  const { id, elementId, authorId, body, createdAt } = comment;
  await connection.run(sql`
    INSERT INTO element_comments (id, element_id, author_id, body, created_at)
    VALUES (${id}, ${elementId}, ${authorId}, ${body}, ${createdAt})`);
}

// As a stream, so that a character cut in two is left out rather than replaced.
function decodeWhole(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes, { stream: true });
}
