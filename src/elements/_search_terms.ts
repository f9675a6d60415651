import { invalidInput } from "../base/errors.ts";

/** Words and phrases of one search: each reads its own part of the index. */
const MAX_TERMS = 32;
/** Characters of one search: more than anybody types. */
const MAX_SEARCH_LENGTH = 1_000;

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

// As the index cuts text: what is neither letter nor digit parts words, so "PayButton.tsx" is two of them.
function wordsOf(text: string): string[] {
  return text.match(/[\p{L}\p{N}\p{Co}\p{M}]+/gu) ?? [];
}

function phraseOf(text: string): string[] {
  const words = wordsOf(text);
  return words.length === 0 ? [] : [`"${words.join(" ")}"`];
}
