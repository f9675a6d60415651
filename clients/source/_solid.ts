import type { Component, Finding, Surroundings } from "./source.ts";
import { attributeName, isNative, readTemplates, type SolidModule, type TemplateElement } from "./_solid_templates.ts";
import { placeOf } from "./_markup.ts";
import type { SourceMaps } from "./_source_maps.ts";
import { isLibrary, isOwn, tidySource } from "./_source_names.ts";
import { read } from "./_untrusted.ts";

/** The browser's own list of what was loaded ends there: a page with more modules may have others that fit as well. */
const MAX_LISTED = 250;
const MODULE = /\.([cm]?[jt]sx?)$/;
const MAX_DEPTH = 200;

const modulesOf = new WeakMap<SourceMaps, { key: string; modules: Promise<SolidModule[] | null> }>();

/**
 * Solid leaves nothing at the elements that it makes. But the modules that a page of Vite's development server loaded hold the templates,
 * and their maps the JSX: where of all these exactly one can have made the element, that is the place.
 */
export function findSolid(element: Element, { document, maps }: Surroundings): Finding | null {
  if (read(document.defaultView, "Solid$$") === undefined) return null;
  return { sought: locate() };

  async function locate(): Promise<Component | null> {
    const modules = await loadModules(document, maps);
    const found = resolve(element, modules?.flatMap(({ elements }) => elements) ?? [], 0);
    return found === null ? null : componentAt(found);
  }

  function componentAt({ jsx, module: { source, text } }: TemplateElement): Component | null {
    const file = source === null || isLibrary(source) ? null : tidySource(source, document);
    if (file === null || jsx === null || text === null) return null;
    return { framework: "solid", name: nameAt(text, jsx.offset) ?? file, file, ...placeOf(text, jsx.offset) };
  }
}

function loadModules(document: Document, maps: SourceMaps): Promise<SolidModule[] | null> {
  const entries = document.defaultView?.performance.getEntriesByType("resource") ?? [];
  if (entries.length >= MAX_LISTED) return Promise.resolve(null);
  // A module that was changed since is loaded anew, under another query.
  const newest = new Map(
    entries.filter(({ name }) => isModule(name, document)).map(({ name }) => [pathOf(name), name]),
  );
  const urls = [...newest.values()];
  const key = urls.join("\n");
  const known = modulesOf.get(maps);
  if (known?.key === key) return known.modules;
  const parser = new DOMParser();
  const modules = Promise.all(urls.map((url) => maps.load(url))).then((scripts) =>
    scripts.includes(null)
      ? null
      : scripts.filter((script) => script !== null).map((each) => readTemplates(each, parser))
  );
  modulesOf.set(maps, { key, modules });
  return modules;
}

function isModule(url: string, document: Document): boolean {
  return isOwn(url, document) && MODULE.test(pathOf(url));
}

function pathOf(url: string): string {
  return new URL(url).pathname;
}

// The one element of all templates that this one can be; null: none, or several.
function resolve(element: Element, all: TemplateElement[], depth: number): TemplateElement | null {
  if (depth > MAX_DEPTH || all.length === 0) return null;
  const outer = element.parentElement === null ? null : resolve(element.parentElement, all, depth + 1);
  // HTML that was set is where it was set.
  if (outer !== null && outer.jsx !== null && setsContent(outer.jsx.attributes)) return outer;
  let fitting = all.filter((each) => fits(each, element, all, 0));
  if (outer !== null && isWhole(outer)) fitting = fitting.filter((each) => parentOf(each, all) === outer);
  if (fitting.length > 1) fitting = fitting.filter((each) => isInItsParent(each, element, all));
  const [only] = fitting;
  return only === undefined || fitting.length > 1 ? null : only;
}

/** Whether an element can be what a template makes there: by itself, its place, and what is around it. */
function fits(each: TemplateElement, element: Element, all: TemplateElement[], depth: number): boolean {
  const { made, jsx } = each;
  if (depth > MAX_DEPTH || made.localName !== element.localName) return false;
  if (!hasAttributes(each, element) || !hasContent(each, element)) return false;
  if (each.isRoot) return true;
  const { parentElement } = element;
  const parent = parentOf(each, all);
  if (parentElement === null || parent === null || !fits(parent, parentElement, all, depth + 1)) return false;
  return jsx === null || hasItsPlace(each, element);
}

// A template that is used twice makes the same elements for two places.
function parentOf({ made, jsx, isRoot, module }: TemplateElement, all: TemplateElement[]): TemplateElement | null {
  if (isRoot) return null;
  const outer = all.filter((other) => other.module === module && other.made === made.parentElement);
  return outer.find((other) => jsx === null || other.jsx === jsx.parent) ?? null;
}

// Whether nothing but what is written in it comes into an element.
function isWhole({ jsx }: TemplateElement): boolean {
  return jsx !== null && jsx.expressions === 0 && jsx.children.every(isNative) && !jsx.hasSpread &&
    !setsContent(jsx.attributes);
}

function hasAttributes({ made, jsx }: TemplateElement, element: Element): boolean {
  for (const { name, value } of made.attributes) {
    if (name === "class") {
      if (![...made.classList].every((word) => element.classList.contains(word))) return false;
    } else if (name !== "style" && element.getAttribute(name) !== value) return false;
  }
  if (jsx === null || jsx.hasSpread) return true;
  const written = new Set([...jsx.attributes.keys()].map(attributeName));
  const isOpen = written.has("class") &&
    [...jsx.attributes].some(([name, value]) => attributeName(name) === "class" && value === null);
  if (!isOpen && element.classList.length !== made.classList.length) return false;
  return element.getAttributeNames().every((name) =>
    written.has(name.toLowerCase()) || /^(class|style|data-hk)$/.test(name)
  );
}

function hasContent(each: TemplateElement, element: Element): boolean {
  const { made } = each;
  const [fixed, actual] = [[...made.children], [...element.children]];
  const isSame = fixed.length === actual.length && condense(ownText(made)) === condense(ownText(element));
  if (isWhole(each) && !isSame) return false;
  let next = 0;
  for (const child of actual) if (child.localName === fixed[next]?.localName) next++;
  const words = condense(ownText(element));
  return next === fixed.length &&
    [...made.childNodes].every((node) => node.nodeType !== 3 || words.includes(condense(node.textContent ?? "")));
}

function setsContent(attributes: ReadonlyMap<string, unknown>): boolean {
  return attributes.has("innerHTML") || attributes.has("textContent") || attributes.has("children");
}

function ownText(element: Element): string {
  return [...element.childNodes].map((node) => node.nodeType === 3 ? node.textContent : "").join("");
}

function condense(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

function hasItsPlace({ jsx }: TemplateElement, element: Element): boolean {
  const siblings = jsx?.parent?.children ?? [];
  const actual = [...element.parentElement?.children ?? []];
  if (jsx === null || !siblings.every(isNative)) return true;
  const [place, index] = [siblings.indexOf(jsx), actual.indexOf(element)];
  if (jsx.expressionsBefore === 0 && place !== index) return false;
  const isLast = jsx.expressionsBefore === jsx.parent?.expressions;
  return !isLast || siblings.length - place === actual.length - index;
}

// JSX in an expression in another element's JSX is put into that element, as a rule.
function isInItsParent({ jsx, isRoot, module }: TemplateElement, element: Element, all: TemplateElement[]): boolean {
  if (!isRoot || jsx === null || !isNative(jsx.parent)) return true;
  const outer = all.find((other) => other.jsx === jsx.parent && other.module === module);
  const { parentElement } = element;
  return outer === undefined || (parentElement !== null && fits(outer, parentElement, all, 0));
}

function nameAt(text: string, offset: number): string | null {
  const before = text.slice(0, offset).matchAll(/\bfunction\s+([A-Z]\w*)|\b(?:const|let|var)\s+([A-Z]\w*)\s*[=:]/g);
  const last = [...before].at(-1);
  return last?.[1] ?? last?.[2] ?? null;
}
