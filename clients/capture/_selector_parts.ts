import { maskText } from "../masking/masking.ts";
import { attributeOf, isHtml } from "./_dom_nodes.ts";
import { isGenerated, stableClasses } from "./_stable_names.ts";
import { own } from "./own_property.ts";

/** A compound selector that an element fits. */
export interface Part {
  /** "" where the rest says enough. */
  tag: string;
  rest: string;
  /** How likely it is to be another one later: less is better. */
  cost: number;
}

/** What teams give elements so that tools find them. */
export const TEST_IDS = ["data-testid", "data-test-id", "data-test", "data-cy", "data-qa", "data-e2e", "data-pw"];
/** Attributes that say what an element is, with their cost and the tags on which they do; no tags: any. */
const NAMING: readonly (readonly [name: string, cost: number, tags?: RegExp])[] = [
  ["name", 2, /^(?:input|select|textarea|button|form|iframe|meta|slot|fieldset|output|object|map|.*-.*)$/],
  ["aria-label", 3],
  ["for", 3],
  ["href", 4, /^(?:a|area|link|use)$/],
  ["alt", 4],
  ["placeholder", 4],
  ["title", 5],
  ["src", 5, /^(?:img|iframe|video|audio|source|script|embed|track)$/],
  ["action", 5, /^form$/],
  ["slot", 5],
  ["part", 5],
  ["itemprop", 5],
  ["datetime", 5],
  ["type", 6, /^(?:input|button)$/],
  ["role", 6],
  ["scope", 7],
  ["value", 7, /^(?:option|button)$/],
];
const MAX_VALUE_LENGTH = 80;
const MAX_CLASSES = 8;
/** Tags of which a page has few, and which say what a place is for. */
const LANDMARKS = /^(?:main|header|footer|nav|aside|form|search|dialog|article|h1|body|html|head|title)$/;
const COST = { id: 1, testId: 0, landmark: 5, custom: 6, semantic: 7, module: 8, tag: 9 };

/** What tells an element from others, best first; its tag is always among it. */
export function partsOf(element: Element): Part[] {
  const tag = CSS.escape(element.localName);
  const parts: Part[] = [...testIds(element), ...ids(element), ...naming(element, tag), ...classes(element, tag)];
  const isCustom = element.localName.includes("-") && isHtml(element);
  const cost = LANDMARKS.test(element.localName) ? COST.landmark : isCustom ? COST.custom : COST.tag;
  return [...parts, { tag, rest: "", cost }].sort((a, b) => a.cost - b.cost);
}

/** The selector of parts that an element fits all. */
export function cssOf(...parts: Part[]): string {
  return `${parts.find(({ tag }) => tag !== "")?.tag ?? ""}${parts.map(({ rest }) => rest).join("")}`;
}

/** A selector of an attribute with such a value, without `>`, which separates roots. */
export function attributeSelector(name: string, value: string, operator = "="): string {
  const escaped = value.replaceAll(/["\\>\n\r\f\0]/g, (char) => `\\${char.charCodeAt(0).toString(16)} `);
  return `[${CSS.escape(name)}${operator}"${escaped}"]`;
}

/** Whether a value may be part of a selector: short, no secret, and not made up by a machine. */
export function isStableValue(value: string): boolean {
  if (value.trim() === "" || value.length > MAX_VALUE_LENGTH || maskText(value) !== value) return false;
  return !value.split(/[\s/?&=#.]+/).some((word) => word.length > 4 && isGenerated(word));
}

function testIds(element: Element): Part[] {
  return TEST_IDS.flatMap((name) => {
    const value = attributeOf(element, name);
    if (value === null || value === "" || value.length > MAX_VALUE_LENGTH || maskText(value) !== value) return [];
    return [{ tag: "", rest: attributeSelector(name, value), cost: isGenerated(value) ? COST.semantic : COST.testId }];
  });
}

function ids(element: Element): Part[] {
  const id = attributeOf(element, "id") ?? "";
  if (id === "" || id.length > MAX_VALUE_LENGTH || isGenerated(id) || maskText(id) !== id) return [];
  return [{ tag: "", rest: `#${CSS.escape(id)}`, cost: COST.id }];
}

function naming(element: Element, tag: string): Part[] {
  return NAMING.flatMap(([name, cost, tags]) => {
    if (tags !== undefined && !tags.test(element.localName)) return [];
    const value = attributeOf(element, name);
    if (value === null || !isStableValue(value)) return [];
    if (name === "for" && isGenerated(value)) return [];
    return [{ tag, rest: attributeSelector(name, value), cost }];
  });
}

// Utility classes say how it looks, which is what people point at it to change.
function classes(element: Element, tag: string): Part[] {
  const stable = stableClasses(own(element, "classList")).filter(({ name, kind }) =>
    kind === "semantic" && name.length <= MAX_VALUE_LENGTH && maskText(name) === name
  );
  return stable.slice(0, MAX_CLASSES).map(({ name, isPrefix }, index) => ({
    tag: isPrefix ? tag : "",
    rest: isPrefix ? attributeSelector("class", name, "*=") : `.${CSS.escape(name)}`,
    cost: (isPrefix ? COST.module : COST.semantic) + index / 10,
  }));
}
