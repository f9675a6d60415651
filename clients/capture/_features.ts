import { maskText } from "../masking/masking.ts";
import { childrenOf, isElement, isText, parentOf } from "./_dom_nodes.ts";
import { isStableValue, TEST_IDS } from "./_selector_parts.ts";
import { classKind, isGenerated } from "./_stable_names.ts";

/** What an element is known by, whatever the order and the generated names around it; texts and shapes are digests. */
export interface Features {
  tag: string;
  /** What it says of itself, such as `href=/cart` and `.card`, sorted. */
  says: string[];
  /** Of all texts in it; 0: none. */
  text: number;
  /** Of all tags in it; 0: none. */
  shape: number;
}

/** Reads features, each element's once: to be dropped when the page may have changed. */
export interface FeatureReader {
  of(element: Element): Features;
  /** Those of the elements above, nearest first. */
  above(element: Element): Features[];
}

/** Attributes that say what an element is, and not how it looks or in which state it is. */
const SAYING = [
  ...TEST_IDS,
  ..."name type role aria-label href src alt title placeholder for action slot part value datetime itemprop scope d points lang"
    .split(" "),
];
/** A digest of a long value says as much as the value. */
const MAX_SAID_LENGTH = 80;
const MAX_SAID = 16;
/** Elements above that are looked at: what lies further up holds half of the page. */
const MAX_ABOVE = 8;
/** No page that is read nests deeper. */
const MAX_DEPTH = 250;

/** Makes a reader for the page as it is now. */
export function createFeatureReader(): FeatureReader {
  const known = new Map<Element, Features>();
  return { of: (element) => read(element, 0), above };

  function above(element: Element): Features[] {
    const features: Features[] = [];
    for (let parent = parentOf(element); parent !== null && features.length < MAX_ABOVE; parent = parentOf(parent)) {
      features.push(read(parent, 0));
    }
    return features;
  }

  function read(element: Element, depth: number): Features {
    const held = known.get(element);
    if (held !== undefined) return held;
    const features = { tag: element.localName, says: saidBy(element), text: ownText(element), shape: 0 };
    for (const child of depth > MAX_DEPTH ? [] : childrenOf(element)) {
      const inside = read(child, depth + 1);
      features.text = (features.text + inside.text) >>> 0;
      features.shape = (features.shape + inside.shape + digestOf(inside.tag)) >>> 0;
    }
    known.set(element, features);
    return features;
  }
}

/** FNV-1a, 32 bits. */
export function digestOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

function ownText(element: Element): number {
  let sum = 0;
  for (const parent of element.shadowRoot === null ? [element] : [element, element.shadowRoot]) {
    for (let node = parent.firstChild; node !== null; node = node.nextSibling) {
      if (!isText(node)) continue;
      const text = node.data.trim();
      if (text !== "") sum = (sum + digestOf(text)) >>> 0;
    }
  }
  return sum;
}

function saidBy(element: Element): string[] {
  const said: string[] = [];
  const { id } = element;
  if (id !== "" && !isGenerated(id) && maskText(id) === id) said.push(`#${shortened(id)}`);
  for (const name of SAYING) {
    const value = element.getAttribute(name);
    if (value === null || value === "") continue;
    if (value.length > MAX_SAID_LENGTH) said.push(`${name}=${digestOf(value)}`);
    else if (isStableValue(value)) said.push(`${name}=${value}`);
  }
  for (const name of element.classList) {
    if (classKind(name) === "semantic" && maskText(name) === name) said.push(`.${shortened(name)}`);
  }
  return said.slice(0, MAX_SAID).sort();
}

function shortened(name: string): string {
  return name.length > MAX_SAID_LENGTH ? String(digestOf(name)) : name;
}

/** The siblings next to an element, as digests of what they are; 0: none. */
export function beside(element: Element, reader: FeatureReader): [before: number, after: number] {
  return [
    digestOfFeatures(element.previousElementSibling, reader),
    digestOfFeatures(element.nextElementSibling, reader),
  ];
}

function digestOfFeatures(element: Element | null, reader: FeatureReader): number {
  return element === null || !isElement(element) ? 0 : digestOf(JSON.stringify(reader.of(element)));
}
