import sql, { type Sql } from "sql-template-tag";
import type { Connection } from "../database/database.ts";
import type { Page } from "../graphql/pages.ts";
import { between, hasFewOf, matching, orderOf, projectPage, selectIds } from "./_filter_rows.ts";
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

/** Projects beyond which it takes long to ask each for its next element. */
const MANY_PROJECTS = 16;
/** Elements that are looked at before that: a fraction of a millisecond. */
const MAX_LOOKED_AT = 400;

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

// A member of many projects often has what is next of all elements. Else only the projects whose own next element comes first can have
// one on the page: a page of each of those, and then the page of those.
function memberPage(memberId: string, { filter, fields }: ElementListing, page: Page): Sql {
  const limit = page.limit + 1;
  const order = orderOf(page);
  const idsOf = (from: Sql, limit: number) =>
    selectIds({ project: sql`${from}.project_id`, hasFew: sql`${from}.has_few`, filter, page, limit });
  return sql`
    WITH mine AS MATERIALIZED (SELECT project_id FROM project_members WHERE user_id = ${memberId}),
    looked_at AS MATERIALIZED (
      SELECT id FROM (
        SELECT * FROM elements WHERE TRUE ${between(page, filter)} ORDER BY id ${order}
        LIMIT iif((SELECT count(*) FROM mine) > ${MANY_PROJECTS}, ${MAX_LOOKED_AT}, 0))
      WHERE project_id IN (SELECT project_id FROM mine) ${matching(filter)} LIMIT ${limit}),
    missing AS MATERIALIZED (
      SELECT project_id, ${hasFewOf({ project: sql`mine.project_id`, filter })} AS has_few FROM mine
      WHERE (SELECT count(*) FROM looked_at) < ${limit}),
    next AS MATERIALIZED (
      SELECT project_id, has_few, (SELECT ${page.fromEnd ? sql`min` : sql`max`}(id) FROM (${
    idsOf(sql`missing`, 1)
  })) AS id FROM missing),
    nearest AS MATERIALIZED (SELECT * FROM next WHERE id IS NOT NULL ORDER BY id ${order} LIMIT ${limit})
    SELECT ${columnsOf(fields)} FROM elements WHERE id IN (
      SELECT id FROM looked_at UNION ALL
      SELECT candidates.id FROM nearest CROSS JOIN elements AS candidates
        ON candidates.id IN (${idsOf(sql`nearest`, limit)}))
    ORDER BY id ${order} LIMIT ${limit}`;
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
