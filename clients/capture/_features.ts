import { maskText } from "../masking/masking.ts";
import { childrenOf, isElement, isHtml, isText, parentOf } from "./_dom_nodes.ts";
import { isStableValue, TEST_IDS } from "./_selector_parts.ts";
import { isGenerated, lookingClasses, stableClasses } from "./_stable_names.ts";
import { own } from "./own_property.ts";

/** What is in an element, the same in any order. */
export interface Contents {
  /** A digest of all texts in it; 0: none. */
  text: number;
  /** A digest of all tags in it; 0: none. */
  shape: number;
  /** The lowest digests of its texts, by which it is known when some of them changed. */
  sketch: number[];
}

/** What an element is known by, whatever the order and the generated names around it. */
export interface Features extends Contents {
  tag: string;
  /** What it says of itself, such as `href=/cart` and `.card`, sorted. */
  says: string[];
}

/** Reads features, each element's once: to be dropped when the page may have changed. */
export interface FeatureReader {
  of(element: Element): Features;
  says(element: Element): string[];
  contents(element: Element): Contents;
  looks(element: Element): Looks;
}

/** Digests of all attributes in an element and of its own, the same in any order: states, styles, utility classes. */
export interface Looks {
  /** Without what a build or a render names. */
  lasting: number;
  /** Ids aside, with all. */
  all: number;
}

/** Attributes that say what an element is, and not how it looks or in which state it is. */
const SAYING = new Set([
  ...TEST_IDS,
  ..."name type role aria-label href src alt title placeholder for action slot part value datetime itemprop scope d points lang icon"
    .split(" "),
]);
/** Of what is drawn it is a shape's place that tells it from others. */
const DRAWN = new Set("x y x1 y1 x2 y2 cx cy r rx width height viewBox transform".split(" "));
/** What frameworks and builds name, and what `says` has. */
const UNSAID =
  /^(?:id|class|for|data-v-.*|_ng.*|ng-.*|data-react.*|data-s-.*|aria-(?:labelledby|describedby|controls|owns))$/;
const MAX_SAID_LENGTH = 50;
const MAX_SAID = 12;
const MAX_SKETCH = 6;
/** Elements above that are looked at: what lies further up holds half of the page. */
const MAX_ABOVE = 16;
/** What holds more changes whenever anything does, and takes long to read. */
const MAX_DESCENDANTS = 600;
/** No page that is read nests deeper. */
const MAX_DEPTH = 250;

/** Makes a reader for the page as it is now. */
export function createFeatureReader(): FeatureReader {
  const said = new Map<Element, string[]>();
  const held = new Map<Element, Contents>();
  const looked = new Map<Element, Looks>();
  return {
    of: (element) => ({ tag: element.localName, says: says(element), ...contents(element, 0) }),
    says,
    contents: (element) => contents(element, 0),
    looks: (element) => looks(element, 0),
  };

  function says(element: Element): string[] {
    const known = said.get(element) ?? saidBy(element);
    said.set(element, known);
    return known;
  }

  function contents(element: Element, depth: number): Contents {
    const known = held.get(element);
    if (known !== undefined) return known;
    const sums: Contents = { text: 0, shape: 0, sketch: [] };
    held.set(element, sums);
    // In a tree of its own only the top is asked: what is in something small is small.
    const isTop = depth === 0 || element.parentElement === null;
    if (isTop && element.getElementsByTagName("*").length > MAX_DESCENDANTS) return sums;
    addNodes(element, { sums, depth });
    if (element.shadowRoot !== null) addNodes(element.shadowRoot, { sums, depth });
    return sums;
  }

  // By links and not by lists, of which a page has thousands.
  function addNodes(parent: Node, { sums, depth }: { sums: Contents; depth: number }): void {
    for (let node = parent.firstChild; node !== null; node = node.nextSibling) {
      if (isText(node)) addText(sums, node.data.trim());
      else if (isElement(node) && depth < MAX_DEPTH) {
        const inside = contents(node, depth + 1);
        sums.text = (sums.text + inside.text) >>> 0;
        sums.shape = (sums.shape + inside.shape + digestOf(node.localName)) >>> 0;
        sums.sketch = merged(sums.sketch, inside.sketch);
      }
    }
  }

  function looks(element: Element, depth: number): Looks {
    const known = looked.get(element);
    if (known !== undefined) return known;
    const sums = ownLooks(element);
    for (const child of depth > MAX_DEPTH ? [] : childrenOf(element)) {
      const inside = looks(child, depth + 1);
      // Multiplied, so that what lies in one child is not the same as what lies in another.
      sums.lasting = (sums.lasting + Math.imul(inside.lasting, 31)) >>> 0;
      sums.all = (sums.all + Math.imul(inside.all, 31)) >>> 0;
    }
    looked.set(element, sums);
    return sums;
  }
}

/** The elements above one, nearest first, as far as they say something of it. */
export function elementsAbove(element: Element): Element[] {
  const above: Element[] = [];
  for (let next = parentOf(element); next !== null && above.length < MAX_ABOVE; next = parentOf(next)) above.push(next);
  return above;
}

/** FNV-1a, 32 bits. */
export function digestOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

function addText(sums: Contents, text: string): void {
  if (text === "") return;
  const digest = digestOf(text);
  sums.text = (sums.text + digest) >>> 0;
  sums.sketch = merged(sums.sketch, [digest]);
}

function merged(one: number[], other: number[]): number[] {
  if (other.length === 0) return one;
  if (one.length === 0) return other;
  const all = one.slice();
  for (const digest of other) if (!all.includes(digest)) all.push(digest);
  return all.length === 1 ? all : all.sort((a, b) => a - b).slice(0, MAX_SKETCH);
}

function saidBy(element: Element): string[] {
  const said: string[] = [];
  const id = own(element, "id");
  if (id !== "" && !isGenerated(id) && maskText(id) === id) said.push(`#${shortened(id)}`);
  const isDrawn = !isHtml(element);
  for (const { name, value } of own(element, "attributes")) {
    if (value === "" || !(SAYING.has(name) || (isDrawn && DRAWN.has(name)))) continue;
    if (value.length > MAX_SAID_LENGTH) said.push(`${name}=${digestOf(value)}`);
    else if (isStableValue(value)) said.push(`${name}=${value}`);
  }
  for (const { name, kind } of stableClasses(own(element, "classList"))) {
    if (kind === "semantic" && maskText(name) === name) said.push(`.${shortened(name)}`);
  }
  return said.slice(0, MAX_SAID).sort();
}

function ownLooks(element: Element): Looks {
  const { localName } = element;
  const [attributes, classList] = [own(element, "attributes"), own(element, "classList")];
  const said = [...attributes].filter(({ name }) => !UNSAID.test(name)).map(({ name, value }) => `${name}=${value}`);
  const digest = (classes: Iterable<string>) => digestOf([localName, ...said, ...classes].sort().join("\n"));
  return { lasting: digest(lookingClasses(classList)), all: digest(classList) };
}

function shortened(name: string): string {
  return name.length > MAX_SAID_LENGTH ? String(digestOf(name)) : name;
}
