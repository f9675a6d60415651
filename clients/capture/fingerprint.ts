import { maskText } from "../masking/masking.ts";
import { accessibilityOf, pathOf } from "./_accessibility.ts";
import { isShadowRoot, type Root } from "./_dom_nodes.ts";
import { createFeatureReader, type FeatureReader, type Features } from "./_features.ts";
import { type Above, isAboveSame, isOwnSame, likeliest, likeness, type Print, rememberAbove } from "./_likeness.ts";
import { twinAmong, type Twins, twinsOf } from "./_twins.ts";
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
  above: Above[];
  /** The roles above: its position in the accessibility tree. */
  path: string[];
  /** The hosts of the shadow trees that it stands in, by tag, the outermost first. */
  hosts: string[];
  /** How many of those above it takes to tell it from every other element. */
  level: number;
  /** How much of it the most similar other element had: what has no more may be that one. */
  rival: number;
  /** Of elements that are the same in all of this. */
  twins: Twins;
}

const MAX_TEXT_LENGTH = 120;
/** How much of it an element must have that its selector finds: by an id or the like, or by classes and tags alone. */
const [FITS_BY_NAME, FITS] = [0.45, 0.7];
/** How much of it an element must have that no selector finds, and by how much more than any other, then or now. */
const [SURE, MARGIN] = [0.7, 0.02];
/** How much of it an element must have that has all that told it from others. */
const LIKELY = 0.5;
const PLACE = /:nth-/;
/** A selector whose last step has an id or an attribute other than the class. */
const NAMED = /(?:#|\[(?!class))[^\s>]*$/;

/** What an element is known by: its text, role and name, what it says of itself, and what is above it. */
export function fingerprintOf(element: Element): Fingerprint {
  const reader = createFeatureReader();
  const { role, name } = accessibilityOf(element);
  const print = {
    own: reader.of(element),
    role,
    name,
    text: maskText(textOf(element, MAX_TEXT_LENGTH)).toWellFormed(),
    above: rememberAbove(element, reader),
    path: pathOf(element),
    hosts: hostsOf(element),
  };
  const candidates = candidatesFor(element.ownerDocument, print);
  const rival = rivalOf(print, candidates.filter((other) => other !== element), reader);
  let alike = candidates.filter((other) => isOwnSame(print, other, reader));
  let level = 0;
  for (let at = 0; alike.length > 1 && at < print.above.length; at++) {
    const rest = alike.filter((element) => isAboveSame(print, { element, at, reader }));
    // What tells none of them apart is not asked again: the page around them may be another then.
    if (rest.length < alike.length) level = at + 1;
    alike = rest;
  }
  return { ...print, level, rival, twins: twinsOf(element, alike, reader) };
}

/**
 * The element again after a re-render: by all that told it from others; else the one that the selector finds, if it fits the fingerprint; else the one that
 * fits and no other does nearly as well. null: none, or unsure. Never throws.
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
  if (selected !== null && isOneOfItsKind(selected, fingerprint)) return selected;
  const candidates = candidatesFor(document, fingerprint);
  const alike = alikeIn(candidates, fingerprint, reader);
  if (alike.length > 0) return oneOf(alike, fingerprint, reader);
  if (selected !== null && !PLACE.test(selector)) {
    const fits = NAMED.test(selector) ? FITS_BY_NAME : FITS;
    if (likeness(fingerprint, selected, reader) >= fits) return selected;
  }
  // One of several that were the same may as well be one that went away.
  return fingerprint.twins.count > 1 ? null : likeliestOf(candidates, fingerprint, reader);
}

function isOneOfItsKind({ localName, ownerDocument }: Element, { own }: Fingerprint): boolean {
  return localName === own.tag && (localName === "html" || (localName === "body" && ownerDocument.body !== null));
}

/** Those that have what told it from others when it was captured. */
function alikeIn(candidates: Element[], fingerprint: Fingerprint, reader: FeatureReader): Element[] {
  return candidates.filter((element) => {
    if (!isOwnSame(fingerprint, element, reader)) return false;
    for (let at = 0; at < fingerprint.level; at++) if (!isAboveSame(fingerprint, { element, at, reader })) return false;
    return true;
  });
}

function oneOf(alike: Element[], fingerprint: Fingerprint, reader: FeatureReader): Element | null {
  if (fingerprint.twins.count > 1) return twinAmong(alike, fingerprint.twins, reader);
  const [one] = alike;
  if (alike.length === 1 && one !== undefined) return likeness(fingerprint, one, reader) >= LIKELY ? one : null;
  return likeliestOf(alike, fingerprint, reader);
}

function likeliestOf(candidates: Element[], fingerprint: Fingerprint, reader: FeatureReader): Element | null {
  const { own, rival } = fingerprint;
  // What has neither words nor a name is known by what is around it, which changes.
  if (own.text === 0 && own.says.length === 0) return null;
  const [best, second] = likeliest(fingerprint, candidates, reader) ?? [];
  if (best === undefined || best.score < Math.max(SURE, rival + MARGIN)) return null;
  return second === undefined || best.score - second.score >= MARGIN ? best.element : null;
}

function rivalOf(print: Print, others: Element[], reader: FeatureReader): number {
  const rivals = likeliest(print, others, reader);
  return rivals === null ? 1 : rivals[0]?.score ?? 0;
}

/** Elements of its tag, in the shadow trees of such hosts as it stands in. */
function candidatesFor(document: Document, { own, hosts }: Pick<Fingerprint, "own" | "hosts">): Element[] {
  let roots: Root[] = [document];
  for (const host of hosts) {
    roots = roots.flatMap((root) =>
      [...root.querySelectorAll(CSS.escape(host))].flatMap(({ shadowRoot }) => shadowRoot ?? [])
    );
  }
  return roots.flatMap((root) => [...root.querySelectorAll(CSS.escape(own.tag))]);
}

function hostsOf(element: Element): string[] {
  const hosts: string[] = [];
  for (let root = element.getRootNode(); isShadowRoot(root); root = root.host.getRootNode()) {
    hosts.unshift(root.host.localName);
  }
  return hosts;
}
