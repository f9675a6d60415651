import sql from "sql-template-tag";
import type { Connection } from "../database/database.ts";
import type { RankedPage } from "../graphql/pages.ts";
import { matching, orderOf } from "./_filter_rows.ts";
import type { ElementListing } from "./_list_rows.ts";
import { betweenKeys, found } from "./_match_rows.ts";
import { columnsOf, type ElementRow, toElement } from "./_rows.ts";
import { rankMatches } from "./_search_terms.ts";
import type { Element } from "./elements.ts";

/** An element of a search and how well it matches, 0 best. */
export type RankedElement = Element & { rank: number };

/**
 * At most one more than a page of what a search finds, the best rank first and newest first within one, or all of it the other
 * way round from the end. One statement a rank, until the page is full: each reads its page and no match behind it.
 */
export async function listRanked(
  connection: Connection,
  listing: Omit<ElementListing, "match">,
  { match, page }: { match: string; page: RankedPage },
): Promise<RankedElement[]> {
  const ranks = rankMatches(match).filter(({ rank }) =>
    (page.after === null || rank >= page.afterRank) && (page.before === null || rank <= page.beforeRank)
  );
  const listed: RankedElement[] = [];
  for (const { rank, expression } of page.fromEnd ? ranks.reverse() : ranks) {
    const missing = page.limit + 1 - listed.length;
    if (missing === 0) break;
    const keys = betweenKeys({
      after: rank === page.afterRank ? page.after : null,
      before: rank === page.beforeRank ? page.before : null,
    });
    const rows = await connection.all<ElementRow>(sql`
      SELECT ${columnsOf(listing.fields)} FROM ${found(listing, expression)} WHERE TRUE ${
      matching(listing.filter)
    } ${keys}
      ORDER BY search_key ${orderOf(page)} LIMIT ${missing}`);
    listed.push(...rows.map((row) => ({ ...toElement(row), rank })));
  }
  return listed;
}
