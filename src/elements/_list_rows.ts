import sql, { type Sql } from "sql-template-tag";
import type { Connection } from "../database/database.ts";
import type { Page } from "../graphql/pages.ts";
import { hasFewOf, matching, orderOf, projectPage, selectIds } from "./_filter_rows.ts";
import { betweenKeys, found, matched } from "./_match_rows.ts";
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
  const { scope, filter, match, fields } = listing;
  const limit = page.limit + 1;
  const rows = await connection.all<ElementRow>(
    match !== null
      ? searchPage(listing, match, page)
      : "projectId" in scope
      ? sql`SELECT ${columnsOf(fields)} FROM ${projectPage({ project: sql`${scope.projectId}`, filter, page, limit })}`
      : memberPage(scope.memberId, listing, page),
  );
  return rows.map(toElement);
}

/** How many elements a list has in all: as slow as they are many. */
export async function countElements(connection: Connection, listing: ElementListing): Promise<number> {
  const { scope, filter, match } = listing;
  const condition = matching(filter);
  const row = await connection.get<{ count: number }>(
    match === null
      ? sql`SELECT count(*) AS count FROM elements WHERE ${inScope(scope)} ${condition}`
      : condition.sql === "" && "projectId" in scope
      ? sql`SELECT count(*) AS count FROM element_search WHERE ${matched(listing, anywhere(match))}`
      : sql`SELECT count(*) AS count FROM ${found(listing, anywhere(match))} WHERE TRUE ${condition}`,
  );
  return row?.count ?? 0;
}

// Only the projects whose next element comes first can have one on the page: a page of each of those, and then the page of those.
function memberPage(memberId: string, { filter, fields }: ElementListing, page: Page): Sql {
  const limit = page.limit + 1;
  const best = page.fromEnd ? sql`min` : sql`max`;
  const idsOf = (from: Sql, limit: number) =>
    selectIds({ project: sql`${from}.project_id`, hasFew: sql`${from}.has_few`, filter, page, limit });
  return sql`
    WITH mine AS MATERIALIZED (
      SELECT project_id, ${
    hasFewOf({ project: sql`project_members.project_id`, filter })
  } AS has_few FROM project_members
      WHERE user_id = ${memberId}),
    next AS MATERIALIZED (
      SELECT project_id, has_few, (SELECT ${best}(id) FROM (${idsOf(sql`mine`, 1)})) AS id FROM mine),
    nearest AS MATERIALIZED (SELECT * FROM next WHERE id IS NOT NULL ORDER BY id ${orderOf(page)} LIMIT ${limit})
    SELECT ${columnsOf(fields)} FROM elements WHERE id IN (
      SELECT candidates.id FROM nearest CROSS JOIN elements AS candidates
        ON candidates.id IN (${idsOf(sql`nearest`, limit)}))
    ORDER BY id ${orderOf(page)} LIMIT ${limit}`;
}

// In the order of the index's keys, which is that of capturing, so that a page is read without the matches behind it.
function searchPage(listing: ElementListing, match: string, page: Page): Sql {
  return sql`
    SELECT ${columnsOf(listing.fields)} FROM ${found(listing, anywhere(match))} WHERE TRUE ${
    matching(listing.filter)
  } ${betweenKeys(page)}
    ORDER BY search_key ${orderOf(page)} LIMIT ${page.limit + 1}`;
}

function inScope(scope: ElementScope): Sql {
  return "projectId" in scope
    ? sql`project_id = ${scope.projectId}`
    : sql`project_id IN (SELECT project_id FROM project_members WHERE user_id = ${scope.memberId})`;
}
