import sql, { empty, join, type Sql } from "sql-template-tag";
import type { Page } from "../graphql/pages.ts";
import { blocksOf, isGiven } from "./_filter_rows.ts";
import type { ElementListing } from "./_list_rows.ts";
import type { ElementFilter } from "./elements.ts";

/** What a search is confined to. */
type Confines = Pick<ElementListing, "scope" | "filter">;

/** The mark of the index's words for what filters ask for: nobody's text begins with it. */
const FACET = "\u{e000}";
/** Words with one beginning, up to which each of them is read in order; FTS5 gathers all of their elements before it shows the first. */
const MAX_WORDS = 128;
/** Beginnings of so many letters have a list of their own, which is read in order. */
const MAX_LISTED_LENGTH = 4;
/** Projects beyond which an expression of them all is slow. */
const MANY_PROJECTS = 16;
/** Of that many elements found, one must be the member's for looking at them to be faster. */
const LARGE_SHARE = 20;
/** A word that no element has. */
const NOTHING = `"${FACET}none"`;
/** An element's block is its key without so many bits. */
const BLOCK_BITS = 10;

/**
 * The elements that an expression finds within a scope, each with its key in the index; of the filter only what the index
 * knows. The statement may be told to stop at every 64th.
 */
export function found(confines: Confines, expression: string): Sql {
  const { scope } = confines;
  const isMine = "projectId" in scope
    ? empty
    : sql`AND +elements.project_id IN (SELECT project_id FROM project_members WHERE user_id = ${scope.memberId})`;
  return sql`(
    SELECT element_search.rowid AS search_key, elements.* FROM element_search
      CROSS JOIN element_search_keys ON element_search_keys.id = element_search.rowid
      CROSS JOIN elements ON elements.id = element_search_keys.element_id
    WHERE ${matched(confines, expression)} ${isMine})`;
}

/**
 * The condition on `element_search` that an expression finds an element within what the index knows of a scope and a filter:
 * of one project it knows all.
 */
export function matched({ scope, filter }: Confines, expression: string): Sql {
  const projects = "projectId" in scope
    ? sql`${`"${scope.projectId.replaceAll("-", "")}"`}`
    : projectsOf(scope.memberId);
  return sql`element_search MATCH concat_ws(' AND ', 'project : (' || ${projects} || ')', nullif(${
    facetsOf(filter)
  }, ''),
      '(' || ${spelledOut(expression)} || ')') ${withinBlocks(filter)}
    AND CASE WHEN element_search.rowid & 63 THEN 1 ELSE still_wanted() END`;
}

// Each word of an expression costs something with each element: of many projects that have much of everything, the elements found are
// looked at instead.
function projectsOf(memberId: string): Sql {
  return sql`(
    SELECT CASE WHEN count(*) = 0 THEN '"none"'
      WHEN count(*) <= ${MANY_PROJECTS} OR sum(revision) * ${LARGE_SHARE} < (SELECT max(id) FROM element_search_keys)
        THEN group_concat('"' || replace(project_id, '-', '') || '"', ' OR ') END
    FROM project_members JOIN projects ON projects.id = project_id WHERE user_id = ${memberId})`;
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

/**
 * An expression in which the beginnings of words are the words themselves, where they are few. FTS5 reads words in the index's
 * order and stops with the page; of a beginning that has no list it gathers every element first.
 */
export function spelledOut(expression: string): Sql {
  // SQLite folds other letters than those of ASCII by rules of its own.
  const beginnings = expression.matchAll(/"([A-Za-z0-9]+)"\*/g).filter(([, text = ""]) =>
    text.length > MAX_LISTED_LENGTH
  );
  const terms = new Map(Array.from(beginnings, ([term, text = ""]) => [term, text.toLowerCase()]));
  return [...terms].reduce(
    (text, [term, beginning]) => sql`replace(${text}, ${term}, coalesce(${wordsWith(beginning)}, ${term}))`,
    sql`${expression}`,
  );
}

// The words are jumped to one after the other; null where there is none or where they are too many.
function wordsWith(beginning: string): Sql {
  const next = (from: Sql) => sql`(SELECT term FROM element_search_words WHERE term >= ${from} LIMIT 1)`;
  const end = `${beginning}\u{10ffff}`;
  return sql`(
    WITH RECURSIVE words (word, missing) AS (
      SELECT ${next(sql`${beginning}`)}, ${MAX_WORDS}
      UNION ALL SELECT ${next(sql`word || char(1)`)}, missing - 1 FROM words WHERE word < ${end} AND missing > 0)
    SELECT iif(min(missing) > 0, '(' || group_concat('"' || word || '"', ' OR ') || ')', NULL) FROM words WHERE word < ${end})`;
}

// An expression for what of a filter is a word of the index, null where nothing is. A status is none: it changes, and forgetting an
// element's words takes the index milliseconds.
function facetsOf({ tagName, pageId, capturedById }: ElementFilter): Sql {
  const tag = tagName?.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  const tagFacet = isGiven(tag) ? `project : "${FACET}t${toHex(tag)}"` : null;
  const pageFacet = isGiven(pageId) ? `project : "${FACET}p${toHex(pageId)}"` : null;
  if (!isGiven(capturedById)) return sql`concat_ws(' AND ', ${tagFacet}, ${pageFacet})`;
  return sql`concat_ws(' AND ', ${tagFacet}, ${pageFacet}, 'project : ' || coalesce((
    SELECT ${`"${FACET}c`} || number || '"' FROM element_captors WHERE user_id = ${capturedById}), ${NOTHING}))`;
}

function toHex(text: string): string {
  return new TextEncoder().encode(text).toHex();
}

function withinBlocks(filter: ElementFilter): Sql {
  const blocks = blocksOf(filter);
  if (blocks === null) return empty;
  return join([
    sql`AND element_search.rowid >= (SELECT min(block) << ${BLOCK_BITS} FROM ${blocks})`,
    sql`AND element_search.rowid < (SELECT max(block) + 1 << ${BLOCK_BITS} FROM ${blocks})`,
  ], " ");
}
