import { cutJson, ELLIPSIS, shortenText } from "./_json_cut.ts";
import { byteLength } from "./_json_size.ts";
import { placeInText } from "./_light_text.ts";
import { fitHtmlPart, goOn, nextCursor } from "./_going_on.ts";
import type { Losses, Place } from "./_losses.ts";
import {
  fittingRows,
  GONE_LEVEL,
  LAST_LEVEL,
  type ListPart,
  type ObjectPart,
  type Part,
  sizeAt,
  type TextPart,
} from "./_parts.ts";

/** A shorter text than this says nothing: an empty one says it better. */
const MIN_TEXT_BYTES = 8;

/** The value of a part in at most `room` bytes of JSON, if its last level has that much room; what it loses is noted. */
export function fit(part: Part, room: number, { losses, place }: { losses: Losses; place: Place }): unknown {
  if (part.kind === "fixed") return part.value;
  const context = { losses, place };
  if (part.kind === "object") return fitObject(part, room, context);
  if (part.kind === "list") return fitList(part, room, context);
  const nothing = part.shape.nullable ? null : "";
  if (part.kind === "text") return fitText(part, room, { ...context, nothing });
  const isNothing = part.shape.nullable && room < sizeAt(part, GONE_LEVEL - 1);
  const { value, whole } = cutJson(part.value, room);
  losses.note(place, { unit: "entries", kept: isNothing ? 0 : whole, of: part.of });
  return isNothing ? null : value;
}

type Context = { losses: Losses; place: Place };

function fitText({ text, light, sizes }: TextPart, room: number, context: Context & { nothing: "" | null }): unknown {
  const { losses, place, nothing } = context;
  if ((sizes[0] ?? 0) <= room) return light;
  const shortened = room < MIN_TEXT_BYTES ? nothing : shortenText(light, room);
  const keptLength = Math.max(0, (shortened ?? "").length - ELLIPSIS.length);
  const keptCharacters = text === light ? keptLength : placeInText(text, keptLength).full;
  losses.note(place, { unit: "bytes", kept: byteLength(text.slice(0, keptCharacters)), of: byteLength(text) });
  return shortened;
}

function fitObject(part: ObjectPart, room: number, { losses, place }: Context): unknown {
  const { entries, shape, inner, isKept } = part;
  if (shape.nullable && room < (inner[isKept ? LAST_LEVEL : GONE_LEVEL - 1] ?? 0)) {
    losses.note(place, { unit: "objects", kept: 0, of: 1 });
    return null;
  }
  const rooms = divide(entries.map((entry) => entry.part), (inner[0] ?? 0) - room);
  if (shape.type === "HtmlPart") return fitHtmlPart(part, rooms, { losses, place });
  const own = losses.inside(place, part);
  const fitted = entries.map(({ key, part }, index): [string, unknown] => {
    return [key, fit(part, rooms[index] ?? 0, { losses, place: losses.field(own, key, part) })];
  });
  return Object.fromEntries(goOn(part, fitted));
}

/** How much room each of an object's fields gets when together they have to lose so many bytes: level by level, the last field first. */
function divide(parts: readonly Part[], toLose: number): number[] {
  const rooms = parts.map((part) => sizeAt(part, 0));
  let left = toLose;
  for (let level = 1; level <= LAST_LEVEL && left > 0; level += 1) {
    for (let index = parts.length - 1; index >= 0 && left > 0; index -= 1) {
      const [part, room = 0] = [parts[index], rooms[index]];
      const lost = part ? Math.min(left, room - sizeAt(part, level)) : 0;
      rooms[index] = room - lost;
      left -= lost;
    }
  }
  return rooms;
}

/** The first rows that have room once what is long in them is shortened; what is left over goes to the first of them. */
function fitList({ items, sizes }: ListPart, room: number, { losses, place }: Context): unknown[] {
  const isWhole = (sizes[0] ?? 0) <= room;
  const level = isWhole ? 0 : firstFittingLevel(items, room);
  const { rows, bytes } = isWhole
    ? { rows: items.length, bytes: room }
    : fittingRows(items, { level, room, atLeast: 0 });
  let left = room - bytes;
  if (rows < items.length) {
    losses.note(place, { unit: "rows", kept: rows, of: items.length, after: nextCursor(items, rows) });
  }
  return items.slice(0, rows).map((item, index) => {
    const more = Math.min(left, sizeAt(item, 0) - sizeAt(item, level));
    left -= more;
    return fit(item, sizeAt(item, level) + more, { losses, place: losses.row(place, index) });
  });
}

function firstFittingLevel([first]: readonly Part[], room: number): number {
  let level = 1;
  while (first && level < LAST_LEVEL && sizeAt(first, level) + 2 > room) level += 1;
  return level;
}
