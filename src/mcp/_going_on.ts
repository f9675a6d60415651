import { byteLength, fittingCharacters } from "./_json_size.ts";
import { placeInText } from "./_light_text.ts";
import type { Losses, Place } from "./_losses.ts";
import { fieldOf, type ObjectPart, type Part, sizeAt, type TextPart } from "./_parts.ts";

/** Where the call that gets a list's other rows goes on: the last kept row's cursor, or the revision of a change. */
export function nextCursor(items: readonly Part[], rows: number): unknown {
  const cursor = fieldOf(items[rows - 1], "cursor");
  if (cursor !== undefined) return cursor;
  const revision = fieldOf(items[rows - 1], "revision");
  if (revision !== undefined || rows > 0) return revision;
  const first = fieldOf(items[0], "revision");
  return typeof first === "number" ? first - 1 : undefined;
}

/** An object's fields, where its list lost rows, with those that say so: who pages on by them misses none. */
export function goOn(part: ObjectPart, fitted: [string, unknown][]): [string, unknown][] {
  const values = new Map(fitted);
  for (const { key, part: list } of part.entries) {
    const kept = length(values.get(key));
    if (list.kind !== "list" || kept >= list.items.length) continue;
    const cursor = nextCursor(list.items, kept);
    const { field } = list.shape;
    if (field === "edges") return change(part, fitted, { pageInfo: { hasNextPage: true, endCursor: cursor ?? null } });
    if (field === "changes" && cursor !== undefined) return change(part, fitted, { hasMore: true, revision: cursor });
  }
  return fitted;
}

function change(part: ObjectPart, fitted: [string, unknown][], changed: Record<string, unknown>): [string, unknown][] {
  return fitted.map(([key, value], index) => {
    const inner = part.entries[index]?.part;
    const field = part.shape.fields.get(key)?.field ?? "";
    if (!(field in changed)) return [key, value];
    const now = changed[field];
    if (inner?.kind !== "object" || typeof now !== "object" || now === null || value === null) return [key, now];
    return [key, Object.fromEntries(change(inner, Object.entries(value ?? {}), { ...now }))];
  });
}

function length(value: unknown): number {
  return Array.isArray(value) ? value.length : Infinity;
}

/** A part of an element's HTML that ends earlier, at a tag's border where there is one, and says where. */
export function fitHtmlPart(
  part: ObjectPart,
  rooms: readonly number[],
  { losses, place }: { losses: Losses; place: Place },
): unknown {
  const index = part.entries.findIndex(({ part: { kind } }) => kind === "text");
  const html = part.entries[index]?.part;
  const values = part.entries.map(({ key, part }): [string, unknown] => [key, part.kind === "fixed" ? part.value : ""]);
  if (html?.kind !== "text") return Object.fromEntries(values);
  const room = rooms[index] ?? 0;
  const kept = sizeAt(html, 0) <= room ? { light: html.light.length, full: html.text.length } : shorten(html, room);
  values[index] = [part.entries[index]?.key ?? "", html.light.slice(0, kept.light)];
  if (kept.full === html.text.length) return Object.fromEntries(values);
  const [bytes, of] = [byteLength(html.text.slice(0, kept.full)), byteLength(html.text)];
  const [after, end] = [fieldOf(part, "after"), fieldOf(part, "end")];
  const begin = typeof end === "number" ? end - of : Number(after ?? 0);
  losses.note(place, { unit: "bytes", kept: bytes, of, after: begin + bytes });
  return Object.fromEntries(change(part, values, { end: begin + bytes, hasMore: true }));
}

function shorten({ text, light }: TextPart, room: number): { light: number; full: number } {
  const fitting = fittingCharacters(light, Math.max(0, room - 2));
  const border = light.lastIndexOf(">", fitting - 1) + 1;
  const kept = placeInText(text, border * 2 > fitting ? border : fitting);
  return kept.light === 0 ? { light: 0, full: 0 } : kept;
}
