import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE } from "../graphql/pages.ts";

/** The arguments of a field as they were written or sent: nobody has checked them yet. */
type Arguments = Readonly<Record<string, unknown>>;

/** What a field costs beside the objects that it gives, and how many those are. */
export interface FieldCost {
  /** Of its own work; none if absent. */
  weight?: number | ((args: Arguments) => number);
  /** The objects of a list that is no connection. */
  size?: number | ((args: Arguments) => number);
  /** For readers of docs/limits.md. */
  meaning: string;
}

/** What one operation may cost. */
export const MAX_COST = 5_000;
/** The length of a list that says no other: members, comments, sessions. */
export const ASSUMED_LIST_SIZE = 10;
/** The objects of introspection are small and in memory. */
export const INTROSPECTION_OBJECT_COST = 0.01;
/** `totalCount` of a connection reads a whole index. */
export const COUNT_WEIGHT = 20;
/** Of each root field. A mutation is a durable write and its security event. */
export const OPERATION_WEIGHTS = { query: 0, mutation: 20, subscription: 10 };

const HTML_WEIGHT = 20;
const HTML_BYTES_PER_WEIGHT = 10_000;
/** 8,000,000 UTF-16 code units, each at most three bytes. */
const MAX_HTML_BYTES = 24_000_000;
const OUTLINE_WEIGHT = 50;
const SCALED_WEIGHT = 200;
const STYLES_WEIGHT = 3;
const WAIT_WEIGHT = 10;
const SEARCH_WEIGHT = 50;
const FILTERED_LOG_WEIGHT = 50;
const PASSWORD_WEIGHT = 500;
const CAPTURE_WEIGHT = 100;
const VERIFICATION_WEIGHT = 2_000;

/** Fields whose cost is more, or other, than that of what they give. */
export const FIELD_COSTS: Readonly<Record<string, FieldCost>> = {
  "Query.nodes": {
    size: ({ ids }) => Array.isArray(ids) ? Math.min(ids.length, MAX_PAGE_SIZE) : 1,
    meaning: "as many objects as there are ids",
  },
  "Query.elements": searched("the full-text index"),
  "Query.elementChanges": {
    weight: ({ waitSeconds }) => typeof waitSeconds === "number" && waitSeconds > 0 ? WAIT_WEIGHT : 0,
    meaning: `${WAIT_WEIGHT} more where it waits; of its changes as many as \`first\` says`,
  },
  "Query.users": searched("every name"),
  "Query.securityEvents": filtered(),
  "Query.mcpToolExecutions": filtered(),
  "Query.verifyAudit": { weight: VERIFICATION_WEIGHT, meaning: `${VERIFICATION_WEIGHT}: it reads the whole log` },
  "Mutation.captureElement": { weight: CAPTURE_WEIGHT, meaning: `${CAPTURE_WEIGHT}: up to 12 MiB are stored` },
  "Mutation.sendChannelMessage": { weight: CAPTURE_WEIGHT, meaning: `${CAPTURE_WEIGHT}: it may be a capture` },
  "Mutation.commandElement": { weight: CAPTURE_WEIGHT, meaning: `${CAPTURE_WEIGHT}: a page's answer is stored` },
  "Mutation.commandPage": { weight: CAPTURE_WEIGHT, meaning: `${CAPTURE_WEIGHT}: a page's answer is stored` },
  "Mutation.signIn": hashed(),
  "Mutation.changePassword": hashed(),
  "Mutation.createUser": hashed(),
  "Element.html": {
    weight: ({ maxBytes }) => typeof maxBytes === "number" && maxBytes >= 0 ? htmlWeight(maxBytes) : HTML_WEIGHT,
    meaning: `${HTML_WEIGHT}; with maxBytes 1 for each ${HTML_BYTES_PER_WEIGHT} bytes begun`,
  },
  "Element.htmlOutline": { weight: OUTLINE_WEIGHT, meaning: `${OUTLINE_WEIGHT}: it reads all of the HTML` },
  "Element.htmlPart": {
    weight: ({ after, maxBytes }) => partWeight(after) + partWeight(maxBytes),
    meaning: `1 for each ${HTML_BYTES_PER_WEIGHT} bytes begun of after, and of maxBytes: it reads up to there`,
  },
  "Element.keyStyles": { weight: STYLES_WEIGHT, meaning: `${STYLES_WEIGHT}` },
  "Element.computedStyles": { weight: STYLES_WEIGHT, meaning: `${STYLES_WEIGHT}` },
  "Element.screenshot": { weight: 1, meaning: "1 more; its bytes are behind its url" },
  "Screenshot.scaled": { weight: SCALED_WEIGHT, meaning: `${SCALED_WEIGHT}: an image is unpacked and packed again` },
  // Types of introspection, as the schema has them.
  "__Schema.types": { size: 100, meaning: "100 types" },
};

/** The list of a page: of so many objects as the arguments of the field around it say. undefined: the type is no page. */
export function listOfPage(typeName: string): string | undefined {
  return typeName.endsWith("Connection") ? "edges" : typeName === "ElementChanges" ? "changes" : undefined;
}

/** The edges of a connection; as many as there may be where `first` and `last` are none that it takes. */
export function pageSize({ first, last }: Arguments): number {
  const size = first ?? last ?? DEFAULT_PAGE_SIZE;
  return typeof size === "number" && size >= 1 && size < MAX_PAGE_SIZE ? size : MAX_PAGE_SIZE;
}

function searched(what: string): FieldCost {
  return {
    weight: ({ search }) => isGiven(search) && search !== "" ? SEARCH_WEIGHT : 0,
    meaning: `${SEARCH_WEIGHT} more with a search, which reads ${what}`,
  };
}

function filtered(): FieldCost {
  return {
    weight: ({ filter }) => isGiven(filter) ? FILTERED_LOG_WEIGHT : 0,
    meaning: `${FILTERED_LOG_WEIGHT} more with a filter, which may read much to find little`,
  };
}

function hashed(): FieldCost {
  return { weight: PASSWORD_WEIGHT, meaning: `${PASSWORD_WEIGHT}: a password is hashed for a quarter of a second` };
}

function htmlWeight(maxBytes: number): number {
  return Math.min(HTML_WEIGHT, Math.max(1, Math.ceil(maxBytes / HTML_BYTES_PER_WEIGHT)));
}

// More than any HTML has is refused before it costs anything.
function partWeight(bytes: unknown): number {
  if (typeof bytes !== "number" || bytes <= 0 || bytes > MAX_HTML_BYTES) return 1;
  return Math.ceil(bytes / HTML_BYTES_PER_WEIGHT);
}

function isGiven(value: unknown): boolean {
  return value !== null && value !== undefined;
}
