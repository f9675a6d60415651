import { type JsxNode, parseJsx } from "./_jsx.ts";
import type { Script } from "./_source_maps.ts";

/** An element that a Solid template makes, beside the JSX that it was compiled of. */
export interface TemplateElement {
  /** As the template makes it. */
  made: Element;
  /** Where it was written; null: not known. */
  jsx: JsxNode | null;
  /** The first of its template, which may be put anywhere. */
  isRoot: boolean;
  module: SolidModule;
}

/** A module that the page loaded, with what its templates make. */
export interface SolidModule {
  /** The source, as its map names it; null: not known. */
  source: string | null;
  text: string | null;
  elements: TemplateElement[];
}

// Names are bounded: a map in the text is one word of a million letters.
const TEMPLATE =
  /(?<![\w$])([\w$]{1,60})\s{0,9}=\s{0,9}(?:\/\*[^*]{0,60}\*\/\s{0,9})?[\w$]{0,60}?template[\w$]{0,60}\(\s{0,9}(["'`])((?:\\[\s\S]|(?!\2)[^\\])*)\2\s{0,9}([^)]{0,60})\)/g;
const USE = /(?<![\w$])(?:([\w$]{1,60})\(\)|[\w$]{0,60}?getNextElement[\w$]{0,60}\(([\w$]{1,60}))/g;
const MAX_TEMPLATES = 2_000;

/** What the Solid templates of a module make; `parser` makes documents of which nothing is loaded. */
export function readTemplates(script: Script, parser: DOMParser): SolidModule {
  const map = script.mapAt(0, 0)?.map;
  const text = map?.sources.length === 1 ? map.sourcesContent?.[0] ?? null : null;
  const module: SolidModule = { source: map?.resolvedSources[0] ?? null, text, elements: [] };
  const declared = new Map<string, Element>();
  for (const [, name = "", , html = "", flags = ""] of [...script.text.matchAll(TEMPLATE)].slice(0, MAX_TEMPLATES)) {
    const root = makeRoot(html, flags, parser);
    if (root !== null) declared.set(name, root);
  }
  const used = usesOf(script.text, declared);
  const roots = text === null ? null : rootsOf(text);
  const isKnown = roots !== null && roots.length === used.length &&
    used.every((root, index) => isMadeOf(root, roots[index]));
  for (const [index, root] of used.entries()) {
    const written = isKnown ? nativeTree(roots[index]) : [];
    const all = [root, ...root.querySelectorAll("*")];
    all.forEach((made, place) =>
      module.elements.push({ made, jsx: written[place] ?? null, isRoot: made === root, module })
    );
  }
  return module;
}

function makeRoot(html: string, flags: string, parser: DOMParser): Element | null {
  const markup = html.replace(/\\(u\{([\da-f]+)\}|[\s\S])/gi, unescape);
  // In a template, where a row needs no table.
  const first = parser.parseFromString(`<template>${markup}</template>`, "text/html").querySelector("template")?.content
    .firstElementChild ?? null;
  // The third flag: parts of a picture, in a wrapper that is not used.
  return /^,\s*[^,]*,\s*(true|!0)/.test(flags) ? first?.firstElementChild ?? null : first;
}

function unescape(_: string, sign: string): string {
  return { n: "\n", t: "\t", r: "\r" }[sign] ?? sign;
}

// Each use in the order of the module; a template that is written twice alike is one, used twice.
function usesOf(text: string, declared: Map<string, Element>): Element[] {
  const uses: Element[] = [];
  for (const [, called, given] of text.matchAll(USE)) {
    const root = declared.get(called ?? given ?? "");
    if (root !== undefined) uses.push(root);
  }
  return uses;
}

// What becomes a template of its own: an element that is not directly in another element.
function rootsOf(text: string): JsxNode[] | null {
  return parseJsx(text)?.filter((node) => isNative(node) && (node.isInExpression || !isNative(node.parent))) ?? null;
}

/** Whether JSX makes an element itself, as components and fragments do not. */
export function isNative(node: JsxNode | null): node is JsxNode {
  return node !== null && /^[a-z][^.]*$/.test(node.tag);
}

function nativeTree(node: JsxNode | undefined): JsxNode[] {
  return node === undefined ? [] : [node, ...node.children.filter(isNative).flatMap(nativeTree)];
}

function isMadeOf(root: Element, node: JsxNode | undefined): boolean {
  const [made, written] = [[root, ...root.querySelectorAll("*")], nativeTree(node)];
  return made.length === written.length && made.every((element, index) => {
    const attributes = written[index]?.attributes;
    const fixed = [...element.attributes].every(({ name }) =>
      attributes?.has(name) || written[index]?.hasSpread || isRenamed(name, attributes)
    );
    return element.localName === written[index]?.tag && fixed;
  });
}

function isRenamed(name: string, attributes: JsxNode["attributes"] | undefined): boolean {
  return [...attributes?.keys() ?? []].some((written) => attributeName(written) === name.toLowerCase());
}

/** The attribute of the document behind one of JSX. */
export function attributeName(written: string): string {
  const name = written.replace(/^(attr|bool|prop):/, "");
  return { className: "class", classList: "class", htmlFor: "for" }[name] ?? name.toLowerCase();
}
