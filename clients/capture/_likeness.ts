import { digestOf, type FeatureReader, type Features } from "./_features.ts";
import type { Fingerprint } from "./fingerprint.ts";

type Above = Fingerprint["above"];

/** What each feature weighs; what neither has weighs nothing. */
const WEIGHTS = { says: 4, text: 4, shape: 1 };
/** What the elements above weigh, nearest first. */
const ABOVE_WEIGHTS = [2, 1.5, 1, 1, 0.7, 0.7, 0.5, 0.5];

/** Whether an element has all features of a fingerprint, and so do those above it. */
export function isExact(
  { own, above }: Pick<Fingerprint, "own" | "above">,
  element: Element,
  reader: FeatureReader,
): boolean {
  const now = reader.of(element);
  if (own.text !== now.text || own.shape !== now.shape || !isSaidAlike(own, now)) return false;
  const [before, after] = [above, reader.above(element)];
  return before.length === after.length && before.every((one, at) => {
    const other = after[at];
    return other !== undefined && one.tag === other.tag && one.text === other.text && one.shape === other.shape &&
      one.says === digestOf(other.says.join("\n"));
  });
}

/** How much of a fingerprint an element has, 0 to 1. */
export function likeness({ own, above }: Fingerprint, element: Element, reader: FeatureReader): number {
  const now = reader.of(element);
  if (own.tag !== now.tag) return 0;
  let [sum, whole] = [0, 0];
  const weigh = (weight: number, part: number) => {
    sum += weight * part;
    whole += weight;
  };
  if (own.says.length + now.says.length > 0) weigh(WEIGHTS.says, shared(own.says, now.says));
  if (own.text !== 0 || now.text !== 0) weigh(WEIGHTS.text, Number(own.text === now.text));
  if (own.shape !== 0 || now.shape !== 0) weigh(WEIGHTS.shape, Number(own.shape === now.shape));
  weighAbove(above, reader.above(element), weigh);
  return whole === 0 ? 0 : sum / whole;
}

function weighAbove(above: Above, now: Features[], weigh: (weight: number, part: number) => void): void {
  for (const [at, weight] of ABOVE_WEIGHTS.entries()) {
    const [one, other] = [above[at], now[at]];
    if (one === undefined && other === undefined) return;
    if (one === undefined || other === undefined || one.tag !== other.tag) weigh(weight, 0);
    else {
      const isSaid = one.says === digestOf(other.says.join("\n"));
      weigh(weight, 0.2 + 0.4 * Number(isSaid) + 0.4 * Number(one.text === other.text));
    }
  }
}

function isSaidAlike(one: Features, other: Features): boolean {
  return one.says.length === other.says.length && one.says.every((said, at) => said === other.says[at]);
}

function shared(one: string[], other: string[]): number {
  const both = one.filter((said) => other.includes(said)).length;
  return both / Math.max(one.length, other.length, 1);
}
