import { invalidInput } from "../base/errors.ts";

/** An expression of the full-text index for one rank of the matches. */
export interface RankedMatch {
  /** 0 is best. */
  rank: number;
  expression: string;
}

/** Words and phrases of one search: each reads its own part of the index. */
const MAX_TERMS = 32;
/** Characters of one search: more than anybody types. */
const MAX_SEARCH_LENGTH = 1_000;

/** The columns that are searched, what tells most of an element first. */
const COLUMN_GROUPS = ["note comments", "component title", "selector text url"];

/**
 * What a person typed as an expression of the full-text index: each word as a prefix, each "quoted phrase" as it is, all of
 * them must be there. Whatever was typed is quoted, so nothing of it is an operator. https://sqlite.org/fts5.html#fts5_strings
 * null where it is blank. Throws `INVALID_INPUT` where there is no word in it, or too much.
 */
export function toMatchExpression(search: string): string | null {
  if (search.trim() === "") return null;
  if (search.length > MAX_SEARCH_LENGTH || !search.isWellFormed() || search.includes("\0")) {
    throw invalidInput(
      ["search"],
      `Cannot search for this: give at most ${MAX_SEARCH_LENGTH} characters of plain text`,
    );
  }
  const terms = Array.from(search.matchAll(/"([^"]*)"?|([^\s"]+)/g), ([, phrase, word]) => {
    return phrase === undefined ? wordsOf(word ?? "").map((text) => `"${text}"*`) : phraseOf(phrase);
  }).flat();
  if (terms.length === 0) throw invalidInput(["search"], "Cannot search for nothing: give at least one word");
  if (terms.length > MAX_TERMS) {
    throw invalidInput(["search"], `Cannot search for more than ${MAX_TERMS} words at once`);
  }
  return terms.join(" AND ");
}

/** The expression for matches in any of the columns that are searched. */
export function anywhere(match: string): string {
  return within(COLUMN_GROUPS.length, match);
}

/**
 * Parts the matches by rank, best first: each match has one rank, which depends on its own texts alone, so that it stays where
 * it is while others come and go. The fewer columns hold all the terms, the better; whole words before beginnings.
 */
export function rankMatches(match: string): RankedMatch[] {
  const whole = match.replaceAll(`"*`, `"`);
  return COLUMN_GROUPS.flatMap((_, group) => {
    const better = group === 0 ? null : within(group, match);
    const wholeWords = within(group + 1, whole);
    const beginnings = whole === match ? [] : [without(within(group + 1, match), better, wholeWords)];
    return [without(wholeWords, better), ...beginnings].map((expression, kind) => ({
      rank: group * 2 + kind,
      expression,
    }));
  });
}

/** Matches in the first groups of columns. */
function within(groups: number, match: string): string {
  return `{${COLUMN_GROUPS.slice(0, groups).join(" ")}} : (${match})`;
}

function without(expression: string, ...others: (string | null)[]): string {
  const excluded = others.filter((other) => other !== null).map((other) => `(${other})`);
  return excluded.length === 0 ? expression : `(${expression}) NOT (${excluded.join(" OR ")})`;
}

// As the index cuts text: what is neither letter nor digit parts words, so "PayButton.tsx" is two of them.
function wordsOf(text: string): string[] {
  return text.match(/[\p{L}\p{N}\p{Co}\p{M}]+/gu) ?? [];
}

function phraseOf(text: string): string[] {
  const words = wordsOf(text);
  return words.length === 0 ? [] : [`"${words.join(" ")}"`];
}
