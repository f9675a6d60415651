import sql, { join } from "sql-template-tag";
import type { Connection } from "../database/database.ts";
import { listOf } from "../database/lists.ts";
import { spelledOut } from "./_match_rows.ts";
import { anywhere } from "./_search_terms.ts";

/** What a search looks into. */
export type SearchedField = (typeof FIELDS)[number];

/** What a search found of an element, in one of its texts. */
export interface Snippet {
  field: SearchedField;
  /** Consecutive pieces; `hit`: the search found it. */
  parts: { text: string; hit: boolean }[];
}

/** In the order of the index's columns, behind the project. */
const FIELDS = ["TEXT", "NOTE", "COMMENTS", "SELECTOR", "COMPONENT", "PAGE_TITLE", "PAGE_URL"] as const;
/** Of two texts that show as much, the one that tells more. */
const PREFERRED: readonly SearchedField[] = ["NOTE", "COMMENTS", "COMPONENT", "PAGE_TITLE", "TEXT"];
/** Words of a snippet around what was found: about a line. */
const SNIPPET_WORDS = 24;

/** The piece that shows the most of a search, for each of the elements; nothing for one that does not match any more. */
export async function findSnippets(
  connection: Connection,
  ids: readonly string[],
  match: string,
): Promise<Map<string, Snippet>> {
  // Nobody can have written it into a text: what stands between two of them is a hit.
  const mark = crypto.randomUUID();
  const snippets = FIELDS.map((_, index) =>
    sql`snippet(element_search, ${index + 1}, ${mark}, ${mark}, '…', ${SNIPPET_WORDS})`
  );
  // The index is read once, over the span of the page; a look-up for each element would gather the words' beginnings each time.
  const rows = await connection.all<{ id: string; texts: string }>(sql`
    WITH wanted AS MATERIALIZED (
      SELECT keys.id AS search_key, elements.id, elements.project_id FROM elements
        JOIN element_search_keys AS keys ON keys.element_id = elements.id WHERE elements.id IN ${listOf(ids)})
    SELECT wanted.id, json_array(${join(snippets)}) AS texts FROM element_search
      CROSS JOIN wanted ON wanted.search_key = +element_search.rowid
    WHERE element_search MATCH 'project : (' || coalesce((SELECT group_concat('"' || replace(project_id, '-', '') || '"', ' OR ')
        FROM (SELECT DISTINCT project_id FROM wanted)), '"none"') || ') AND (' || ${spelledOut(anywhere(match))} || ')'
      AND element_search.rowid BETWEEN (SELECT min(search_key) FROM wanted) AND (SELECT max(search_key) FROM wanted)
      AND CASE WHEN element_search.rowid & 63 THEN 1 ELSE still_wanted() END`);
  return new Map(rows.map(({ id, texts }) => [id, bestOf(JSON.parse(texts) as (string | null)[], mark)]));
}

function bestOf(texts: (string | null)[], mark: string): Snippet {
  const snippets = FIELDS.map((field, index): Snippet => ({ field, parts: toParts(texts[index] ?? "", mark) }));
  const preference = ({ field }: Snippet) => (PREFERRED.indexOf(field) + FIELDS.length) % FIELDS.length;
  const [best] = snippets.sort((a, b) => countHits(b) - countHits(a) || preference(a) - preference(b));
  if (best === undefined) throw new Error("Cannot choose among no texts");
  return best;
}

function toParts(text: string, mark: string): Snippet["parts"] {
  return text.split(mark).map((text, index) => ({ text, hit: index % 2 === 1 })).filter(({ text }) => text !== "");
}

/** Different ones: two words tell more than one word twice. */
function countHits({ parts }: Snippet): number {
  return new Set(parts.filter(({ hit }) => hit).map(({ text }) => text.toLowerCase())).size;
}
