/** Properties and their families, most useful first to who will change the code: where it is, how large, what it looks like, how it reads. */
const ORDER = `
  display position z-index inset top right bottom left float clear flex grid order gap row-gap column-gap align justify place
  width height min max box-sizing aspect-ratio object overflow margin padding border outline
  background color opacity visibility box-shadow
  font line-height letter-spacing text white-space word overflow-wrap vertical-align list-style
  transform translate rotate scale filter backdrop-filter transition animation cursor pointer-events user-select
`.trim().split(/\s+/);
const RANKS = new Map(ORDER.map((name, rank) => [name, rank]));
const [REST, CUSTOM] = [ORDER.length, ORDER.length + 1];

/** Puts properties in order, most useful first; those of one family stay as they come. */
export function inOrderOfUse<Value>(properties: Iterable<[string, Value]>): [string, Value][] {
  return [...properties].map((entry) => ({ entry, rank: rankOf(entry[0]) }))
    .sort((one, other) => one.rank - other.rank).map(({ entry }) => entry);
}

// A property is of the longest family that its name begins with: `text-align` of `text`, `column-gap` of itself.
function rankOf(property: string): number {
  if (property.startsWith("--")) return CUSTOM;
  for (let family = property; family !== ""; family = family.slice(0, Math.max(0, family.lastIndexOf("-")))) {
    const rank = RANKS.get(family);
    if (rank !== undefined) return rank;
  }
  return REST;
}
