import type { Component, Finding, Surroundings } from "./source.ts";
import type { Original } from "./_source_maps.ts";
import { isLibrary, tidySource } from "./_source_names.ts";
import { type Frame, parseStack } from "./_stack_frames.ts";
import { elementsFrom, ownNames, read, readCount, readText } from "./_untrusted.ts";

type Position = Pick<Component, "file" | "line" | "column">;

/** React 16 names it first, 17 and later second. */
const FIBER = /^__reactInternalInstance\$|^__reactFiber\$/;
/** How many components up the one is looked for that the project wrote. */
const MAX_OWNERS = 12;
const MAX_TRACED_FRAMES = 10;

/**
 * React's development builds: 16 to 18 keep the position of the JSX in `_debugSource`, 19 the stack of its creation in `_debugStack`. An
 * element that a library wrote is where the project uses the library's component.
 */
export function findReact(element: Element, { document, maps }: Surroundings): Finding | null {
  const host = hostOf(element);
  if (host === null) return null;
  const { fiber, tag } = host;
  const name = nameOf(read(fiber, "_debugOwner"));
  const known = { framework: "react", name: name ?? "" };
  const sought = locate();
  return name === null ? { known: { ...known, name: tag }, sought } : { known, sought };

  async function locate(): Promise<Component | null> {
    let level: unknown = fiber;
    for (let depth = 0; depth < MAX_OWNERS; depth++) {
      const owner = read(level, "_debugOwner") ?? read(level, "owner");
      const position = sourceOf(level) ?? await positionOf(level, depth === 0 ? tag : null);
      if (position === "unsure") return null;
      if (position !== "library") {
        const own = nameOf(depth === 0 ? owner : level) ?? fileName(position.file);
        return { framework: "react", name: own, ...position };
      }
      if (owner === undefined || owner === null) return null;
      level = owner;
    }
    return null;
  }

  async function positionOf(level: unknown, written: string | null): Promise<Position | "library" | "unsure"> {
    const stack = readText(20_000, read(level, "_debugStack") ?? read(level, "debugStack"), "stack");
    if (stack === null) return "library";
    // The topmost is React's own function that makes elements; alone it stands for all stacks that React did not keep.
    const frames = parseStack(stack).slice(1, MAX_TRACED_FRAMES);
    if (frames.length === 0) return "unsure";
    for (const frame of frames) {
      if (isLibrary(frame.url)) continue;
      const original = await maps.originalOf(frame);
      if (original === null) return unmapped(frame);
      if (original.ignored || isLibrary(original.source)) continue;
      return checked(original, written);
    }
    return "library";
  }

  function unmapped({ url }: Frame): Position | "unsure" {
    const file = /^webpack-internal:/.test(url) ? tidySource(url, document) : null;
    return file === null ? "unsure" : { file };
  }

  // The page may run an older version than the one loaded now: what is written there must be this element.
  function checked(original: Original, written: string | null): Position | "unsure" {
    const file = tidySource(original.source, document);
    if (file === null) return "unsure";
    const line = original.text?.split("\n", original.line)[original.line - 1];
    if (line !== undefined && written !== null) {
      const rest = line.slice(original.column - 1);
      const [start, where] = rest.startsWith("<") ? ["^<", rest] : [`[<"'\`]`, line];
      const isThere = new RegExp(`${start}${written}(?![\\w.-])`, "i").test(where);
      if (!isThere) return { file };
    }
    return { file, line: original.line, column: original.column };
  }

  function sourceOf(level: unknown): Position | null {
    const source = read(level, "_debugSource");
    const file = readText(1_000, source, "fileName");
    const line = readCount(source, "lineNumber");
    if (file === null || isLibrary(file)) return null;
    const tidy = tidySource(file, document) ?? file;
    const column = readCount(source, "columnNumber");
    return { file: tidy, ...(line === null ? {} : { line }), ...(line === null || column === null ? {} : { column }) };
  }
}

// Inside of what React made there may be what it did not: HTML that was set, or another library's. It belongs to the element around it,
// if React has nothing of its own in there.
function hostOf(element: Element): { fiber: unknown; tag: string } | null {
  for (const current of elementsFrom(element)) {
    const key = ownNames(current).find((name) => FIBER.test(name));
    if (key === undefined) continue;
    const fiber = read(current, key);
    const isSure = current === element || read(fiber, "child") === null;
    return isSure && isDevelopment(fiber) ? { fiber, tag: current.localName } : null;
  }
  return null;
}

function isDevelopment(fiber: unknown): boolean {
  return read(fiber, "_debugOwner") !== undefined;
}

function nameOf(fiber: unknown): string | null {
  const type = read(fiber, "type");
  const places: [unknown, ...string[]][] = [
    [type, "displayName"],
    [type, "name"],
    [type, "render", "displayName"],
    [type, "render", "name"],
    [type, "type", "displayName"],
    [type, "type", "name"],
    [fiber, "name"],
  ];
  for (const [holder, ...names] of places) {
    const name = readText(1_000, holder, ...names);
    if (name !== null) return name;
  }
  return null;
}

function fileName(file: string | undefined): string {
  return file?.split(/[/\\]/).at(-1)?.replace(/\.\w+$/, "") || "unknown";
}
