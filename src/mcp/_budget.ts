/** What a result lost to its budget: the place in it, and how many characters or entries were kept of how many. */
export interface Cut {
  path: string;
  kept: number;
  of: number;
}

/** How much of each string, list and object is kept. */
interface Level {
  characters: number;
  entries: number;
}

/** Tried in order: strings first, since a list without its end has lost whole things. Each pass works on what the last one left. */
const LEVELS: Level[] = [
  ...[32_768, 16_384, 8_192, 4_096, 2_048, 1_024, 512, 256, 128].map((characters) => ({ characters, entries: 512 })),
  ...[256, 128, 64, 32, 16, 8, 4, 2, 1].map((entries) => ({ characters: 128, entries })),
];
/** Objects up to this size at the top, an element's fields among them, are promised: only larger ones lose entries. */
const MAX_PROMISED_FIELDS = 40;
/** Inside of those, what is promised is smaller. */
const MAX_PROMISED_INNER_FIELDS = 8;
/** Cuts that are told: a list of thousands would need a budget of its own. */
const MAX_CUTS = 10;

/** A copy of a JSON object whose text, its cuts included, has at most `maxBytes` bytes. What is longest is cut first, and named. */
export function fitBudget(
  value: Record<string, unknown>,
  maxBytes: number,
): { value: Record<string, unknown>; cuts: Cut[] } {
  const cuts = new Map<string, Cut>();
  let fitted = value;
  for (const level of LEVELS) {
    if (byteLength(fitted) + byteLength(toldCuts(cuts)) <= maxBytes) return { value: fitted, cuts: toldCuts(cuts) };
    fitted = shrinkFields(fitted, { level, cuts, path: "", depth: 0 });
  }
  const fits = byteLength(fitted) + byteLength(toldCuts(cuts)) <= maxBytes;
  return fits ? { value: fitted, cuts: toldCuts(cuts) } : { value: {}, cuts: [{ path: "", kept: 0, of: 1 }] };
}

function toldCuts(cuts: Map<string, Cut>): Cut[] {
  return [...cuts.values()].sort((one, other) => other.of - one.of).slice(0, MAX_CUTS);
}

function byteLength(value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value)).length;
}

interface Place {
  level: Level;
  cuts: Map<string, Cut>;
  path: string;
  depth: number;
}

function shrink(value: unknown, place: Place): unknown {
  if (typeof value === "string") return shrinkText(value, place);
  if (Array.isArray(value)) {
    const kept = value.slice(0, place.level.entries);
    note(place, kept.length, value.length);
    return kept.map((item, index) => shrink(item, inside(place, String(index))));
  }
  return typeof value === "object" && value !== null ? shrinkFields({ ...value }, place) : value;
}

function shrinkFields(value: Record<string, unknown>, place: Place): Record<string, unknown> {
  const entries = Object.entries(value);
  const promised = place.depth < 2 ? MAX_PROMISED_FIELDS : MAX_PROMISED_INNER_FIELDS;
  const kept = entries.slice(0, Math.max(promised, place.level.entries));
  note(place, kept.length, entries.length);
  return Object.fromEntries(kept.map(([name, inner]) => [name, shrink(inner, inside(place, name))]));
}

function shrinkText(text: string, place: Place): string {
  if (text.length <= place.level.characters) return text;
  const kept = text.slice(0, place.level.characters - 1).toWellFormed();
  note(place, kept.length, text.length);
  return `${kept}…`;
}

function inside(place: Place, name: string): Place {
  const shown = name.slice(0, 100);
  return { ...place, path: place.path === "" ? shown : `${place.path}.${shown}`, depth: place.depth + 1 };
}

function note({ cuts, path }: Place, kept: number, of: number): void {
  if (kept < of) cuts.set(path, { path, kept, of: Math.max(of, cuts.get(path)?.of ?? 0) });
}
