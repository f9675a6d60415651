import { AppError, invalidInput } from "../base/errors.ts";
import { isId } from "../base/ids.ts";

/** The paging arguments of a Relay connection. https://relay.dev/graphql/connections.htm#sec-Arguments */
export interface PageArguments {
  first?: number | null | undefined;
  last?: number | null | undefined;
  after?: string | null | undefined;
  before?: string | null | undefined;
}

/** Which rows to read of an ordered list: at most `limit`, strictly between the keys, from its start or its end. */
export interface Page {
  limit: number;
  fromEnd: boolean;
  after: string | null;
  before: string | null;
}

/** A page of a list that is ordered by rank first, best (0) first, and by id within a rank. */
export interface RankedPage extends Page {
  /** Of `after`, where that is given. */
  afterRank: number;
  /** Of `before`, where that is given. */
  beforeRank: number;
}

/** The rows of a page in the list's order, and what is around them. */
export interface Slice<Item> {
  items: Item[];
  /** Whether there are more beyond the page, in the direction of reading. */
  hasMore: boolean;
  /** In a list that is ordered by rank first: those of the items. */
  ranks?: number[];
  /** The length of the whole list. */
  count(): Promise<number>;
}

/** A Relay connection as the schema builder wants it. */
export interface Connection<Item> {
  edges: { cursor: string; node: Item }[];
  pageInfo: {
    hasNextPage: boolean;
    hasPreviousPage: boolean;
    startCursor: string | null;
    endCursor: string | null;
  };
  count(): Promise<number>;
}

/** What a page has where neither `first` nor `last` is given. */
export const DEFAULT_PAGE_SIZE = 20;
/** What a page has at most. */
export const MAX_PAGE_SIZE = 100;

/** Reads the paging arguments; `first: 20` where neither is given. Throws `INVALID_INPUT`. */
export function readPage(args: PageArguments): Page {
  const { limit, fromEnd, after, before } = readPlaces(args, "c");
  return { limit, fromEnd, after, before };
}

/** Reads the paging arguments of a list that is ordered by rank first; its cursors are of no other list. Throws as `readPage`. */
export function readRankedPage(args: PageArguments): RankedPage {
  return readPlaces(args, "r");
}

function readPlaces({ first, last, after, before }: PageArguments, kind: CursorKind): RankedPage {
  if (isGiven(first) && isGiven(last)) throw invalidInput(["last"], "Cannot page with both first and last");
  for (const [name, size] of [["first", first], ["last", last]] as const) {
    if (isGiven(size) && (size < 1 || size > MAX_PAGE_SIZE)) {
      throw invalidInput([name], `Cannot page by ${size}: ${name} must be from 1 to ${MAX_PAGE_SIZE}`);
    }
  }
  const from = isGiven(after) ? fromCursor("after", after, kind) : null;
  const until = isGiven(before) ? fromCursor("before", before, kind) : null;
  return {
    limit: first ?? last ?? DEFAULT_PAGE_SIZE,
    fromEnd: isGiven(last),
    after: from?.id ?? null,
    before: until?.id ?? null,
    afterRank: from?.rank ?? 0,
    beforeRank: until?.rank ?? 0,
  };
}

/** Makes the connection of a page; the cursor is the item's id, with its rank where the list has them, so it holds while rows come and go. */
export function toConnection<Item extends { id: string }>(page: Page, slice: Slice<Item>): Connection<Item> {
  let counted: Promise<number> | undefined;
  const edges = slice.items.map((node, index) => ({ cursor: toCursor(node.id, slice.ranks?.[index]), node }));
  return {
    edges,
    pageInfo: {
      hasNextPage: page.fromEnd ? page.before !== null : slice.hasMore,
      hasPreviousPage: page.fromEnd ? slice.hasMore : page.after !== null,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
    // Once, under however many names it is asked for.
    count: () => counted ??= slice.count(),
  };
}

/** The slice of what was read with a limit of one more than the page's, in the direction of reading. */
export function toSlice<Item>(page: Page, read: Item[], count: () => Promise<number>): Slice<Item> {
  const items = read.slice(0, page.limit);
  return { items: page.fromEnd ? items.reverse() : items, hasMore: read.length > page.limit, count };
}

/** `c_<id>` in a list by id, `r<rank>_<id>` in one by rank. */
type CursorKind = "c" | "r";

function toCursor(id: string, rank: number | undefined): string {
  return rank === undefined ? `c_${id}` : `r${rank}_${id}`;
}

function fromCursor(argument: string, cursor: string, kind: CursorKind): { id: string; rank: number } {
  const [, letter, rank = "", id = ""] = /^([cr])(\d?)_(.*)$/.exec(cursor) ?? [];
  if (letter === kind && isId(id) && (rank === "") === (kind === "c")) return { id, rank: Number(rank) };
  const shown = cursor.slice(0, 64);
  throw new AppError("INVALID_INPUT", `Cannot page from "${shown}": it is no cursor of this list`, {
    issues: [{ path: [argument], message: "must be a cursor that a page of the same list gave" }],
  });
}

function isGiven<T>(value: T | null | undefined): value is T {
  return value !== null && value !== undefined;
}
