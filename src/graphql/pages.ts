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

/** The rows of a page in the list's order, and what is around them. */
export interface Slice<Item> {
  items: Item[];
  /** Whether there are more beyond the page, in the direction of reading. */
  hasMore: boolean;
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
export function readPage({ first, last, after, before }: PageArguments): Page {
  if (isGiven(first) && isGiven(last)) throw invalidInput(["last"], "Cannot page with both first and last");
  for (const [name, size] of [["first", first], ["last", last]] as const) {
    if (isGiven(size) && (size < 1 || size > MAX_PAGE_SIZE)) {
      throw invalidInput([name], `Cannot page by ${size}: ${name} must be from 1 to ${MAX_PAGE_SIZE}`);
    }
  }
  return {
    limit: first ?? last ?? DEFAULT_PAGE_SIZE,
    fromEnd: isGiven(last),
    after: isGiven(after) ? fromCursor("after", after) : null,
    before: isGiven(before) ? fromCursor("before", before) : null,
  };
}

/** Makes the connection of a page; the cursor is the item's id, so it holds while rows come and go. */
export function toConnection<Item extends { id: string }>(page: Page, slice: Slice<Item>): Connection<Item> {
  const edges = slice.items.map((node) => ({ cursor: toCursor(node.id), node }));
  return {
    edges,
    pageInfo: {
      hasNextPage: page.fromEnd ? page.before !== null : slice.hasMore,
      hasPreviousPage: page.fromEnd ? slice.hasMore : page.after !== null,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
    count: () => slice.count(),
  };
}

/** The slice of what was read with a limit of one more than the page's, in the direction of reading. */
export function toSlice<Item>(page: Page, read: Item[], count: () => Promise<number>): Slice<Item> {
  const items = read.slice(0, page.limit);
  return { items: page.fromEnd ? items.reverse() : items, hasMore: read.length > page.limit, count };
}

function toCursor(id: string): string {
  return `c_${id}`;
}

function fromCursor(argument: string, cursor: string): string {
  const id = cursor.slice(2);
  if (cursor.startsWith("c_") && isId(id)) return id;
  const shown = cursor.slice(0, 64);
  throw new AppError("INVALID_INPUT", `Cannot page from "${shown}": it is no cursor of this API`, {
    issues: [{ path: [argument], message: "must be a cursor that a page gave" }],
  });
}

function isGiven<T>(value: T | null | undefined): value is T {
  return value !== null && value !== undefined;
}
