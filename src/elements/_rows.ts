import sql, { join, raw, type Sql } from "sql-template-tag";
import type { Connection } from "../database/database.ts";
import { listOf } from "../database/lists.ts";
import type { Image } from "./_images.ts";
import type { Element } from "./elements.ts";

const JSON_COLUMNS = ["classNames", "attributes", "box", "viewport", "accessibility", "component"] as const;

/** An element as it lies in its table: JSON as text. */
export type ElementRow = Record<keyof Element, unknown>;

/** Names of an element's fields: only these are read, with its id and what those that lie elsewhere are found by. */
export type ElementFields = ReadonlySet<string>;

const COLUMN_OF: Record<keyof Element, string> = {
  id: "id",
  projectId: "project_id",
  capturedById: "captured_by",
  pageId: "page_id",
  revision: "revision",
  pageUrl: "page_url",
  pageTitle: "page_title",
  selector: "selector",
  tagName: "tag_name",
  domId: "dom_id",
  classNames: "class_names",
  attributes: "attributes",
  text: "text",
  htmlByteSize: "html_byte_size",
  box: "box",
  viewport: "viewport",
  accessibility: "accessibility",
  component: "component",
  note: "note",
  status: "status",
  staleSince: "stale_since",
  createdAt: "created_at",
  updatedAt: "updated_at",
};
/** Columns by which fields are found that lie elsewhere. */
const READ_FOR: Record<string, (keyof Element)[]> = {
  project: ["projectId"],
  capturedBy: ["capturedById"],
  live: ["projectId", "pageId", "staleSince"],
};
const COLUMNS = toColumns(() => true);
const columnsOfFields = new WeakMap<ElementFields, Sql>();

/** The columns of an element's row, each as its field is called; all of them where no fields are given. */
export function columnsOf(fields: ElementFields | undefined): Sql {
  if (fields === undefined) return COLUMNS;
  return columnsOfFields.getOrInsertComputed(fields, () => {
    const read = new Set<string>(["id", ...fields, ...[...fields].flatMap((field) => READ_FOR[field] ?? [])]);
    return toColumns((field) => read.has(field));
  });
}

function toColumns(isRead: (field: string) => boolean): Sql {
  const read = Object.entries(COLUMN_OF).filter(([field]) => isRead(field));
  return raw(read.map(([field, column]) => column === field ? column : `${column} AS ${field}`).join(", "));
}

/** Assigns the columns of these fields what an element has. */
export function assignmentsOf(element: Element, fields: readonly (keyof Element)[]): Sql {
  const isJson = (field: string) => JSON_COLUMNS.some((column) => column === field);
  return join(fields.map((field) => {
    const value = element[field];
    return sql`${raw(COLUMN_OF[field])} = ${isJson(field) ? toJson(value) : value}`;
  }));
}

/** The element with this id, its project in any case. */
export async function findElement(
  connection: Connection,
  id: string,
  fields?: ElementFields,
): Promise<Element | undefined> {
  const row = await connection.get<ElementRow>(
    sql`SELECT ${columnsOf(fields)}, project_id AS projectId FROM elements WHERE id = ${id}`,
  );
  return row && toElement(row);
}

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

/** The element of a row; of fields that were not read it has none. */
export function toElement(row: ElementRow): Element {
  for (const column of JSON_COLUMNS) {
    const text = row[column];
    if (typeof text === "string") row[column] = JSON.parse(text);
  }
  return row as Element;
}
