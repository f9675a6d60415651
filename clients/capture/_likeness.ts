import { accessibilityOf, pathOf } from "./_accessibility.ts";
import { type Contents, digestOf, elementsAbove, type FeatureReader } from "./_features.ts";
import type { Fingerprint } from "./fingerprint.ts";

/** What each feature weighs; what neither has weighs nothing. */
const WEIGHTS = { says: 4, text: 4, shape: 1, name: 2, path: 1 };
/** What the elements above weigh, nearest first. */
const ABOVE_WEIGHTS = [2, 1.5, 1, 1, 0.7, 0.7, 0.5, 0.5];
/** As many of those that are most alike themselves are looked at with all that is around them, and those that are as much alike. */
const [MIN_FINALISTS, MAX_FINALISTS] = [12, 60];

/** An element above one, as a fingerprint has it; further up without a sketch. */
export interface Above extends Contents {
  tag: string;
  says: number;
}

/** An element and how much of a fingerprint it has. */
export interface Scored {
  element: Element;
  score: number;
}

/** All of a fingerprint by which elements are compared. */
export type Print = Pick<Fingerprint, "own" | "above" | "role" | "name" | "path">;

/** What the elements above one are remembered by, nearest first. */
export function rememberAbove(element: Element, reader: FeatureReader): Above[] {
  return elementsAbove(element).map((above, at) => {
    const { text, shape, sketch } = reader.contents(above);
    const says = digestOfSaid(reader.says(above));
    return { tag: above.localName, says, text, shape, sketch: at < ABOVE_WEIGHTS.length ? sketch : [] };
  });
}

/** Whether an element has the features of a fingerprint. */
export function isOwnSame({ own }: Pick<Print, "own">, element: Element, reader: FeatureReader): boolean {
  // What it holds first: to read what it says takes longer.
  if (own.tag !== element.localName || !holdsSame(own, element, reader)) return false;
  const now = reader.says(element);
  return own.says.length === now.length && own.says.every((said, at) => said === now[at]);
}

/** Whether the element so many steps above has the features that it had. */
export function isAboveSame(
  { above }: Pick<Print, "above">,
  { element, at, reader }: { element: Element; at: number; reader: FeatureReader },
): boolean {
  const [before, now] = [above[at], elementsAbove(element)[at]];
  if (before === undefined || now === undefined) return before === now;
  return before.tag === now.localName && before.says === digestOfSaid(reader.says(now)) &&
    holdsSame(before, now, reader);
}

/**
 * The elements that have most of a fingerprint, with how much of it, 0 to 1; the best first. null: too many are alike themselves to look at all that is
 * around each.
 */
export function likeliest(print: Print, candidates: Element[], reader: FeatureReader): Scored[] | null {
  const scored = candidates.map((element) => ({
    element,
    score: weighed((weigh) => weighOwn(print, { element, reader, weigh })),
  }))
    .sort(byScore);
  const least = scored[MIN_FINALISTS - 1]?.score ?? 0;
  const finalists = scored.filter(({ score }) => score >= least);
  if (finalists.length > MAX_FINALISTS) return null;
  return finalists.map(({ element }) => ({ element, score: likeness(print, element, reader) })).sort(byScore);
}

function byScore(one: Scored, other: Scored): number {
  return other.score - one.score;
}

/** How much of a fingerprint an element has, 0 to 1. */
export function likeness(print: Print, element: Element, reader: FeatureReader): number {
  if (print.own.tag !== element.localName) return 0;
  const { role, name } = accessibilityOf(element);
  return weighed((weigh) => {
    weighOwn(print, { element, reader, weigh });
    weighAbove(print.above, rememberAbove(element, reader), weigh);
    if (print.name !== null || name !== null) weigh(WEIGHTS.name, Number(print.role === role && print.name === name));
    weigh(WEIGHTS.path, Number(print.path.join() === pathOf(element).join()));
  });
}

type Weigh = (weight: number, part: number) => void;

function weighed(weighAll: (weigh: Weigh) => void): number {
  let [sum, whole] = [0, 0];
  weighAll((weight, part) => {
    sum += weight * part;
    whole += weight;
  });
  return whole === 0 ? 0 : sum / whole;
}

function weighOwn(
  { own }: Print,
  { element, reader, weigh }: { element: Element; reader: FeatureReader; weigh: Weigh },
): void {
  const now = reader.of(element);
  if (own.says.length + now.says.length > 0) weigh(WEIGHTS.says, shared(own.says, now.says));
  if (own.text !== 0 || now.text !== 0) weigh(WEIGHTS.text, textLikeness(own, now));
  if (own.shape !== 0 || now.shape !== 0) weigh(WEIGHTS.shape, Number(own.shape === now.shape));
}

function weighAbove(above: Above[], now: Above[], weigh: Weigh): void {
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
