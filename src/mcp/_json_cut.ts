import { fittingCharacters, jsonTextBytes } from "./_json_size.ts";
import { lightText } from "./_light_text.ts";

/** JSON that lies deeper is not shown: no agent reads it, and it would take the stack of whoever walks it. */
export const MAX_JSON_DEPTH = 32;
/** What stands for what was cut. */
export const ELLIPSIS = "…";
const ELLIPSIS_BYTES = 3;
/** Tried in order on the texts inside of JSON: long ones are shortened before an entry goes. */
const TEXT_LIMITS = [Infinity, 1_024, 256, 64];
/** Bytes of the shortest entry. */
const MIN_VALUE_BYTES = 1;

/** JSON cut to its room: how many of its entries (or, of a text, bytes) are as they were. */
export interface CutJson {
  value: unknown;
  bytes: number;
  kept: number;
  of: number;
}

/** Bytes of a JSON value without its data: URLs' contents; counting ends once they are more than `limit`. */
export function jsonBytes(value: unknown, limit: number, { textLimit = Infinity, depth = 0 } = {}): number {
  if (typeof value === "string") {
    return Math.min(textLimit, jsonTextBytes(lightText(value), Math.min(limit, textLimit)));
  }
  if (typeof value !== "object" || value === null) return scalarBytes(value);
  if (depth >= MAX_JSON_DEPTH) return ELLIPSIS_BYTES + 2;
  let bytes = 2;
  const inside = { textLimit, depth: depth + 1 };
  if (Array.isArray(value)) {
    for (const item of value) {
      if (bytes > limit) break;
      bytes += jsonBytes(item, limit - bytes, inside) + 1;
    }
    return value.length === 0 ? bytes : bytes - 1;
  }
  let entries = 0;
  for (const [name, inner] of entriesOf(value)) {
    if (bytes > limit) break;
    bytes += jsonTextBytes(lightText(name), limit) + 2;
    bytes += jsonBytes(inner, limit - bytes, inside);
    entries += 1;
  }
  return entries === 0 ? bytes : bytes - 1;
}

/** A JSON value of at most `maxBytes` bytes, at least 2: long texts in it are shortened first, then entries at the end go. */
export function cutJson(value: unknown, maxBytes: number): CutJson {
  const textLimit = TEXT_LIMITS.find((limit) => jsonBytes(value, maxBytes, { textLimit: limit }) <= maxBytes);
  const taken = take(value, { room: maxBytes, textLimit: textLimit ?? 64, depth: 0 });
  if (taken !== undefined) return { ...taken, ...countKept(value, taken) };
  const empty = Array.isArray(value) ? [] : typeof value === "object" ? {} : "";
  return { value: empty, bytes: 2, kept: 0, of: Math.max(1, countKept(value, { bytes: 0, whole: 0 }).of) };
}

/** A text of at most `maxBytes` bytes of JSON, its quotes included; shortened, it ends in "…". `maxBytes` is at least 5. */
export function shortenText(text: string, maxBytes: number): string {
  if (text.length * 6 + 2 <= maxBytes || jsonTextBytes(text, maxBytes) <= maxBytes) return text;
  return text.slice(0, fittingCharacters(text, maxBytes - 2 - ELLIPSIS_BYTES)) + ELLIPSIS;
}

interface Taken {
  value: unknown;
  bytes: number;
  /** How many entries are as they were; of anything but objects and lists 1 or 0. */
  whole: number;
  isWhole: boolean;
}

/** As much of a value as there is room for; undefined: not even its beginning. */
function take(value: unknown, place: { room: number; textLimit: number; depth: number }): Taken | undefined {
  const { room, textLimit, depth } = place;
  if (typeof value === "string") return takeText(lightText(value), Math.min(room, textLimit));
  if (typeof value === "object" && value !== null && depth >= MAX_JSON_DEPTH) {
    const taken = takeText(ELLIPSIS, room);
    return taken && { ...taken, whole: 0, isWhole: false };
  }
  if (typeof value !== "object" || value === null) {
    const bytes = scalarBytes(value);
    return bytes <= room ? takeWhole(value, bytes) : undefined;
  }
  if (room < 2) return undefined;
  return Array.isArray(value) ? takeList(value, place) : takeObject(value, place);
}

function takeText(text: string, room: number): Taken | undefined {
  const bytes = jsonTextBytes(text, room);
  if (bytes <= room) return takeWhole(text, bytes);
  if (room < ELLIPSIS_BYTES + 2) return undefined;
  const shorter = shortenText(text, room);
  return { value: shorter, bytes: jsonTextBytes(shorter), whole: 0, isWhole: false };
}

function takeWhole(value: unknown, bytes: number): Taken {
  return { value, bytes, whole: 1, isWhole: true };
}

function takeList(list: unknown[], place: { room: number; textLimit: number; depth: number }): Taken {
  const items: unknown[] = [];
  let [bytes, whole] = [2, 0];
  for (const item of list) {
    const comma = items.length === 0 ? 0 : 1;
    const taken = take(item, { ...place, room: place.room - bytes - comma, depth: place.depth + 1 });
    if (taken === undefined) break;
    items.push(taken.value);
    bytes += taken.bytes + comma;
    whole += taken.isWhole ? 1 : 0;
  }
  return { value: items, bytes, whole, isWhole: whole === list.length };
}

function takeObject(object: object, place: { room: number; textLimit: number; depth: number }): Taken {
  const entries: [string, unknown][] = [];
  let [bytes, whole, isWhole] = [2, 0, true];
  for (const [name, inner] of entriesOf(object)) {
    const key = lightText(name);
    const keyBytes = jsonTextBytes(key, place.room) + (entries.length === 0 ? 1 : 2);
    const room = place.room - bytes - keyBytes;
    const taken = room < MIN_VALUE_BYTES ? undefined : take(inner, { ...place, room, depth: place.depth + 1 });
    isWhole &&= taken?.isWhole === true && key === name;
    if (taken === undefined) break;
    entries.push([key, taken.value]);
    bytes += taken.bytes + keyBytes;
    whole += taken.isWhole ? 1 : 0;
  }
  // Assigning would make a page's "__proto__" a prototype; this makes it an own property, as it was.
  return { value: Object.fromEntries(entries), bytes, whole, isWhole };
}

/** One by one: an object of 100,000 entries is not copied to see its first. */
function* entriesOf(object: object): Generator<[string, unknown]> {
  for (const name of Object.keys(object)) yield [name, Reflect.get(object, name)];
}

function scalarBytes(value: unknown): number {
  return (JSON.stringify(value) ?? "null").length;
}

function countKept(value: unknown, taken: { bytes: number; whole: number }): { kept: number; of: number } {
  if (typeof value === "string") return { kept: taken.bytes, of: jsonTextBytes(value) };
  if (typeof value !== "object" || value === null) return { kept: taken.whole, of: 1 };
  return { kept: taken.whole, of: Array.isArray(value) ? value.length : Object.keys(value).length };
}
