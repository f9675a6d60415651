import sql, { empty, join, type Sql } from "sql-template-tag";
import type { Connection } from "../database/database.ts";
import { listOf } from "../database/lists.ts";
import type { Page } from "../graphql/pages.ts";
import { columnsOf, type ElementFields, type ElementRow, toElement } from "./_rows.ts";
import { anywhere } from "./_search_terms.ts";
import type { Element, ElementFilter } from "./elements.ts";

/** Which elements a list has: one project's, or those of all projects that somebody is a member of. */
export type ElementScope = { projectId: string } | { memberId: string };

/** What a list has; `match` is an expression of the full-text index. */
export interface ElementListing {
  scope: ElementScope;
  filter: ElementFilter;
  match: string | null;
  /** What is read of each; absent: all. */
  fields?: ElementFields | undefined;
}

/** At most one more than a page of the elements, newest first, or oldest first from the end. */
export async function listElements(connection: Connection, listing: ElementListing, page: Page): Promise<Element[]> {
  const rows = await connection.all<ElementRow>(
    listing.match !== null
      ? searchPage(listing, listing.match, page)
      : "projectId" in listing.scope
      ? projectPage(listing.scope.projectId, listing, page)
      : memberPage(listing.scope.memberId, listing, page),
  );
  return rows.map(toElement);
}

/** How many elements a list has in all. */
export async function countElements(connection: Connection, listing: ElementListing): Promise<number> {
  const { scope, filter, match } = listing;
  const row = await connection.get<{ count: number }>(
    match === null
      ? sql`SELECT count(*) AS count FROM elements WHERE ${inScope(scope)} ${matching(filter)}`
      : sql`SELECT count(*) AS count FROM ${found(scope, anywhere(match))} WHERE TRUE ${matching(filter)}`,
  );
  return row?.count ?? 0;
}

function projectPage(projectId: string, { filter, fields }: ElementListing, page: Page): Sql {
  return sql`
    SELECT ${columnsOf(fields)} FROM elements WHERE project_id = ${projectId} ${matching(filter)} ${between(page)}
    ORDER BY id ${orderOf(page)} LIMIT ${page.limit + 1}`;
}

// A page of each project and then the page of those: never more rows than that are sorted.
function memberPage(memberId: string, { filter, fields }: ElementListing, page: Page): Sql {
  return sql`
    SELECT ${columnsOf(fields)} FROM elements WHERE id IN (
      SELECT candidates.id FROM project_members AS members JOIN elements AS candidates ON candidates.id IN (
        SELECT id FROM elements WHERE project_id = members.project_id ${matching(filter)} ${between(page)}
        ORDER BY id ${orderOf(page)} LIMIT ${page.limit + 1})
      WHERE members.user_id = ${memberId})
    ORDER BY id ${orderOf(page)} LIMIT ${page.limit + 1}`;
}

// In the order of the index's keys, which is that of capturing, so that a page is read without the matches behind it.
function searchPage({ scope, filter, fields }: ElementListing, match: string, page: Page): Sql {
  return sql`
    SELECT ${columnsOf(fields)} FROM ${found(scope, anywhere(match))} WHERE TRUE ${matching(filter)} ${
    betweenKeys(page)
  }
    ORDER BY search_key ${orderOf(page)} LIMIT ${page.limit + 1}`;
}

/** The condition that an element's key in the index lies within the page; what its ends name may be gone. */
export function betweenKeys({ after, before }: Pick<Page, "after" | "before">): Sql {
  const keyFrom = (id: string) =>
    sql`(SELECT id FROM element_search_keys WHERE element_id >= ${id} ORDER BY element_id LIMIT 1)`;
  const keyTo = (id: string) =>
    sql`(SELECT id FROM element_search_keys WHERE element_id <= ${id} ORDER BY element_id DESC LIMIT 1)`;
  const later = after === null ? empty : sql`AND search_key < coalesce(${keyFrom(after)}, 9223372036854775807)`;
  const earlier = before === null ? empty : sql`AND search_key > coalesce(${keyTo(before)}, 0)`;
  return sql`${later} ${earlier}`;
}

/** The elements that an expression finds, each with its key in the index. The statement may be told to stop at every 64th. */
export function found(scope: ElementScope, expression: string): Sql {
  const projects = "projectId" in scope
    ? sql`SELECT ${scope.projectId} AS project_id`
    : sql`SELECT project_id FROM project_members WHERE user_id = ${scope.memberId}`;
  return sql`(
    SELECT element_search.rowid AS search_key, elements.* FROM element_search
      JOIN element_search_keys ON element_search_keys.id = element_search.rowid
      JOIN elements ON elements.id = element_search_keys.element_id
    WHERE element_search MATCH 'project : (' || coalesce((SELECT group_concat('"' || replace(project_id, '-', '') || '"', ' OR ')
        FROM (${projects})), '"none"') || ') AND (' || ${expression} || ')'
      AND CASE WHEN element_search.rowid & 63 THEN 1 ELSE still_wanted() END)`;
}

function between(page: Page): Sql {
  const after = page.after === null ? empty : sql`AND id < ${page.after}`;
  const before = page.before === null ? empty : sql`AND id > ${page.before}`;
  return sql`${after} ${before}`;
}

/** Newest first, read from the page's end. */
export function orderOf(page: Page): Sql {
  return page.fromEnd ? sql`ASC` : sql`DESC`;
}

function inScope(scope: ElementScope): Sql {
  return "projectId" in scope
    ? sql`project_id = ${scope.projectId}`
    : sql`project_id IN (SELECT project_id FROM project_members WHERE user_id = ${scope.memberId})`;
}

/** The condition of a filter. */
export function matching(filter: ElementFilter): Sql {
  const { status, pageUrlPrefix, pageId, tagName, capturedById, createdAfter, createdBefore } = filter;
  const conditions = [
    status && sql`AND status IN ${listOf(status)}`,
    // As a range, which the index knows; nothing sorts behind the last character of Unicode.
    pageUrlPrefix && sql`AND page_url >= ${pageUrlPrefix} AND page_url < ${`${pageUrlPrefix}\u{10ffff}\u{10ffff}`}`,
    isGiven(pageId) && sql`AND page_id = ${pageId}`,
    isGiven(tagName) && sql`AND tag_name = ${tagName} COLLATE NOCASE`,
    isGiven(capturedById) && sql`AND captured_by = ${capturedById}`,
    isGiven(createdAfter) && sql`AND created_at > ${createdAfter}`,
    isGiven(createdBefore) && sql`AND created_at < ${createdBefore}`,
  ].filter((condition) => typeof condition === "object" && condition !== null);
  return conditions.length === 0 ? empty : join(conditions, " ");
}

function isGiven<T>(value: T | null | undefined): value is T {
  return value !== null && value !== undefined;
}
