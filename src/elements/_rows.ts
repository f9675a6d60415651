import sql, { join } from "sql-template-tag";
import type { Connection } from "../database/database.ts";
import { listOf } from "../database/lists.ts";
import type { Image } from "./_images.ts";
import type { Element } from "./elements.ts";

type JsonColumn = "classNames" | "attributes" | "box" | "viewport" | "accessibility" | "component";

/** An element as it lies in its table: JSON as text. */
export type ElementRow = Omit<Element, JsonColumn> & Record<JsonColumn, string | null>;

/** The columns of an element's row, each as its field is called. */
export const COLUMNS = sql`id, project_id AS projectId, captured_by AS capturedById, revision, page_url AS pageUrl,
  page_title AS pageTitle, page_id AS pageId, selector, tag_name AS tagName, dom_id AS domId, class_names AS classNames,
  attributes, text, html_byte_size AS htmlByteSize, box, viewport, accessibility, component, note, status,
  stale_since AS staleSince, created_at AS createdAt, updated_at AS updatedAt`;

/** The elements with these ids, in no order. */
export async function findElements(connection: Connection, ids: readonly string[]): Promise<Element[]> {
  return (await connection.all<ElementRow>(sql`SELECT ${COLUMNS} FROM elements WHERE id IN ${listOf(ids)}`))
    .map(toElement);
}

/** The element that a user captured under this client id. */
export async function findByClientId(
  connection: Connection,
  userId: string,
  clientId: string,
): Promise<Element | undefined> {
  const row = await connection.get<ElementRow>(
    sql`SELECT ${COLUMNS} FROM elements WHERE captured_by = ${userId} AND client_id = ${clientId}`,
  );
  return row && toElement(row);
}

/** What a new element is stored from. */
export interface NewElement {
  element: Element;
  clientId: string;
  html: Uint8Array;
  computedStyles: Record<string, unknown>;
  image: Image | null;
}

/** Stores a new element with its contents. */
export async function insertElement(connection: Connection, newElement: NewElement): Promise<void> {
  const { element, clientId, html, computedStyles, image } = newElement;
  const values = [element.id, element.projectId, element.capturedById, clientId, element.revision, element.pageUrl];
  await connection.run(sql`
    INSERT INTO elements (id, project_id, captured_by, client_id, revision, page_url, page_title, page_id, selector,
      tag_name, dom_id, class_names, attributes, text, html_byte_size, box, viewport, accessibility, component, note,
      status, created_at, updated_at)
    VALUES (${join(values)}, ${element.pageTitle}, ${element.pageId}, ${element.selector}, ${element.tagName},
      ${element.domId}, ${toJson(element.classNames)}, ${toJson(element.attributes)}, ${element.text},
      ${element.htmlByteSize}, ${toJson(element.box)}, ${toJson(element.viewport)}, ${toJson(element.accessibility)},
      ${toJson(element.component)}, ${element.note}, ${element.status}, ${element.createdAt}, ${element.updatedAt})`);
  await connection.run(sql`
    INSERT INTO element_contents (element_id, html, computed_styles)
    VALUES (${element.id}, ${html}, ${toJson(computedStyles)})`);
  if (image === null) return;
  const { mimeType, width, height, bytes } = image;
  await connection.run(sql`
    INSERT INTO screenshots (element_id, mime_type, width, height, bytes)
    VALUES (${element.id}, ${mimeType}, ${width}, ${height}, ${bytes})`);
}

/** Sets what may change of an element. */
export async function updateElement(connection: Connection, element: Element): Promise<void> {
  await connection.run(sql`
    UPDATE elements SET note = ${element.note}, status = ${element.status}, revision = ${element.revision},
      updated_at = ${element.updatedAt}
    WHERE id = ${element.id}`);
}

/** Deletes an element with all that belongs to it; false where there is none. */
export async function deleteElement(connection: Connection, id: string): Promise<boolean> {
  return await connection.run(sql`DELETE FROM elements WHERE id = ${id}`) > 0;
}

function toJson(value: unknown): string | null {
  return value === null ? null : JSON.stringify(value);
}

/** The element of a row. */
export function toElement(row: ElementRow): Element {
  return {
    ...row,
    classNames: JSON.parse(row.classNames ?? "[]") as Element["classNames"],
    attributes: JSON.parse(row.attributes ?? "{}") as Element["attributes"],
    box: JSON.parse(row.box ?? "null") as Element["box"],
    viewport: JSON.parse(row.viewport ?? "null") as Element["viewport"],
    accessibility: JSON.parse(row.accessibility ?? "null") as Element["accessibility"],
    component: JSON.parse(row.component ?? "null") as Element["component"],
  };
}
