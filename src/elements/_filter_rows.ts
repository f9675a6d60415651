import sql, { empty, join, type Sql } from "sql-template-tag";
import { listOf } from "../database/lists.ts";
import type { Page } from "../graphql/pages.ts";
import type { ElementFilter } from "./elements.ts";

/** What of one project to read in the order of its ids. */
export interface IdsRequest {
  /** Its id, or a column that has it. */
  project: Sql;
  /** Whether few of its elements have the filter's URL; see `hasFewOf`. */
  hasFew: Sql;
  filter: ElementFilter;
  page: Page;
  /** Ids at most. */
  limit: number;
}

/** A range of an index in which elements lie in the order of their ids, and what else they must be. */
interface Range {
  index: Sql;
  condition: Sql;
  rest: ElementFilter;
  /** Where this is false, nothing is read. */
  isOpen?: Sql;
}

/** Elements of a URL prefix up to which sorting them is faster than reading the project's newest until enough have it. */
const MAX_SORTED = 2_000;
const STATUSES = 4;

/** Selects the ids that a filter leaves: each range in order and no further than the limit, one after the other. */
export function selectIds({ limit, ...request }: IdsRequest): Sql {
  const ranges = rangesOf(request).map((range) => sql`SELECT id FROM ${inRange(request, range)} LIMIT ${limit}`);
  const [first = sql`SELECT NULL AS id WHERE FALSE`, ...others] = ranges;
  return others.length === 0 ? first : join(ranges.map((range) => sql`SELECT id FROM (${range})`), " UNION ALL ");
}

/** A page of one project's elements: its table, conditions and order, to stand behind `SELECT … FROM`. */
export function projectPage(request: Omit<IdsRequest, "hasFew">): Sql {
  const { page, limit } = request;
  const whole = { ...request, hasFew: hasFewOf(request) };
  const [range, ...others] = rangesOf(whole);
  if (range !== undefined && others.length === 0) return sql`${inRange(whole, range)} LIMIT ${limit}`;
  return sql`elements WHERE id IN (${selectIds(whole)}) ORDER BY id ${orderOf(page)} LIMIT ${limit}`;
}

/** Asks whether few of a project's elements have the filter's URL; to be asked once a project, and nothing where it does not matter. */
export function hasFewOf({ project, filter }: Pick<IdsRequest, "project" | "filter">): Sql {
  const { pageUrlPrefix } = filter;
  if (!pageUrlPrefix) return sql`NULL`;
  return sql`((SELECT count(*) FROM (
    SELECT 1 FROM elements INDEXED BY elements_by_page_url WHERE project_id = ${project} ${startingWith(pageUrlPrefix)}
    LIMIT ${MAX_SORTED + 1})) <= ${MAX_SORTED})`;
}

/** Newest first, read from the page's end. */
export function orderOf(page: Page): Sql {
  return page.fromEnd ? sql`ASC` : sql`DESC`;
}

/** The condition of a filter. */
export function matching(filter: ElementFilter): Sql {
  const { status, pageUrlPrefix, pageId, tagName, capturedById, createdAfter, createdBefore } = filter;
  const conditions = [
    status && sql`AND status IN ${listOf(status)}`,
    pageUrlPrefix && startingWith(pageUrlPrefix),
    isGiven(pageId) && sql`AND page_id = ${pageId}`,
    isGiven(tagName) && sql`AND tag_name = ${tagName} COLLATE NOCASE`,
    isGiven(capturedById) && sql`AND captured_by = ${capturedById}`,
    isGiven(createdAfter) && sql`AND created_at > ${createdAfter}`,
    isGiven(createdBefore) && sql`AND created_at < ${createdBefore}`,
  ].filter((condition) => typeof condition === "object" && condition !== null);
  return conditions.length === 0 ? empty : join(conditions, " ");
}

/** The blocks in which some element was captured between a filter's times; null where it has none. */
export function blocksOf({ createdAfter, createdBefore }: ElementFilter): Sql | null {
  if (!isGiven(createdAfter) && !isGiven(createdBefore)) return null;
  const after = isGiven(createdAfter) ? sql`AND newest > ${createdAfter}` : empty;
  const before = isGiven(createdBefore) ? sql`AND oldest < ${createdBefore}` : empty;
  return sql`element_blocks WHERE TRUE ${after} ${before}`;
}

/** Whether something was given. */
export function isGiven<T>(value: T | null | undefined): value is T {
  return value !== null && value !== undefined;
}

// The index is named: by its statistics, or for want of them, SQLite may take one that reads and sorts the whole project.
function inRange(
  { project, page, filter }: Pick<IdsRequest, "project" | "page" | "filter">,
  { index, condition, rest, isOpen }: Range,
): Sql {
  // No row has NULL, which SQLite knows before it reads any; another condition would be asked row by row.
  const key = isOpen === undefined ? project : sql`iif(${isOpen}, ${project}, NULL)`;
  return sql`elements INDEXED BY ${index} WHERE project_id = ${key} ${condition} ${matching(rest)}
    ${between(page, filter)} ORDER BY id ${orderOf(page)}`;
}

// What leaves the least is read; of what it leaves, each row is looked at.
function rangesOf({ filter, hasFew }: Pick<IdsRequest, "filter" | "hasFew">): Range[] {
  const { status, pageUrlPrefix, pageId, tagName, capturedById } = filter;
  if (isGiven(pageId)) {
    return [{ index: sql`elements_by_page`, condition: sql`AND page_id = ${pageId}`, rest: without(filter, "pageId") }];
  }
  if (isGiven(capturedById)) {
    const condition = sql`AND captured_by = ${capturedById}`;
    return [{ index: sql`elements_by_captor`, condition, rest: without(filter, "capturedById") }];
  }
  if (isGiven(tagName)) {
    const condition = sql`AND tag_name = ${tagName} COLLATE NOCASE`;
    return [{ index: sql`elements_by_tag_name`, condition, rest: without(filter, "tagName") }];
  }
  const statuses = [...new Set(status)];
  if (status && statuses.length < STATUSES) {
    const rest = without(filter, "status");
    return statuses.map((one) => ({ index: sql`elements_by_status`, condition: sql`AND status = ${one}`, rest }));
  }
  if (pageUrlPrefix) return urlRanges(hasFew, pageUrlPrefix, without(filter, "pageUrlPrefix"));
  return [{ index: sql`elements_by_project`, condition: empty, rest: filter }];
}

// One of the two is empty at once: few elements are sorted, and many are soon found in the project's order.
function urlRanges(hasFew: Sql, prefix: string, rest: ElementFilter): Range[] {
  const condition = startingWith(prefix);
  return [
    { index: sql`elements_by_page_url`, condition, rest, isOpen: hasFew },
    { index: sql`elements_by_project`, condition, rest, isOpen: sql`NOT ${hasFew}` },
  ];
}

function without(filter: ElementFilter, name: keyof ElementFilter): ElementFilter {
  return { ...filter, [name]: null };
}

// As a range, which the index knows; nothing sorts behind the last character of Unicode.
function startingWith(prefix: string): Sql {
  return sql`AND page_url >= ${prefix} AND page_url < ${`${prefix}\u{10ffff}\u{10ffff}`}`;
}

/**
 * The condition that ids lie within the page, and not far outside of a filter's times. One end each way: of two, SQLite would
 * begin at either one and read on to the other.
 */
export function between(page: Page, filter: ElementFilter): Sql {
  const blocks = blocksOf(filter);
  const newest = blocks && isGiven(filter.createdBefore) ? sql`(SELECT max(last_id) || 'g' FROM ${blocks})` : null;
  const oldest = blocks && isGiven(filter.createdAfter)
    ? sql`(SELECT substr(min(first_id), 1, 35) FROM ${blocks})`
    : null;
  const ends = [newest, page.after === null ? null : sql`${page.after}`].filter(isGiven);
  const starts = [oldest, page.before === null ? null : sql`${page.before}`].filter(isGiven);
  const below = ends.length === 0 ? empty : sql`AND id < ${ends.length === 1 ? ends[0] : sql`min(${join(ends)})`}`;
  const above = starts.length === 0
    ? empty
    : sql`AND id > ${starts.length === 1 ? starts[0] : sql`max(${join(starts)})`}`;
  return sql`${below} ${above}`;
}
