import sql from "sql-template-tag";
import type { Connection } from "../database/database.ts";
import type { RankedPage } from "../graphql/pages.ts";
import { betweenKeys, type ElementListing, found, matching, orderOf } from "./_list_rows.ts";
import { COLUMNS, type ElementRow, toElement } from "./_rows.ts";
import { anywhere, rankMatches } from "./_search_terms.ts";
import type { Element } from "./elements.ts";

/** A piece of a text; `hit`: the search found it. */
export interface SnippetPart {
  text: string;
  hit: boolean;
}

/** An element of a search and how well it matches, 0 best. */
export type RankedElement = Element & { rank: number };

/** Words of a snippet around what was found: about a line. */
const SNIPPET_WORDS = 24;

/**
 * At most one more than a page of what a search finds, the best rank first and newest first within one, or all of it the other
 * way round from the end. One statement a rank, until the page is full: each reads its page and no match behind it.
 */
export async function listRanked(
  connection: Connection,
  { scope, filter }: Omit<ElementListing, "match">,
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
      SELECT ${COLUMNS} FROM ${found(scope, expression)} WHERE TRUE ${matching(filter)} ${keys}
      ORDER BY search_key ${orderOf(page)} LIMIT ${missing}`);
    listed.push(...rows.map((row) => ({ ...toElement(row), rank })));
  }
  return listed;
}

/** The piece of each element's texts that has the most of the terms; nothing of one that does not match any more. */
export async function findSnippets(
  connection: Connection,
  ids: readonly string[],
  match: string,
): Promise<Map<string, SnippetPart[]>> {
  // Nobody can have written it into a text: what stands between two of them is a hit.
  const mark = crypto.randomUUID();
  const rows = await connection.all<{ id: string; snippet: string }>(sql`
    SELECT wanted.value AS id, snippet(element_search, -1, ${mark}, ${mark}, '…', ${SNIPPET_WORDS}) AS snippet
    FROM json_each(${JSON.stringify(ids)}) AS wanted
      JOIN element_search_keys ON element_search_keys.element_id = wanted.value
      JOIN element_search ON element_search.rowid = element_search_keys.id
    WHERE element_search MATCH ${anywhere(match)} AND still_wanted()`);
  return new Map(rows.map(({ id, snippet }) => [id, toParts(snippet.split(mark))]));
}

function toParts(texts: string[]): SnippetPart[] {
  return texts.map((text, index) => ({ text, hit: index % 2 === 1 })).filter(({ text }) => text !== "");
}
