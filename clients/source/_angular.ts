import type { Component, Finding, Surroundings } from "./source.ts";
import { parsePosition } from "./_hints.ts";
import { isLibrary } from "./_source_names.ts";
import { read, readCount, readText } from "./_untrusted.ts";

/** How many components up the one is looked for that the project wrote. */
const MAX_OWNERS = 20;

/**
 * Angular's development builds answer by `ng`, and say where a component's class is; where its template wrote the element they say only if
 * the compiler was asked to (`data-ng-source-location`).
 */
export function findAngular(element: Element, { document }: Surroundings): Finding | null {
  const ng = read(document.defaultView, "ng");
  let instance = call(ng, "getOwningComponent", element) ?? call(ng, "getComponent", element);
  const nearest = componentOf(instance);
  if (nearest === null) return null;
  const location = element.getAttribute("data-ng-source-location");
  const written = location === null || location.length > 1_200 ? null : parsePosition(location);
  if (written !== null) {
    const { file, line = 0, column = 0 } = written;
    return { known: { framework: "angular", name: nearest.name, file, line: line + 1, column: column + 1 } };
  }
  for (let depth = 0; depth < MAX_OWNERS && instance !== null; depth++) {
    const component = componentOf(instance);
    if (component?.file !== undefined) return { known: component };
    instance = call(ng, "getOwningComponent", instance);
  }
  return { known: nearest };
}

function componentOf(instance: unknown): Component | null {
  const type = read(instance, "constructor");
  const debugInfo = read(type, "ɵcmp", "debugInfo");
  // esbuild puts an underscore before the class's own name.
  const name = readText(1_000, debugInfo, "className") ?? readText(1_000, type, "name")?.replace(/^_(?=[A-Z])/, "");
  if (name === undefined || read(type, "ɵcmp") === undefined) return null;
  const file = readText(1_000, debugInfo, "filePath");
  const line = readCount(debugInfo, "lineNumber");
  const place = file === null || isLibrary(file) ? {} : { file, ...(line === null ? {} : { line }) };
  return { framework: "angular", name, ...place };
}

function call(ng: unknown, name: string, argument: unknown): unknown {
  const method = read(ng, name);
  if (typeof method !== "function") return null;
  try {
    return Reflect.apply(method, ng, [argument]) ?? null;
  } catch {
    return null;
  }
}
