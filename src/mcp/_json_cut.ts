import { fittingCharacters, jsonTextBytes } from "./_json_size.ts";
import { DEEP } from "./_light_json.ts";

/** What stands for what was cut. */
export const ELLIPSIS = "…";
const ELLIPSIS_BYTES = 3;
/** Bytes of the shortest text that says that it was cut, with its quotes. */
const MIN_TEXT_BYTES = ELLIPSIS_BYTES + 2;
/** Tried in order on the texts inside of JSON: long ones are shortened before an entry goes. */
const TEXT_LIMITS = [Infinity, 1_024, 256, 64];
const LEAST_TEXT_LIMIT = 64;

/** JSON cut to its room. */
export interface CutJson {
  value: unknown;
  bytes: number;
  /** How many of its entries are as they were; of anything but objects and lists 1 or 0. */
  whole: number;
}

/** Bytes of a light copy of a JSON value; counting ends once they are more than `limit`. */
export function jsonBytes(value: unknown, limit: number, textLimit = Infinity): number {
  if (typeof value === "string") return Math.min(textLimit, jsonTextBytes(value, Math.min(limit, textLimit)));
  if (value === DEEP) return MIN_TEXT_BYTES;
  if (typeof value !== "object" || value === null) return scalarBytes(value);
  let [bytes, comma] = [2, 0];
  const isList = Array.isArray(value);
  for (const name of Object.keys(value)) {
    if (bytes > limit) break;
    bytes += comma + (isList ? 0 : jsonTextBytes(name, limit) + 1);
    bytes += jsonBytes(Reflect.get(value, name), limit - bytes, textLimit);
    comma = 1;
  }
  return bytes;
}

/** A light copy of a JSON value in at most `maxBytes` bytes, at least 2: long texts in it are shortened first, then entries at the end go. */
export function cutJson(value: unknown, maxBytes: number): CutJson {
  const textLimit = TEXT_LIMITS.find((limit) => jsonBytes(value, maxBytes, limit) <= maxBytes) ?? LEAST_TEXT_LIMIT;
  const empty = Array.isArray(value) ? [] : typeof value === "object" ? {} : "";
  return take(value, { room: maxBytes, textLimit }) ?? { value: empty, bytes: 2, whole: 0 };
}

/** A text of at most `maxBytes` bytes of JSON, its quotes included; shortened, it ends in "…". `maxBytes` is at least 5. */
export function shortenText(text: string, maxBytes: number): string {
  if (jsonTextBytes(text, maxBytes) <= maxBytes) return text;
  return text.slice(0, fittingCharacters(text, maxBytes - MIN_TEXT_BYTES)) + ELLIPSIS;
}

interface Taken extends CutJson {
  isWhole: boolean;
}

interface Room {
  room: number;
  textLimit: number;
}

/** As much of a value as there is room for; undefined: not even its beginning. */
function take(value: unknown, place: Room): Taken | undefined {
  if (typeof value === "string") return takeText(value, Math.min(place.room, place.textLimit));
  if (value === DEEP) {
    return place.room < MIN_TEXT_BYTES
      ? undefined
      : { value: ELLIPSIS, bytes: MIN_TEXT_BYTES, whole: 0, isWhole: false };
  }
  if (typeof value === "object" && value !== null) return place.room < 2 ? undefined : takeEntries(value, place);
  const bytes = scalarBytes(value);
  return bytes <= place.room ? { value, bytes, whole: 1, isWhole: true } : undefined;
}

function takeText(text: string, room: number): Taken | undefined {
  const bytes = jsonTextBytes(text, room);
  if (bytes <= room) return { value: text, bytes, whole: 1, isWhole: true };
  if (room < MIN_TEXT_BYTES) return undefined;
  const value = shortenText(text, room);
  return { value, bytes: jsonTextBytes(value), whole: 0, isWhole: false };
}

function takeEntries(value: object, place: Room): Taken {
  const [isList, names] = [Array.isArray(value), Object.keys(value)];
  const [items, fields]: [unknown[], Record<string, unknown>] = [[], {}];
  let [bytes, whole, comma] = [2, 0, 0];
  for (const name of names) {
    const around = comma + (isList ? 0 : jsonTextBytes(name, place.room) + 1);
    const taken = take(Reflect.get(value, name), {
      room: place.room - bytes - around,
      textLimit: place.textLimit,
    });
    if (taken === undefined) break;
    if (isList) items.push(taken.value);
    else fields[name] = taken.value;
    bytes += taken.bytes + around;
    whole += taken.isWhole ? 1 : 0;
    comma = 1;
  }
  return { value: isList ? items : fields, bytes, whole, isWhole: whole === names.length };
}

function scalarBytes(value: unknown): number {
  return (JSON.stringify(value) ?? "null").length;
}
