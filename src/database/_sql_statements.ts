/** One statement of a file. */
export interface SqlStatement {
  sql: string;
  /** Its words, quoted names, strings and signs, without white space and comments: for looking at keywords. */
  tokens: string[];
  /** Of its first word in the file, from 1. */
  line: number;
}

/** Comments, strings and quoted names, words, and all else, one after the other. https://sqlite.org/lang_expr.html */
const TOKEN =
  /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|[\w$\u0080-\uffff]+|\s+|[\s\S]/g;

/** Cuts SQL into its statements; a trigger's body stays with it. `firstLine` is the line of the text's first character. */
export function splitStatements(text: string, firstLine = 1): SqlStatement[] {
  const statements: SqlStatement[] = [];
  let current: SqlStatement = { sql: "", tokens: [], line: firstLine };
  let line = firstLine;
  // BEGIN and CASE in a trigger, which END closes.
  let depth = 0;
  for (const [token] of text.matchAll(TOKEN)) {
    const isBlank = /^(\s|--|\/\*)/.test(token);
    if (current.tokens.length === 0 && !isBlank) current = { sql: "", tokens: [], line };
    line += token.split("\n").length - 1;
    if (token === ";" && depth === 0) {
      if (current.tokens.length > 0) statements.push(current);
      current = { sql: "", tokens: [], line };
      continue;
    }
    current.sql += token;
    if (isBlank) continue;
    current.tokens.push(token);
    depth += depthOf(token, depth, current.tokens);
  }
  if (current.tokens.length > 0) statements.push(current);
  return statements;
}

function depthOf(token: string, depth: number, tokens: string[]): number {
  if (depth === 0) return /^begin$/i.test(token) && isTrigger(tokens) ? 1 : 0;
  if (/^case$/i.test(token)) return 1;
  return /^end$/i.test(token) ? -1 : 0;
}

function isTrigger(tokens: string[]): boolean {
  return /^create (temp\w* )?trigger /i.test(tokens.slice(0, 4).join(" "));
}
