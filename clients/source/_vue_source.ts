import type { Surroundings } from "./source.ts";
import { viteBase } from "./_source_names.ts";

const MAX_TRIED_URLS = 5;

/** The text of a Vue file, out of the source map of the module that says it was made of it; null: not served, or not by Vite. */
export async function loadVueSource(file: string, { document, maps }: Surroundings): Promise<string | null> {
  const quoted = JSON.stringify(file);
  for (const url of urlsOf(file, document).slice(0, MAX_TRIED_URLS)) {
    const script = await maps.load(url);
    if (script === null || !script.text.includes(quoted)) continue;
    const map = script.mapAt(0, 0)?.map;
    const index = map?.sources.findIndex((source) => source !== null && baseOf(source) === baseOf(file)) ?? -1;
    const text = map?.sourcesContent?.[index];
    if (typeof text === "string") return text;
  }
  return null;
}

// First what the page loaded; its list of that is bounded, so then what Vite would serve it as.
function urlsOf(file: string, document: Document): string[] {
  const entries = document.defaultView?.performance.getEntriesByType("resource") ?? [];
  const loaded = entries.map(({ name }) => name).filter((url) => URL.canParse(url) && isServed(url, file));
  const newest = [...loaded.filter((url) => !url.includes("?vue&")).reverse()];
  const { origin } = document.location;
  const names = file.split("/");
  const suffixes = names.map((_, index) => names.slice(-index - 1).join("/")).slice(1, 4);
  return [...new Set([...newest, ...suffixes.map((path) => new URL(`${viteBase(document)}${path}`, origin).href)])];
}

function isServed(url: string, file: string): boolean {
  return decodeURI(new URL(url).pathname).endsWith(`/${baseOf(file)}`);
}

function baseOf(path: string): string {
  return path.split(/[/\\]/).at(-1) ?? path;
}
