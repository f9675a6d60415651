import sql from "sql-template-tag";
import type { Connection } from "../database/database.ts";
import { listOf } from "../database/lists.ts";
import type { HtmlBytes } from "./_html_parts.ts";
import type { Image, ImageType } from "./_images.ts";
import type { StyledElement } from "./_key_styles.ts";

/** The first bytes of elements' HTML. */
export async function findHtmlBytes(
  connection: Connection,
  ids: readonly string[],
  maxBytes: number,
): Promise<Map<string, HtmlBytes>> {
  const rows = await connection.all<{ id: string; bytes: Uint8Array | null; byteSize: number }>(sql`
    SELECT element_id AS id, substr(html, 1, ${maxBytes}) AS bytes, length(html) AS byteSize FROM element_contents
    WHERE element_id IN ${listOf(ids)}`);
  // No bytes come out as null.
  return new Map(rows.map(({ id, bytes, byteSize }) => [id, { bytes: bytes ?? new Uint8Array(), byteSize }]));
}

/** Elements' computed styles with what says which of them are defaults. */
export async function findStyledElements(
  connection: Connection,
  ids: readonly string[],
): Promise<Map<string, StyledElement>> {
  const rows = await connection.all<{ id: string; tagName: string; attributes: string; box: string; styles: string }>(
    sql`
    SELECT id, tag_name AS tagName, attributes, box, computed_styles AS styles
    FROM elements JOIN element_contents ON element_id = id
    WHERE id IN ${listOf(ids)}`,
  );
  return new Map(rows.map(({ id, tagName, attributes, box, styles }) => [id, {
    tagName,
    attributes: JSON.parse(attributes) as StyledElement["attributes"],
    box: JSON.parse(box) as StyledElement["box"],
    styles: JSON.parse(styles) as StyledElement["styles"],
  }]));
}

/** Elements' screenshots with their bytes. */
export async function findImages(
  connection: Connection,
  ids: readonly string[],
): Promise<Map<string, Pick<Image, "mimeType" | "bytes">>> {
  const rows = await connection.all<{ elementId: string; mimeType: ImageType; bytes: Uint8Array }>(sql`
    SELECT element_id AS elementId, mime_type AS mimeType, bytes FROM screenshots
    WHERE element_id IN ${listOf(ids)}`);
  return new Map(rows.map((row) => [row.elementId, row]));
}
