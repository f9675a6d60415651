import defaults from "./_default_styles.json" with { type: "json" };

/** What says which defaults an element has. */
export interface Tag {
  /** In any case. */
  tagName: string;
  attributes: Record<string, unknown>;
}

type Styles = Readonly<Record<string, string>>;

const BASE: Styles = defaults.base;
const TAGS: Readonly<Record<string, Styles>> = defaults.tags;
const SHORTHANDS: Styles = defaults.shorthands;
const NONE: Styles = {};

/**
 * Finds what Chromium gives a property of such an element by default; undefined: Chromium has no such property, or its value follows from layout.
 * `currentcolor` is the element's own colour, `1.5em` as many sizes of its font.
 */
export function createDefaults({ tagName, attributes }: Tag): (property: string) => string | undefined {
  const tag = tagName.toLowerCase();
  const own = find(TAGS, `${tag}:${variantOf(tag, attributes)}`) ?? find(TAGS, tag) ?? NONE;
  return (property) => find(own, property) ?? find(BASE, property);
}

/** The first of the longhands that a shorthand stands for; undefined: it is none. */
export function longhandOf(property: string): string | undefined {
  return find(SHORTHANDS, property);
}

function variantOf(tag: string, { type, href }: Record<string, unknown>): string {
  if (tag === "a") return href === undefined ? "" : "href";
  return tag === "input" && typeof type === "string" ? type.toLowerCase() : "";
}

function find<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
