import { isIgnored, originalPositionFor, sourceContentFor, TraceMap } from "@jridgewell/trace-mapping";
import { isOwn } from "./_source_names.ts";
import type { Frame } from "./_stack_frames.ts";
import { read } from "./_untrusted.ts";

/** A place in a source, as a source map names it; line and column from 1. */
export interface Original {
  source: string;
  line: number;
  column: number;
  /** The source's whole text, if the map holds it. */
  text: string | null;
  /** Whether the map says that it is not the project's own. */
  ignored: boolean;
}

/** A script that the page loaded, and its map; `map` is null where it has none that can be read. */
export interface Script {
  url: string;
  text: string;
  /** The part of the map that covers a line from 0; its positions count from `line` and `column`, all from 0. */
  mapAt(line: number, column: number): { map: TraceMap; line: number; column: number } | null;
}

/** Scripts and source maps of a document's origin, each loaded once. */
export interface SourceMaps {
  /** The source position behind one in what runs; null: no map says. */
  originalOf(frame: Frame): Promise<Original | null>;
  load(url: string): Promise<Script | null>;
}

/** Megabytes of text that are read at most as a script or a map: parsing more would be felt in the page. */
const MAX_TEXT_LENGTH = 24_000_000;
const MAX_KEPT_SCRIPTS = 60;
const MAX_SECTION_DEPTH = 4;

/** Reads scripts of the document's own origin, and no others, through `fetchText`. */
export function createSourceMaps(document: Document, fetchText: (url: string) => Promise<string | null>): SourceMaps {
  const kept = new Map<string, Promise<Script | null>>();
  return { originalOf, load };

  async function originalOf(frame: Frame): Promise<Original | null> {
    const script = await load(nextSourceMap(frame.url, document) ?? frame.url);
    return script === null ? null : trace(script, frame.line - 1, frame.column - 1);
  }

  function load(url: string): Promise<Script | null> {
    const known = kept.get(url);
    if (known !== undefined) return known;
    if (kept.size >= MAX_KEPT_SCRIPTS) kept.delete(kept.keys().next().value ?? "");
    const loading = loadAnew(url).catch(() => null);
    kept.set(url, loading);
    return loading;
  }

  async function loadAnew(url: string): Promise<Script | null> {
    const text = await fetchOwn(url);
    if (text === null) return null;
    const mapUrl = mapUrlOf(text);
    const json = url.includes("/__nextjs_source-map?") ? text : await readMap(mapUrl, url);
    const map: unknown = json === null ? null : JSON.parse(json.replace(/^\)\]\}'[^\n]*\n/, ""));
    return { url, text, mapAt: (line, column) => partOf(map, { line, column }, url) };
  }

  function readMap(mapUrl: string | undefined, scriptUrl: string): Promise<string | null> | string | null {
    if (mapUrl === undefined) return null;
    const [, encoded, plain] = /^data:application\/json[^,]*?(?:;base64,(.*)|,(.*))$/s.exec(mapUrl) ?? [];
    if (encoded !== undefined) return decodeBase64(encoded);
    if (plain !== undefined) return decodeURIComponent(plain);
    return fetchOwn(new URL(mapUrl, scriptUrl).href);
  }

  async function fetchOwn(url: string): Promise<string | null> {
    if (!isOwn(url, document)) return null;
    const text = await fetchText(url);
    return typeof text === "string" && text.length <= MAX_TEXT_LENGTH ? text : null;
  }
}

// The last one counts: earlier ones are in what was bundled.
function mapUrlOf(text: string): string | undefined {
  const start = text.lastIndexOf("sourceMappingURL=");
  return /\/\/[#@]\s?$/.test(text.slice(Math.max(0, start - 4), start))
    ? /=(\S+)/.exec(text.slice(start))?.[1]
    : undefined;
}

function decodeBase64(encoded: string): string {
  const binary = atob(encoded);
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index++) bytes[index] = binary.charCodeAt(index);
  return new TextDecoder().decode(bytes);
}

/** The source position behind one of a script, from 0. */
export function trace(script: Script, line: number, column: number): Original | null {
  const part = script.mapAt(line, column);
  if (part === null) return null;
  const found = originalPositionFor(part.map, { line: line - part.line + 1, column: columnIn(part, line, column) });
  if (found.source === null) return null;
  const { source, line: row, column: place } = found;
  const text = sourceContentFor(part.map, source);
  return { source, line: row, column: place + 1, text, ignored: isIgnored(part.map, source) };
}

function columnIn(part: { line: number; column: number }, line: number, column: number): number {
  return line === part.line ? column - part.column : column;
}

// Of a map in sections, as Turbopack makes them, only the one that is needed is decoded.
function partOf(map: unknown, at: { line: number; column: number }, url: string): ReturnType<Script["mapAt"]> {
  const origin = { line: 0, column: 0 };
  let part = map;
  for (let depth = 0; depth < MAX_SECTION_DEPTH; depth++) {
    const sections = read(part, "sections");
    if (!Array.isArray(sections)) break;
    const section = sections.findLast((section) => isBefore(offsetOf(section, origin), at));
    Object.assign(origin, offsetOf(section, origin));
    part = read(section, "map");
  }
  return isMap(part) ? { map: traceMapOf(part, url), ...origin } : null;
}

function offsetOf(section: unknown, from: { line: number; column: number }): { line: number; column: number } {
  const line = Number(read(section, "offset", "line") ?? 0);
  const column = Number(read(section, "offset", "column") ?? 0);
  return { line: from.line + line, column: line === 0 ? from.column + column : column };
}

function isBefore(offset: { line: number; column: number }, at: { line: number; column: number }): boolean {
  return offset.line < at.line || (offset.line === at.line && offset.column <= at.column);
}

interface MapOfSources {
  version: 3;
  mappings: string;
  names: string[];
  sources: (string | null)[];
}

function isMap(value: unknown): value is MapOfSources {
  const sources = read(value, "sources");
  const areNamed = Array.isArray(sources) && sources.every((source) => source === null || typeof source === "string");
  return areNamed && typeof read(value, "mappings") === "string";
}

const traceMaps = new WeakMap<MapOfSources, TraceMap>();

function traceMapOf(map: MapOfSources, url: string): TraceMap {
  const known = traceMaps.get(map);
  if (known !== undefined) return known;
  const made = new TraceMap({ ...map, names: map.names ?? [] }, url);
  traceMaps.set(map, made);
  return made;
}

// Next.js answers for what its server runs, and the page does not load: React's server components.
function nextSourceMap(url: string, document: Document): string | null {
  const [, file] = /^(?:rsc|about):\/\/React\/[^/]*\/(file:\/\/\/[^?]+)(?:\?.*)?$/.exec(url) ?? [];
  if (file === undefined) return null;
  return new URL(`/__nextjs_source-map?filename=${encodeURIComponent(decodeURI(file))}`, document.location.href).href;
}
