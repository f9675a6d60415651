import { rootsAbove } from "./_dom_nodes.ts";
import { fits, selectorsIn, whatItNames } from "./_rule_selectors.ts";
import { own } from "./own_property.ts";

/** A rule that declares or uses custom properties. */
interface Rule {
  selector: string;
  names: string[];
}

/** A sheet's rules by a class, an id or a tag that an element must have; under "" those that any may fit. */
interface SheetIndex {
  length: number;
  rules: Map<string, Rule[]>;
}

/** More than people read; utility frameworks declare hundreds. */
const MAX_PROPERTIES = 60;
/** A sheet with more rules is looked at as far as that. */
const MAX_RULES = 20_000;
const MAX_VALUE_LENGTH = 1_000;
const USES = /var\(\s*(--[\w-]+)/g;
const NAMES = /(?:var\(\s*|(?<=^|[\s;]))(--[\w-]+)/g;
/** A rule for everything declares what no element asked for. */
const FOR_ALL = /^(?:\*|::?[\w-]+|:root|html|:host|\s|,)*$/;

const indexes = new WeakMap<CSSStyleSheet, SheetIndex>();

/** The custom properties that the rules and the style attribute of an element use or declare, with the values that they have there. */
export function customPropertiesOf(element: Element, styles: CSSStyleDeclaration): Record<string, string> {
  const names = new Set(namesIn(element.getAttribute("style") ?? ""));
  const keys = [
    "",
    element.localName,
    `#${own(element, "id")}`,
    ...[...own(element, "classList")].map((name) => `.${name}`),
  ];
  for (const sheet of sheetsFor(element)) {
    const { rules } = indexOf(sheet);
    for (const rule of keys.flatMap((key) => rules.get(key) ?? [])) {
      if (rule.names.every((name) => names.has(name)) || !fits(element, rule.selector)) continue;
      for (const name of rule.names) names.add(name);
    }
  }
  const values = [...names].map((name) => [name, styles.getPropertyValue(name).trim()] as const);
  const told = values.filter(([, value]) => value !== "" && value.length <= MAX_VALUE_LENGTH);
  return Object.fromEntries(told.slice(0, MAX_PROPERTIES));
}

function namesIn(text: string): string[] {
  return [...text.matchAll(NAMES)].flatMap(([, name]) => name ?? []);
}

/** Those of its own root, and of the shadow tree that it hosts. */
function sheetsFor(element: Element): CSSStyleSheet[] {
  const roots = [...rootsAbove(element).slice(0, 1), ...(element.shadowRoot === null ? [] : [element.shadowRoot])];
  return roots.flatMap((root) => [...root.styleSheets, ...(root.adoptedStyleSheets ?? [])]).filter((sheet) =>
    !sheet.disabled
  );
}

function indexOf(sheet: CSSStyleSheet): SheetIndex {
  const listed = rulesOf(sheet);
  const known = indexes.get(sheet);
  if (known !== undefined && known.length === listed.length) return known;
  const index = { length: listed.length, rules: new Map<string, Rule[]>() };
  addRules(index.rules, listed);
  indexes.set(sheet, index);
  return index;
}

/** Nested rules too, by an explicit stack; rules inside conditions count, since a property that none of them set has no value. */
function addRules(rules: Map<string, Rule[]>, listed: CSSRule[]): void {
  const pending = listed.map((rule) => ({ rule, parent: "" })).reverse();
  let rest = MAX_RULES;
  for (let next = pending.pop(); next !== undefined && rest > 0; next = pending.pop(), rest--) {
    const { rule, parent } = next;
    const within = isStyleRule(rule) ? nested(rule.selectorText, parent) : parent;
    if (isStyleRule(rule)) addRule(rules, within, rule.style.cssText);
    for (const inner of innerRules(rule).reverse()) pending.push({ rule: inner, parent: within });
  }
}

function addRule(rules: Map<string, Rule[]>, selector: string, text: string): void {
  if (!text.includes("--")) return;
  const names = FOR_ALL.test(selector) ? [...text.matchAll(USES)].flatMap(([, name]) => name ?? []) : namesIn(text);
  if (names.length === 0) return;
  for (const one of selectorsIn(selector)) {
    const key = whatItNames(one);
    const list = rules.get(key) ?? [];
    list.push({ selector: one, names });
    rules.set(key, list);
  }
}

function nested(selector: string, parent: string): string {
  if (parent === "") return selector;
  const within = `:is(${parent})`;
  return selector.includes("&")
    ? selector.replaceAll("&", within)
    : selectorsIn(selector).map((one) => `${within} ${one}`).join(", ");
}

function isStyleRule(rule: CSSRule): rule is CSSStyleRule {
  return "selectorText" in rule && "style" in rule;
}

function innerRules(rule: CSSRule): CSSRule[] {
  if ("styleSheet" in rule && isSheet(rule.styleSheet)) return rulesOf(rule.styleSheet);
  return isGrouping(rule) ? [...rule.cssRules] : [];
}

function isGrouping(rule: CSSRule): rule is CSSGroupingRule {
  return "cssRules" in rule;
}

function isSheet(value: unknown): value is CSSStyleSheet {
  return typeof value === "object" && value !== null && "ownerRule" in value;
}

/** Of another site's sheet nothing is told. */
function rulesOf(sheet: CSSStyleSheet): CSSRule[] {
  try {
    return [...sheet.cssRules];
  } catch {
    return [];
  }
}
