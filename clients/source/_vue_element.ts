import type { MarkupNode } from "./_markup.ts";
import { ownNames, read, readText } from "./_untrusted.ts";

/** What a virtual node holds besides attributes, or compares otherwise. */
const NO_ATTRIBUTE =
  /^(key|ref|ref_for|ref_key|is|class|style|textContent|innerHTML|on[A-Z].*|onVnode.*|data-v-.*|__.*|slot)$/;
/** Directives that make no attribute. */
const NO_BINDING = /^(v-(if|else|else-if|for|show|html|text|model|once|memo|cloak|slot)\b.*|[@#].*|v-on:.*)$/;

/** Whether an element may come of a template's tag; `<component>` makes any. */
export function isElementTag({ tag, attributes }: MarkupNode, element: Element): boolean {
  return tag === element.localName || tag === "component" || attributes.has("is");
}

/** Whether an element has what the template writes of it: attributes, classes and text, and nothing that it does not write. */
export function couldBe(node: MarkupNode, element: Element, writer: unknown, isRoot: boolean): boolean {
  const written = writtenNames(node);
  if (written === null) return true;
  const vnode = read(element, "__vnode");
  const props = vnode === undefined ? attributesOf(element) : read(vnode, "props");
  // What the component's user adds lands on its root element, over what is written there.
  const given = isRoot ? new Set(ownNames(read(writer, "attrs"))) : new Set<string>();
  const has = ownNames(props).filter((name) => !NO_ATTRIBUTE.test(name) && !given.has(name));
  const mustHave = [...written.keys()].filter((name) => !NO_ATTRIBUTE.test(name) && !given.has(name));
  if (has.length !== mustHave.length || !has.every((name) => written.has(name))) return false;
  if (!mustHave.every((name) => isSameValue(written.get(name), read(props, name)))) return false;
  return hasClasses(node, props, given.has("class")) && hasText(node, vnode);
}

// The attributes that a template's element always has, with their values where they are fixed; null: they are not known.
function writtenNames({ tag, attributes }: MarkupNode): Map<string, string | undefined> | null {
  const names = new Map<string, string | undefined>();
  for (const [name, value] of attributes) {
    if (NO_BINDING.test(name)) continue;
    const bound = /^(?::|v-bind:)([^.[\]]+)$/.exec(name)?.[1];
    if (bound !== undefined) names.set(bound, undefined);
    else if (/^(v-bind$|v-on$|:|v-bind:|\.)/.test(name) || tag === "component") return null;
    else if (!name.startsWith("v-")) names.set(name, value?.includes("&") ? undefined : value ?? "");
  }
  return names;
}

function isSameValue(written: string | undefined, actual: unknown): boolean {
  return written === undefined || actual === written;
}

function hasClasses({ attributes }: MarkupNode, props: unknown, isGiven: boolean): boolean {
  const written = words(attributes.get("class") ?? "");
  const actual = words(readText(20_000, props, "class") ?? "");
  if (!written.every((name) => actual.includes(name))) return false;
  const isOpen = isGiven || attributes.has(":class") || attributes.has("v-bind:class");
  return isOpen || actual.length === written.length;
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

// Text alone is compared by its fixed parts, in order; elements among it are compared by themselves.
function hasText(node: MarkupNode, vnode: unknown): boolean {
  const { attributes, children, texts } = node;
  if (vnode === undefined || attributes.has("v-html") || attributes.has("v-text")) return true;
  const actual = read(vnode, "children");
  if (children.length > 0) return typeof actual !== "string" || actual === "";
  const parts = texts.join("").split(/\{\{[\s\S]*?\}\}/);
  if (parts.some((part) => part.includes("&"))) return true;
  const isFixed = parts.length === 1;
  const fixed = parts.map(condense);
  if (isFixed && fixed[0]?.trim() === "") return actual === null || actual === "" || Array.isArray(actual);
  if (typeof actual !== "string") return !isFixed && Array.isArray(actual);
  if (isFixed) return condense(actual).trim() === fixed[0]?.trim();
  return containsInOrder(condense(actual), fixed);
}

function containsInOrder(text: string, parts: string[]): boolean {
  let from = 0;
  for (const [index, part] of parts.entries()) {
    const wanted = index === 0 ? part.trimStart() : index === parts.length - 1 ? part.trimEnd() : part;
    const at = text.indexOf(wanted, from);
    if (at === -1 || (index === 0 && at !== 0)) return false;
    from = at + wanted.length;
  }
  return text.endsWith((parts.at(-1) ?? "").trimEnd());
}

function condense(text: string): string {
  return text.replace(/\s+/g, " ");
}

function attributesOf(element: Element): Record<string, string> {
  return Object.fromEntries([...element.attributes].map(({ name, value }) => [name, value]));
}
