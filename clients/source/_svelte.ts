import type { Finding, Surroundings } from "./source.ts";
import { tidySource } from "./_source_names.ts";
import { readCount, readText } from "./_untrusted.ts";

/** Svelte's development builds say at each element where its template wrote it; Svelte counts columns from 0. */
export function findSvelte(element: Element, { document }: Surroundings): Finding | null {
  const meta = ["__svelte_meta", "loc"];
  const named = readText(1_000, element, ...meta, "file");
  const file = named === null ? null : tidySource(named, document);
  if (file === null) return null;
  const name = file.split(/[/\\]/).at(-1)?.replace(/\.svelte$/, "") || file;
  const line = readCount(element, ...meta, "line");
  // Svelte 3 counted lines from 0 and says so by `char`.
  const isOld = readCount(element, ...meta, "char") !== null;
  const column = readCount(element, ...meta, "column");
  const position = line === null
    ? {}
    : { line: isOld ? line + 1 : line, ...(column === null ? {} : { column: column + 1 }) };
  return { known: { framework: "svelte", name, file, ...position } };
}
