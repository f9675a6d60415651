import { maskText } from "../masking/masking.ts";
import { accessibilityOf, roleOf } from "./_accessibility.ts";
import { isShadowRoot, parentOf } from "./_dom_nodes.ts";
import { beside, createFeatureReader, digestOf, type FeatureReader, type Features } from "./_features.ts";
import { isExact, likeness } from "./_likeness.ts";
import { textOf } from "./_text.ts";
import { documentOf, findElement } from "./selector.ts";

/** What an element is known by when its selector no longer finds it; JSON, less than 4 kB. */
export interface Fingerprint {
  own: Features;
  role: string | null;
  name: string | null;
  /** The beginning of its text, for a person. */
  text: string;
  /** The elements above, nearest first. */
  above: { tag: string; says: number; text: number; shape: number }[];
  /** The roles above: its position in the accessibility tree. */
  path: string[];
  /** Digests of the siblings next to it, of its own and of its parents. */
  beside: [before: number, after: number][];
  /** Whether another element of the page had all of this too, but for what is beside it. */
  hasTwins: boolean;
}

const MAX_TEXT_LENGTH = 120;
const MAX_NAME_LENGTH = 120;
const MAX_PATH = 12;
const MAX_BESIDE = 4;
/** Of more elements with its tag none is looked at: it would take longer than a person waits. */
const MAX_CANDIDATES = 10_000;
/** How much of it an element must have that its selector finds, where that says no place among siblings. */
const FITS = 0.45;
/** How much of it an element must have that is alone in that, and by how much more than any other. */
const [SURE, MARGIN] = [0.7, 0.12];
const PLACE = /:nth-/;

/** What an element is known by: its text, role and name, what it says of itself, and what is above and beside it. */
export function fingerprintOf(element: Element): Fingerprint {
  const reader = createFeatureReader();
  const { name } = accessibilityOf(element);
  const print = {
    own: reader.of(element),
    role: roleOf(element),
    name: name?.slice(0, MAX_NAME_LENGTH) ?? null,
    text: maskText(textOf(element, MAX_TEXT_LENGTH)),
    above: reader.above(element).map(({ tag, says, text, shape }) => ({
      tag,
      says: digestOf(says.join("\n")),
      text,
      shape,
    })),
    path: pathOf(element),
    beside: besideAll(element, reader),
    hasTwins: false,
  };
  const twins = candidatesFor(element.ownerDocument, print).some((other) =>
    other !== element && isExact(print, other, reader)
  );
  return { ...print, hasTwins: twins };
}

/**
 * The element again after a re-render: the one that the selector finds, if it still fits the fingerprint, else the one that fits and no other does nearly as
 * well. null: none, or unsure. Never throws.
 */
export function findAgain(document: Document, selector: string, fingerprint: Fingerprint): Element | null {
  try {
    const inside = documentOf(document, selector);
    return inside === null ? null : search(inside, findElement(document, selector), { selector, fingerprint });
  } catch {
    // A fingerprint comes from a store, and may be of another version.
    return null;
  }
}

function search(
  document: Document,
  selected: Element | null,
  { selector, fingerprint }: { selector: string; fingerprint: Fingerprint },
): Element | null {
  const reader = createFeatureReader();
  if (selected !== null && selected.localName === fingerprint.own.tag) {
    if (!PLACE.test(selector) && likeness(fingerprint, selected, reader) >= FITS) return selected;
    if (isExact(fingerprint, selected, reader) && isPlacedAlike(fingerprint, selected, reader)) return selected;
  }
  const candidates = candidatesFor(document, fingerprint);
  const exact = candidates.filter((candidate) => isExact(fingerprint, candidate, reader));
  if (exact.length > 0) return only(exact) ?? only(exact.filter((twin) => isPlacedAlike(fingerprint, twin, reader)));
  // One that had twins may as well be the one that went away.
  if (fingerprint.hasTwins) return null;
  return likeliest(candidates.map((element) => ({ element, score: likeness(fingerprint, element, reader) })));
}

function likeliest(scored: { element: Element; score: number }[]): Element | null {
  const [best, second] = scored.sort((a, b) => b.score - a.score);
  if (best === undefined || best.score < SURE) return null;
  return second === undefined || best.score - second.score >= MARGIN ? best.element : null;
}

function only(elements: Element[]): Element | null {
  return elements.length === 1 ? elements[0] ?? null : null;
}

function candidatesFor(document: Document, { own }: { own: Features }): Element[] {
  const found: Element[] = [];
  const roots: (Document | ShadowRoot)[] = [document];
  for (let root = roots.pop(); root !== undefined && found.length < MAX_CANDIDATES; root = roots.pop()) {
    for (const element of root.querySelectorAll("*")) {
      if (element.localName === own.tag) found.push(element);
      if (element.shadowRoot !== null) roots.push(element.shadowRoot);
    }
  }
  return found;
}

function isPlacedAlike(fingerprint: Fingerprint, element: Element, reader: FeatureReader): boolean {
  return JSON.stringify(besideAll(element, reader)) === JSON.stringify(fingerprint.beside);
}

function besideAll(element: Element, reader: FeatureReader): [number, number][] {
  const all: [number, number][] = [];
  for (let next: Element | null = element; next !== null && all.length < MAX_BESIDE; next = parentOf(next)) {
    all.push(beside(next, reader));
  }
  return all;
}

function pathOf(element: Element): string[] {
  const path: string[] = [];
  for (let above = parentOf(element); above !== null && path.length < MAX_PATH; above = parentOf(above)) {
    const role = roleOf(above);
    if (role !== null && role !== "generic") path.push(role);
    if (isShadowRoot(above.getRootNode()) && above.parentElement === null) path.push("shadow");
  }
  return path;
}
