/** One statement of a file. */
export interface SqlStatement {
  sql: string;
  /** The same without comments, and with every string and quoted name emptied but its quotes: for looking at keywords. */
  outline: string;
  /** Of its first word in the file, from 1. */
  line: number;
}

/** Comments, strings and quoted names, words, and all else, one after the other. https://sqlite.org/lang_expr.html */
const TOKEN = /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|\w+|\s+|[\s\S]/g;

/** Cuts SQL into its statements; a trigger's body stays with it. `firstLine` is the line of the text's first character. */
export function splitStatements(text: string, firstLine = 1): SqlStatement[] {
  const statements: SqlStatement[] = [];
  let current = { sql: "", outline: "", line: firstLine };
  let line = firstLine;
  // BEGIN and CASE in a trigger, which END closes.
  let depth = 0;
  for (const [token] of text.matchAll(TOKEN)) {
    const isBlank = /^(\s|--|\/\*)/.test(token);
    if (current.outline.trim() === "" && !isBlank) current = { sql: "", outline: "", line };
    line += token.split("\n").length - 1;
    if (token === ";" && depth === 0) {
      if (current.outline.trim() !== "") statements.push(current);
      current = { sql: "", outline: "", line };
      continue;
    }
    current.sql += token;
    current.outline += outlineOf(token, isBlank);
    depth += depthOf(token, depth, current.outline);
  }
  if (current.outline.trim() !== "") statements.push(current);
  return statements;
}

function outlineOf(token: string, isBlank: boolean): string {
  if (isBlank) return " ";
  return /^['"`[]./s.test(token) ? `${token[0]}${token.at(-1)}` : token;
}

function depthOf(token: string, depth: number, outline: string): number {
  if (depth === 0) return /^begin$/i.test(token) && /^\s*create\s+(temp\w*\s+)?trigger\s/i.test(outline) ? 1 : 0;
  if (/^case$/i.test(token)) return 1;
  return /^end$/i.test(token) ? -1 : 0;
}
