import { type Contents, digestOf, elementsAbove, type FeatureReader } from "./_features.ts";
import type { Fingerprint } from "./fingerprint.ts";

/** What each feature weighs; what neither has weighs nothing. */
const WEIGHTS = { says: 4, text: 4, shape: 1 };
/** What the elements above weigh, nearest first. */
const ABOVE_WEIGHTS = [2, 1.5, 1, 1, 0.7, 0.7, 0.5, 0.5];

/** An element above one, as a fingerprint has it; further up without a sketch. */
export interface Above extends Contents {
  tag: string;
  says: number;
}

/** What the elements above one are remembered by, nearest first. */
export function rememberAbove(element: Element, reader: FeatureReader): Above[] {
  return elementsAbove(element).map((above, at) => {
    const { text, shape, sketch } = reader.contents(above);
    const says = digestOfSaid(reader.says(above));
    return { tag: above.localName, says, text, shape, sketch: at < ABOVE_WEIGHTS.length ? sketch : [] };
  });
}

/** Whether an element has the features of a fingerprint. */
export function isOwnSame({ own }: Pick<Fingerprint, "own">, element: Element, reader: FeatureReader): boolean {
  // What it holds first: to read what it says takes longer.
  if (own.tag !== element.localName || !holdsSame(own, element, reader)) return false;
  const now = reader.says(element);
  return own.says.length === now.length && own.says.every((said, at) => said === now[at]);
}

/** Whether the element so many steps above has the features that it had. */
export function isAboveSame(
  { above }: Pick<Fingerprint, "above">,
  { element, at, reader }: { element: Element; at: number; reader: FeatureReader },
): boolean {
  const [before, now] = [above[at], elementsAbove(element)[at]];
  if (before === undefined || now === undefined) return before === now;
  return before.tag === now.localName && before.says === digestOfSaid(reader.says(now)) &&
    holdsSame(before, now, reader);
}

/** How much of a fingerprint an element has, 0 to 1. */
export function likeness({ own, above }: Fingerprint, element: Element, reader: FeatureReader): number {
  if (own.tag !== element.localName) return 0;
  const now = reader.of(element);
  let [sum, whole] = [0, 0];
  const weigh = (weight: number, part: number) => {
    sum += weight * part;
    whole += weight;
  };
  if (own.says.length + now.says.length > 0) weigh(WEIGHTS.says, shared(own.says, now.says));
  if (own.text !== 0 || now.text !== 0) weigh(WEIGHTS.text, textLikeness(own, now));
  if (own.shape !== 0 || now.shape !== 0) weigh(WEIGHTS.shape, Number(own.shape === now.shape));
  weighAbove(above, rememberAbove(element, reader), weigh);
  return whole === 0 ? 0 : sum / whole;
}

function weighAbove(above: Above[], now: Above[], weigh: (weight: number, part: number) => void): void {
  for (const [at, weight] of ABOVE_WEIGHTS.entries()) {
    const [one, other] = [above[at], now[at]];
    if (one === undefined && other === undefined) return;
    if (one === undefined || other === undefined || one.tag !== other.tag) weigh(weight, 0);
    else weigh(weight, 0.2 + 0.4 * Number(one.says === other.says) + 0.4 * textLikeness(one, other));
  }
}

function textLikeness(one: Contents, other: Contents): number {
  return one.text === other.text ? 1 : shared(one.sketch, other.sketch);
}

function holdsSame(before: Contents, element: Element, reader: FeatureReader): boolean {
  const now = reader.contents(element);
  return before.text === now.text && before.shape === now.shape;
}

function digestOfSaid(says: string[]): number {
  return digestOf(says.join("\n"));
}

function shared<Item>(one: Item[], other: Item[]): number {
  const both = one.filter((item) => other.includes(item)).length;
  return both / Math.max(one.length, other.length, 1);
}
