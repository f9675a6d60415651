import { byteLength } from "./_json_size.ts";
import { fieldOf, type ObjectPart, type Part } from "./_parts.ts";

/** What an answer lost to its budget: where, how much was kept of how much, and the call that gets the rest. */
export interface Cut {
  path: string;
  kept: number;
  of: number;
  next: string;
}

/** A cut, with what it counts. */
export interface Loss extends Cut {
  unit: Amount["unit"];
}

/** A place in an answer: its path, and the element that it belongs to. */
export interface Place {
  path: string;
  element?: string;
  /** The field of that element which it is or lies in. */
  field?: string;
  /** It is the data's first list, which the tool's own `after` pages through. */
  isPaged: boolean;
}

interface Amount {
  unit: "bytes" | "entries" | "rows" | "objects";
  kept: number;
  of: number;
  /** Where the next call goes on. */
  after?: unknown;
}

/** Collects what an answer loses while it is fitted. */
export interface Losses {
  note(place: Place, amount: Amount): void;
  /** The place of an object's fields. */
  inside(place: Place, part: ObjectPart): Place;
  field(place: Place, key: string, part: Part): Place;
  row(place: Place, index: number): Place;
  /** What was lost, in the answer's order; the same loss in many rows is one. */
  all(): Loss[];
}

/** The place of the whole data. */
export const ROOT: Place = { path: "", isPaged: true };
/** The budget that a tool has unless it is asked for another, in bytes. */
const DEFAULT_BYTES = 32_000;
/** No answer is longer, in tokens and in bytes. */
const MAX_TOKENS = 25_000;
const BYTES_PER_TOKEN = 4;
/** A call that takes more room is told without its input. */
const MAX_CALL_BYTES = 400;
/** What holds an element's HTML, and so goes on in its parts. */
const HTML_FIELDS = new Set(["html", "htmlPart"]);

/** Builds what collects the losses of one answer to a tool's call. */
export function createLosses(
  asked: { tool: string; input: Record<string, unknown>; maxBytes: number },
): Losses {
  const losses = new Map<string, Loss>();
  return {
    note,
    inside(place, part) {
      const id = part.shape.type === "Element" ? fieldOf(part, "id") : undefined;
      return typeof id === "string" ? { path: place.path, element: id, isPaged: false } : place;
    },
    field(place, key, part) {
      const path = place.path === "" ? key : `${place.path}.${key}`;
      const field = place.field ?? (part.kind === "fixed" ? key : part.shape.field);
      return { ...place, path, ...(place.element === undefined ? {} : { field }) };
    },
    row: (place, index) => ({ ...place, path: `${place.path}.${index}`, isPaged: false }),
    all: () => [...losses.values()],
  };

  function note(place: Place, amount: Amount): void {
    if (amount.kept >= amount.of) return;
    const { unit, kept, of } = amount;
    const everywhere = place.path.replace(/\.\d+(?=\.|$)/g, ".*");
    const known = losses.get(everywhere);
    if (known === undefined) {
      losses.set(everywhere, { unit, path: place.path, kept, of, next: nextCall(place, amount) });
      return;
    }
    losses.set(everywhere, { ...known, path: everywhere, kept: known.kept + kept, of: known.of + of });
  }

  function nextCall({ element, field, isPaged }: Place, { unit, kept, of, after }: Amount): string {
    if (isPaged && after !== undefined) return call(asked.tool, { ...asked.input, after });
    if (element === undefined || field === undefined) return moreTokens();
    const goesOn = HTML_FIELDS.has(field) && unit === "bytes";
    if (goesOn) return call("get_element", { elementId: element, fields: ["htmlPart"], after: after ?? kept });
    if (isAskedAlone(element, field)) return moreTokens();
    const most = unit === "bytes" && of > DEFAULT_BYTES ? { maxTokens: MAX_TOKENS } : {};
    return call("get_element", { elementId: element, fields: [field], ...most });
  }

  function isAskedAlone(element: string, field: string): boolean {
    const { elementId, fields } = asked.input;
    const isAlone = Array.isArray(fields) && fields.length === 1 && fields[0] === field;
    return asked.tool === "get_element" && elementId === element && isAlone;
  }

  function moreTokens(): string {
    return asked.maxBytes < MAX_TOKENS * BYTES_PER_TOKEN
      ? `raise maxTokens (at most ${MAX_TOKENS})`
      : "none: no answer is longer than this";
  }
}

function call(tool: string, input: Record<string, unknown>): string {
  const text = `${tool} ${JSON.stringify(input)}`;
  if (byteLength(text) <= MAX_CALL_BYTES) return text;
  return `${tool} with the same input and ${JSON.stringify({ after: input["after"] })}`.slice(0, MAX_CALL_BYTES);
}
