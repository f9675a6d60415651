/** What an answer can be written in: GraphQL over HTTP §6.2, server-sent events, and GraphiQL's page. */
export type MediaType =
  | "application/graphql-response+json"
  | "application/json"
  | "text/event-stream"
  | "text/html";

/** The types that a client takes, of those that we write. */
export interface AcceptedTypes {
  /** What it likes best for a single result. */
  best: MediaType;
  /** Whether a stream of results may be sent; by GET only who names it gets one, because any page's image asks with a wildcard. */
  takesStream: boolean;
}

const RESPONSE = "application/graphql-response+json";
const JSON_TYPE = "application/json";
const EVENT_STREAM = "text/event-stream";
/** Best first, where a client likes two alike. A page is for who asks by GET. */
const BY_POST: MediaType[] = [RESPONSE, JSON_TYPE, EVENT_STREAM];
const BY_GET: MediaType[] = ["text/html", ...BY_POST];

const ANYTHING: AcceptedTypes = { best: JSON_TYPE, takesStream: true };
const ANY_ANSWER: AcceptedTypes = { best: JSON_TYPE, takesStream: false };
/** What was chosen for each method and `Accept`: a client sends the same all the time. */
const chosen = new Map<string, AcceptedTypes | null>();
/** Clients of more kinds than there are. */
const MAX_CHOSEN = 100;

/** Chooses by `Accept` (RFC 9110 §12.5.1), null where nothing of ours is accepted. `application/json` for who takes anything. */
export function chooseTypes(accept: string | null, method: string): AcceptedTypes | null {
  if (accept === null || accept.trim() === "" || accept === "*/*") {
    return method === "GET" ? ANY_ANSWER : ANYTHING;
  }
  const key = `${method} ${accept}`;
  const known = chosen.get(key);
  if (known !== undefined) return known;
  const types = chooseFrom(accept, method);
  if (chosen.size < MAX_CHOSEN) chosen.set(key, types);
  return types;
}

function chooseFrom(accept: string, method: string): AcceptedTypes | null {
  const ranges = accept.split(",").map(parseRange).filter((range) => range !== null);
  const wishes = (method === "GET" ? BY_GET : BY_POST)
    .map((type) => ({ type, ...wishFor(type, ranges) }))
    .filter(({ quality }) => quality > 0);
  const best = wishes.toSorted((a, b) => b.quality - a.quality || b.precision - a.precision)[0]?.type;
  const takesStream = wishes.some(({ type, precision }) =>
    type === EVENT_STREAM && (method !== "GET" || precision === 2)
  );
  return best === undefined ? null : { best, takesStream };
}

/** The header of an answer. */
export function contentType(type: MediaType): string {
  return `${type}; charset=utf-8`;
}

interface Range {
  name: string;
  quality: number;
}

// Parameters other than these, as Apollo's `deferSpec`, ask for what we don't have.
function parseRange(text: string): Range | null {
  const [name = "", ...parameters] = text.toLowerCase().split(";").map((part) => part.trim());
  const valueOf = (key: string) =>
    parameters.find((parameter) => parameter.startsWith(`${key}=`))?.slice(key.length + 1).replaceAll('"', "");
  const charset = valueOf("charset") ?? "utf-8";
  const quality = Number(valueOf("q") ?? 1);
  return charset === "utf-8" && quality >= 0 ? { name, quality } : null;
}

// The most precise range says how much a type is liked. Of those that a wildcard takes, JSON is what every client reads.
function wishFor(type: MediaType, ranges: Range[]): { quality: number; precision: number } {
  const patterns = [type, `${type.split("/")[0]}/*`, "*/*"];
  for (const [index, pattern] of patterns.entries()) {
    const range = ranges.find(({ name }) => name === pattern);
    if (range === undefined) continue;
    const precision = index === 0 ? 2 : type === JSON_TYPE ? 1 : 0;
    return { quality: range.quality, precision };
  }
  return { quality: 0, precision: 0 };
}
