import { lightText } from "./_light_text.ts";

/** JSON that lies deeper is not shown: no agent reads it, and it would take the stack of whoever walks it. */
export const MAX_JSON_DEPTH = 32;
/** Stands in a light copy for what lies deeper. */
export const DEEP = Symbol("deep");
/** Of a text so much at most counts against a copy's limit: a long one must not hide what stands after it. */
const MAX_COUNTED_CHARACTERS = 64;

/**
 * A copy of a JSON value without data: URLs' contents and what lies too deep. It holds all that `limit` bytes could show: longer texts
 * end there, and so do objects and lists with more entries than fit.
 */
export function lightJson(value: unknown, limit: number): unknown {
  let left = limit;
  return copy(value, 0);

  function copy(value: unknown, depth: number): unknown {
    if (typeof value === "string") return copyText(value);
    left -= 1;
    if (typeof value !== "object" || value === null) return value;
    if (depth >= MAX_JSON_DEPTH) return DEEP;
    return Array.isArray(value) ? copyList(value, depth) : copyObject(value, depth);
  }

  function copyText(text: string): string {
    const light = lightText(text).slice(0, limit);
    left -= Math.min(light.length, MAX_COUNTED_CHARACTERS) + 2;
    return light;
  }

  function copyList(list: unknown[], depth: number): unknown[] {
    const items: unknown[] = [];
    for (const item of list) {
      if (left < 0) break;
      items.push(copy(item, depth + 1));
    }
    return items;
  }

  function copyObject(object: object, depth: number): Record<string, unknown> {
    const copied: Record<string, unknown> = {};
    for (const name of Object.keys(object)) {
      if (left < 0) break;
      // A page's own "__proto__" stays an entry like others: Deno has no accessor of that name.
      copied[copyText(name)] = copy(Reflect.get(object, name), depth + 1);
    }
    return copied;
  }
}

/** How many entries an object or a list has; anything else is one. */
export function entryCount(value: unknown): number {
  if (typeof value !== "object" || value === null) return 1;
  return Array.isArray(value) ? value.length : Object.keys(value).length;
}
