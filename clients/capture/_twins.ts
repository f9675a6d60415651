import { digestOf, elementsAbove, type FeatureReader, type Looks } from "./_features.ts";

/** Elements of a page that are the same in all that lasts, as the stars of a rating are. */
export interface Twins {
  count: number;
  /** How many steps above two of them meet; null: further up than is looked. */
  depth: number | null;
  /** What the attributes say that may change, of all that is in it and in those above it as far as they are not the same elements. */
  looks: number;
  /** Of how many that look like it. */
  alike: number;
  /** Which of these it is; null: they differ in what a build names, so that they may change places unseen. */
  rank: number | null;
}

/** Which of these it is. */
export function twinsOf(element: Element, twins: Element[], reader: FeatureReader): Twins {
  const depths = twins.filter((twin) => twin !== element).map((twin) => depthOfMeeting(element, twin));
  const depth = depths.reduce<number | null>(
    (most, next) => most === null || next === null ? null : Math.max(most, next),
    0,
  );
  const looks = looksUpTo(element, depth ?? 0, { of: "lasting", reader });
  const alike = alikeIn(twins, { depth: depth ?? 0, looks, reader });
  const rank = depth !== null && areAlike(alike, depth, reader) ? alike.indexOf(element) : null;
  return { count: twins.length, depth, looks, rank, alike: alike.length };
}

/** The one of these that it was; null: there are more or fewer of them, or they look otherwise, so that it may be any. */
export function twinAmong(
  twins: Element[],
  { count, depth, looks, rank, alike }: Twins,
  reader: FeatureReader,
): Element | null {
  if (depth === null || rank === null || twins.length !== count) return null;
  const now = alikeIn(twins, { depth, looks, reader });
  return now.length === alike && areAlike(now, depth, reader) ? now[rank] ?? null : null;
}

function depthOfMeeting(one: Element, other: Element): number | null {
  const [above, otherAbove] = [elementsAbove(one), elementsAbove(other)];
  const depth = above.findIndex((parent) => otherAbove.includes(parent));
  return depth === -1 ? null : depth;
}

function alikeIn(
  twins: Element[],
  { depth, looks, reader }: { depth: number; looks: number; reader: FeatureReader },
): Element[] {
  return twins.filter((twin) => looksUpTo(twin, depth, { of: "lasting", reader }) === looks);
}

function areAlike(twins: Element[], depth: number, reader: FeatureReader): boolean {
  return new Set(twins.map((twin) => looksUpTo(twin, depth, { of: "all", reader }))).size <= 1;
}

function looksUpTo(
  element: Element,
  depth: number,
  { of, reader }: { of: keyof Looks; reader: FeatureReader },
): number {
  const branch = [element, ...elementsAbove(element).slice(0, depth)];
  return digestOf(branch.map((one) => reader.looks(one)[of]).join(" "));
}
