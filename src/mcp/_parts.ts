import { jsonBytes } from "./_json_cut.ts";
import { jsonTextBytes } from "./_json_size.ts";
import { entryCount, lightJson } from "./_light_json.ts";
import { lightText } from "./_light_text.ts";
import type { ListShape, ObjectShape, Shape } from "./_shape.ts";

/** A piece of an answer, measured: how many bytes of JSON it takes at each level of cutting; level 0 is all of it. */
export type Part = FixedPart | TextPart | JsonPart | ObjectPart | ListPart;

interface Measured {
  sizes: readonly number[];
}
/** What is never shortened: numbers, ids, cursors, dates, null. */
export interface FixedPart extends Measured {
  kind: "fixed";
  value: unknown;
}
/** A text; `light` is it without data: URLs' contents. */
export interface TextPart extends Measured {
  kind: "text";
  shape: Shape;
  text: string;
  light: string;
}
/** A light copy of a JSON scalar's value; `of`: how many entries it had. */
export interface JsonPart extends Measured {
  kind: "json";
  shape: Shape;
  value: unknown;
  of: number;
}
/** An object; `isKept`: it goes only when nothing else is left to go. */
export interface ObjectPart extends Measured {
  kind: "object";
  shape: ObjectShape;
  entries: readonly { key: string; keyBytes: number; part: Part }[];
  /** As `sizes`, were it not null at any level. */
  inner: readonly number[];
  isKept: boolean;
}
/** A list. */
export interface ListPart extends Measured {
  kind: "list";
  shape: ListShape;
  items: readonly Part[];
}

/** Level by level, how many bytes are left of what is long: first all long things are shortened, then the less useful go, then the rest. */
const FLOORS = [Infinity, 1_024, 256, 64, 0, 0, 0, 0, 0];
/** The same for what is most useful. */
const USEFUL_FLOORS = [Infinity, Infinity, Infinity, Infinity, Infinity, 1_024, 256, 64, 0];
/** At this level what is not kept has gone, where it may be null. */
export const GONE_LEVEL = 4;
/** At this level everything is as short as its type lets it be. */
export const LAST_LEVEL = FLOORS.length - 1;

/** What an agent needs to find the element and know what to do. */
const USEFUL_FIELDS = new Set(["selector", "component", "note"]);
/** The ways to those, and to the next page. */
const KEPT_FIELDS = new Set(["edges", "node", "nodes", "changes", "element", "component", "pageInfo"]);
const CURSOR_FIELDS = new Set(["cursor", "startCursor", "endCursor"]);
const FIXED_TYPES = new Set(["ID", "Int", "Float", "Boolean", "DateTime"]);
const NULL_BYTES = 4;
const EMPTY_BYTES = 2;

/** Measures data of a shape. What is longer than `limit` bytes counts as that long: it has to be cut whatever it is. */
export function measure(value: unknown, shape: Shape, limit: number): ObjectPart {
  const part = measurePart(value, shape, { limit, isUseful: false, depth: 0 });
  if (part.kind !== "object") throw new Error("Cannot compose an answer of data that are no object");
  return part;
}

interface Place {
  limit: number;
  isUseful: boolean;
  depth: number;
}

function measurePart(value: unknown, shape: Shape, place: Place): Part {
  if (value === null || value === undefined) return measureFixed(null);
  if (shape.kind === "list") return Array.isArray(value) ? measureList(value, shape, place) : measureFixed(null);
  if (shape.kind === "object") return measureObject(value, shape, place);
  const { limit, isUseful } = place;
  if (FIXED_TYPES.has(shape.type) || shape.values || CURSOR_FIELDS.has(shape.field)) return measureFixed(value);
  const floors = isUseful || USEFUL_FIELDS.has(shape.field) ? USEFUL_FLOORS : FLOORS;
  const least = shape.nullable ? NULL_BYTES : EMPTY_BYTES;
  if (typeof value === "string" && shape.type !== "JSON") {
    const light = lightText(value);
    const sizes = levels(jsonTextBytes(light, limit), floors, least);
    return { kind: "text", shape, text: value, light, sizes };
  }
  const copy = lightJson(value, limit);
  return {
    kind: "json",
    shape,
    value: copy,
    of: entryCount(value),
    sizes: levels(jsonBytes(copy, limit), floors, least),
  };
}

function measureFixed(value: unknown): FixedPart {
  const bytes = jsonBytes(value, Infinity);
  return { kind: "fixed", value, sizes: FLOORS.map(() => bytes) };
}

function levels(bytes: number, floors: readonly number[], least: number): number[] {
  return floors.map((floor) => Math.min(bytes, Math.max(floor, least)));
}

function measureObject(value: unknown, shape: ObjectShape, { limit, isUseful, depth }: Place): ObjectPart {
  const within = { limit, isUseful: isUseful || USEFUL_FIELDS.has(shape.field), depth: depth + 1 };
  const entries = presentFields(value, shape).map(([key, inner, field]) => {
    return { key, keyBytes: jsonTextBytes(key) + 2, part: measurePart(inner, field, within) };
  });
  const isKept = depth <= 1 || shape.type === "Element" || KEPT_FIELDS.has(shape.field);
  const skeleton = 1 + Math.max(1, entries.reduce((bytes, { keyBytes }) => bytes + keyBytes, 0));
  const inner = FLOORS.map((_, level) => entries.reduce((bytes, { part }) => bytes + sizeAt(part, level), skeleton));
  const sizes = inner.map((bytes, level) =>
    shape.nullable && level >= (isKept ? LAST_LEVEL : GONE_LEVEL) ? Math.min(bytes, NULL_BYTES) : bytes
  );
  return { kind: "object", shape, entries, inner, sizes, isKept };
}

/** The fields of an object that its shape names and that are there. An image's own bytes are left to the image block. */
export function presentFields(value: unknown, { type, fields }: ObjectShape): [string, unknown, Shape][] {
  const present: [string, unknown, Shape][] = [];
  if (typeof value !== "object" || value === null) return present;
  for (const [key, shape] of fields) {
    if (!Object.hasOwn(value, key) || (type === "ScaledImage" && shape.field === "base64")) continue;
    present.push([key, Reflect.get(value, key), shape]);
  }
  return present;
}

function measureList(list: unknown[], shape: ListShape, place: Place): ListPart {
  const items = list.map((item) => measurePart(item, shape.item, { ...place, depth: place.depth + 1 }));
  const isKept = place.depth <= 1 || KEPT_FIELDS.has(shape.field) ||
    items.some((item) => item.kind === "object" && item.isKept);
  const sizes = [items.reduce((bytes, item) => bytes + sizeAt(item, 0) + 1, Math.max(1, 2 - items.length))];
  for (let level = 1; level <= LAST_LEVEL; level += 1) {
    const isGone = level === LAST_LEVEL || (level >= GONE_LEVEL && !isKept);
    const bytes = isGone ? EMPTY_BYTES : fittingRows(items, { level, room: FLOORS[level] ?? 0, atLeast: 1 }).bytes;
    sizes.push(Math.min(bytes, sizes[level - 1] ?? bytes));
  }
  return { kind: "list", shape, items, sizes };
}

/** How many of a list's first rows, cut to a level, have room, and what they take. */
export function fittingRows(
  items: readonly Part[],
  { level, room, atLeast }: { level: number; room: number; atLeast: number },
): { rows: number; bytes: number } {
  let [rows, bytes] = [0, EMPTY_BYTES];
  for (const item of items) {
    const more = sizeAt(item, level) + (rows === 0 ? 0 : 1);
    if (rows >= atLeast && bytes + more > room) break;
    rows += 1;
    bytes += more;
  }
  return { rows, bytes };
}

/** What a part takes at a level. */
export function sizeAt({ sizes }: Part, level: number): number {
  return sizes[level] ?? 0;
}

/** The value of the field of this name in the schema. */
export function fieldOf(part: Part | undefined, field: string): unknown {
  if (part?.kind !== "object") return undefined;
  const found = part.entries.find(({ key }) => part.shape.fields.get(key)?.field === field)?.part;
  return found?.kind === "fixed" ? found.value : undefined;
}
