import { fenced, hasBreaks, oneLine, quoted, word } from "./_markdown_text.ts";
import { factsOf, headingOf, writeType } from "./_markdown_types.ts";
import { presentFields } from "./_parts.ts";
import type { LeafShape, ListShape, ObjectShape, Shape } from "./_shape.ts";

/** Shorter names of fields, where they are as clear. */
const LABELS: Record<string, string> = {
  computedStyles: "styles",
  keyStyles: "styles",
  classNames: "classes",
  pageUrl: "page",
  pageTitle: "title",
  createdAt: "created",
  updatedAt: "updated",
  occurredAt: "at",
  htmlByteSize: "html bytes",
  htmlOutline: "outline",
  ipAddress: "from",
};
/** Fields whose JSON is CSS: names and values. */
const STYLE_FIELDS = new Set(["computedStyles", "keyStyles"]);
const HTML_FIELDS = new Set(["html", "htmlOutline"]);
/** Fields that an element's heading tells. */
const HEADING_FIELDS = new Set(["component", "selector"]);
/** Texts of several lines up to this length still take one. */
const MAX_LINE_CHARACTERS = 120;
/** What stands between the parts of a row: no text that is not in quotes may have it. */
const SEPARATOR = " · ";
/** An empty line, so that what follows is no part of the last row. */
const END_OF_ROWS = "";

/** An answer's data as compact Markdown. Each line begins with our own words or stands in a fence: what a page wrote can't look like ours. */
export function toMarkdown(data: unknown, shape: Shape): string {
  if (shape.kind !== "object") return inline(data, shape);
  const lines = presentFields(data, shape).flatMap(([key, value, field]) =>
    value === null ? [`${labelOf(key, field)}: none`] : block(key, value, field)
  );
  return lines.join("\n").trimEnd();
}

/** The lines of a field. What is null or empty has none, but a list says that it is empty. */
function block(key: string, value: unknown, shape: Shape): string[] {
  if (value === null || value === undefined || value === "") return [];
  const label = labelOf(key, shape);
  if (shape.kind === "leaf") return leafBlock(label, value, shape);
  if (shape.kind === "list") return listBlock(label, value, shape);
  if (shape.type === "Element") return [`## ${headingOf(value, shape) || label}`, ...fieldBlocks(value, shape, true)];
  if (rowsOf(shape)) return connectionBlock(label, value, shape);
  if (shape.type === "HtmlPart") return htmlPartBlock(label, value, shape);
  const line = writeType(value, shape) ?? (hasBlocks(shape) ? undefined : row(value, shape));
  if (line !== undefined) return line === "" ? [] : [`${label}: ${line}`];
  return [`${label}:`, ...fieldBlocks(value, shape, false)];
}

function fieldBlocks(value: unknown, shape: ObjectShape, isHeaded: boolean): string[] {
  return presentFields(value, shape).flatMap(([key, inner, field]) =>
    isHeaded && HEADING_FIELDS.has(field.field) ? [] : block(key, inner, field)
  );
}

function labelOf(key: string, { field }: Shape): string {
  return key === field ? LABELS[key] ?? key : key;
}

function leafBlock(label: string, value: unknown, { type, field }: LeafShape): string[] {
  if (type === "JSON") return jsonBlock(label, value, field);
  if (typeof value !== "string") return [`${label}: ${String(value)}`];
  if (HTML_FIELDS.has(field)) return [`${label}:`, fenced(value, "html")];
  const isLine = value.length <= MAX_LINE_CHARACTERS || !hasBreaks(value);
  return isLine ? [`${label}: ${oneLine(value)}`] : [`${label}:`, fenced(value)];
}

function jsonBlock(label: string, value: unknown, field: string): string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [`${label}: ${json(value)}`];
  const entries = Object.entries(value);
  if (entries.length === 0) return [];
  const line = STYLE_FIELDS.has(field)
    ? entries.map(([name, inner]) => `${oneLine(name)}: ${typeof inner === "string" ? oneLine(inner) : json(inner)}`)
      .join("; ")
    : entries.map(([name, inner]) => `${word(name)}=${typeof inner === "string" ? quoted(inner) : json(inner)}`)
      .join(" ");
  return [`${label}: ${line}`];
}

function json(value: unknown): string {
  return oneLine(JSON.stringify(value) ?? "null");
}

function listBlock(label: string, value: unknown, { item }: ListShape): string[] {
  if (!Array.isArray(value)) return [];
  if (value.length === 0) return [`${label}: none`];
  if (item.kind === "leaf") return [`${label}: ${value.map((entry) => inline(entry, item)).join(", ")}`];
  return [`${label}:`, ...value.map((entry) => `- ${inline(entry, item)}`), END_OF_ROWS];
}

/** The shape of a connection's rows; undefined: it is none. */
function rowsOf(shape: ObjectShape): { edges: string; node: string; shape: Shape } | undefined {
  for (const [edges, field] of shape.fields) {
    if (field.kind !== "list" || field.field !== "edges" || field.item.kind !== "object") continue;
    for (const [node, inner] of field.item.fields) if (inner.field === "node") return { edges, node, shape: inner };
  }
  return undefined;
}

function connectionBlock(label: string, value: unknown, shape: ObjectShape): string[] {
  const rows = rowsOf(shape);
  const facts = factsOf(value, shape);
  const edges = Array.isArray(facts["edges"]) ? facts["edges"] : [];
  const total = facts["totalCount"] === undefined ? "" : ` (${facts["totalCount"]} in all)`;
  if (rows === undefined || edges.length === 0) return [`${label}${total}: none`, ...moreLines(edges, facts)];
  const lines = edges.map((edge) => `- ${inline(Reflect.get(edge, rows.node), rows.shape)}`);
  return [`${label}${total}:`, ...lines, ...moreLines(edges, facts), END_OF_ROWS];
}

function moreLines(edges: unknown[], facts: Record<string, unknown>): string[] {
  const pageInfo = facts["pageInfo"];
  if (typeof pageInfo !== "object" || pageInfo === null || !Object.values(pageInfo).includes(true)) return [];
  const { hasNextPage, endCursor }: { hasNextPage?: unknown; endCursor?: unknown } = pageInfo;
  const last = edges.at(-1);
  const cursor = endCursor ?? (typeof last === "object" && last !== null ? Reflect.get(last, "cursor") : undefined);
  if (hasNextPage !== true) return [];
  return [typeof cursor === "string" ? `more: after=${quoted(cursor)}` : "more: yes"];
}

function htmlPartBlock(label: string, value: unknown, shape: ObjectShape): string[] {
  const { html, after, end, htmlByteSize, hasMore } = factsOf(value, shape);
  const place = end === undefined ? "" : ` bytes ${after ?? "…"} to ${end}`;
  const size = htmlByteSize === undefined ? "" : ` of ${htmlByteSize}`;
  const more = hasMore === true && end !== undefined ? `, more: after=${end}` : "";
  return [`${label}${place}${size}${more}:`, fenced(typeof html === "string" ? html : "", "html")];
}

/** Whether an object needs lines of its own for what it holds. */
function hasBlocks({ fields }: ObjectShape): boolean {
  return [...fields.values()].some((shape) => {
    if (shape.kind === "list") return shape.item.kind === "object";
    if (shape.kind === "object") return shape.type === "Element" || rowsOf(shape) !== undefined || hasBlocks(shape);
    return HTML_FIELDS.has(shape.field) || shape.type === "JSON";
  });
}

/** A value on one line, between others. */
function inline(value: unknown, shape: Shape): string {
  if (value === null || value === undefined) return "none";
  if (shape.kind === "object") return writeType(value, shape) ?? row(value, shape);
  if (shape.kind === "list") {
    return Array.isArray(value) && value.length > 0 ? value.map((item) => inline(item, shape.item)).join(", ") : "none";
  }
  if (typeof value !== "string" || shape.type === "JSON") return json(value);
  if (shape.values || shape.type === "ID" || shape.type === "DateTime") return oneLine(value);
  return value.includes(" ") ? quoted(value) : word(value);
}

/** An object's fields on one line, its id at the end. */
function row(value: unknown, shape: ObjectShape): string {
  const isElement = shape.type === "Element";
  const parts = isElement ? [headingOf(value, shape)] : [];
  let id = "";
  for (const [key, inner, field] of presentFields(value, shape)) {
    if (inner === null || inner === "" || (isElement && HEADING_FIELDS.has(field.field))) continue;
    if (Array.isArray(inner) && inner.length === 0) continue;
    const text = inline(inner, field);
    if (key === "id") id = `id ${text}`;
    else if (text !== "") parts.push(field.kind === "leaf" && field.values ? text : `${labelOf(key, field)} ${text}`);
  }
  return [...parts, id].filter((part) => part !== "").join(SEPARATOR);
}
