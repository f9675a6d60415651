import type { Capture } from "../browser/messages.ts";
import { findAngular } from "./_angular.ts";
import { findAstro } from "./_astro.ts";
import { findHint } from "./_hints.ts";
import { findReact } from "./_react.ts";
import { findSolid } from "./_solid.ts";
import { createSourceMaps, type SourceMaps } from "./_source_maps.ts";
import { findSvelte } from "./_svelte.ts";
import { findVue } from "./_vue.ts";

/** The component behind an element; `file`, `line` and `column` only where sure. Lines and columns count from 1. */
export type Component = NonNullable<Capture["component"]>;

/** What finders of components work with. */
export interface Surroundings {
  document: Document;
  maps: SourceMaps;
}

/** What a finder knows at once, and what it loads for. Null from a finder: the element is not its framework's. */
export interface Finding {
  known?: Component;
  sought?: Promise<Component | null>;
}

const TIME_LIMIT_MS = 1_500;
/** What the frameworks themselves know goes before what attributes around an element say. */
const FINDERS = [findReact, findVue, findSvelte, findAngular, findAstro, findHint, findSolid];

const mapsOf = new WeakMap<(url: string) => Promise<string | null>, SourceMaps>();

/**
 * The component and source position behind an element, or null when unsure. `fetchText` loads scripts and source maps of the page's own
 * origin; what the same function loaded is kept. Never throws; settles within 2 s.
 */
export async function findComponent(
  element: Element,
  { fetchText }: { fetchText(url: string): Promise<string | null> },
): Promise<Component | null> {
  try {
    const maps = mapsOf.get(fetchText) ?? createSourceMaps(element.ownerDocument, fetchText);
    mapsOf.set(fetchText, maps);
    const surroundings = { document: element.ownerDocument, maps };
    const deadline = performance.now() + TIME_LIMIT_MS;
    for (const find of FINDERS) {
      const finding = find(element, surroundings);
      const component = finding === null ? null : await settle(finding, deadline);
      if (component !== null) return component;
    }
    return null;
  } catch {
    return null;
  }
}

async function settle({ known, sought }: Finding, deadline: number): Promise<Component | null> {
  if (sought === undefined) return known ?? null;
  const { promise: late, resolve } = Promise.withResolvers<null>();
  const timer = setTimeout(resolve, Math.max(0, deadline - performance.now()), null);
  try {
    return await Promise.race([sought.catch(() => null), late]) ?? known ?? null;
  } finally {
    clearTimeout(timer);
  }
}
