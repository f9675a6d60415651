/** What a result lost to its budget: the place in it and how much there was. */
export interface Cut {
  path: string;
  kept: number;
  of: number;
}

/** Strings and lists shorter than this are not cut: a selector or a note in two is worth less than none. */
const MIN_CUT_LENGTH = 120;

type Holder = Record<string, unknown> | unknown[];

/** A copy of a JSON value whose text has at most `maxBytes` bytes; what is longest is cut first, and named. */
export function fitBudget(
  value: Record<string, unknown>,
  maxBytes: number,
): { value: Record<string, unknown>; cuts: Cut[] } {
  const root = structuredClone(value);
  const cuts = new Map<string, Cut>();
  while (byteLength({ ...root, cut: [...cuts.values()] }) > maxBytes) {
    const place = findLongest(root);
    if (place === null) break;
    const { holder, key, path, length } = place;
    const kept = Math.floor(length / 2);
    write(holder, key, shorten(read(holder, key), kept));
    cuts.set(path, { path, kept, of: cuts.get(path)?.of ?? length });
  }
  return { value: root, cuts: [...cuts.values()] };
}

function byteLength(value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value)).length;
}

interface Place {
  holder: Holder;
  key: string;
  path: string;
  /** Characters of a string, entries of a list or an object. */
  length: number;
}

// A string weighs its characters, a list or an object of plain values the characters of its text.
function findLongest(root: Holder): Place | null {
  let longest: (Place & { weight: number }) | null = null;
  const pending: { holder: Holder; path: string }[] = [{ holder: root, path: "" }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    for (const [key, value] of Object.entries(next.holder)) {
      const path = next.path === "" ? key : `${next.path}.${key}`;
      if (isHolder(value) && !isFlat(value)) pending.push({ holder: value, path });
      const weight = isHolder(value) ? JSON.stringify(value).length : typeof value === "string" ? value.length : 0;
      const cuttable = typeof value === "string" ? value.length : isHolder(value) ? sizeOf(value) : 0;
      const canBeCut = typeof value === "string" ? cuttable > MIN_CUT_LENGTH : cuttable > 1 && canLoseEntries(value);
      if (canBeCut && weight > (longest?.weight ?? 0)) {
        longest = { holder: next.holder, key, path, length: cuttable, weight };
      }
    }
  }
  return longest;
}

// Lists lose their end; objects only if they are maps of plain values, such as styles: others have fields that are promised.
function canLoseEntries(value: unknown): boolean {
  return Array.isArray(value) || (isHolder(value) && isFlat(value) && sizeOf(value) > MIN_CUT_LENGTH / 4);
}

function isHolder(value: unknown): value is Holder {
  return typeof value === "object" && value !== null;
}

function isFlat(holder: Holder): boolean {
  return Object.values(holder).every((value) => !isHolder(value));
}

function sizeOf(holder: Holder): number {
  return Object.keys(holder).length;
}

function read(holder: Holder, key: string): unknown {
  return Array.isArray(holder) ? holder[Number(key)] : holder[key];
}

function write(holder: Holder, key: string, value: unknown): void {
  if (Array.isArray(holder)) holder[Number(key)] = value;
  else holder[key] = value;
}

function shorten(value: unknown, kept: number): unknown {
  if (typeof value === "string") return `${value.slice(0, kept).toWellFormed()}…`;
  if (Array.isArray(value)) return value.slice(0, kept);
  return isHolder(value) ? Object.fromEntries(Object.entries(value).slice(0, kept)) : value;
}
