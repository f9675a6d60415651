/** An element as JSX writes it. A fragment has an empty tag. */
export interface JsxNode {
  tag: string;
  /** Where its "<" is in the text. */
  offset: number;
  /** Values where they are fixed texts; null: an expression. */
  attributes: Map<string, string | null>;
  hasSpread: boolean;
  /** The JSX around it: it is a child of that, or in an expression (`isInExpression`) among its children or attributes. */
  parent: JsxNode | null;
  isInExpression: boolean;
  /** Children without those in expressions. */
  children: JsxNode[];
  /** How many children before it, and whether any expression stands between them: by number of expressions. */
  expressionsBefore: number;
  expressions: number;
  text: string;
}

/** After what an expression begins, so that "<" opens an element and "/" a regular expression. */
const BEFORE_EXPRESSION = /(^|[([{,;:=?&|!]|=>|\breturn|\bdefault|\bcase|\byield|\bawait)$/;
const TAG = /<([A-Za-z][\w.:-]*|(?=>))/y;
const ATTRIBUTE = /\s*([A-Za-z_$][\w$:.-]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|(?=[{<])()))?/y;
const SPACE_AND_COMMENTS = /(?:\s|\/\/[^\n]*|\/\*[\s\S]*?\*\/)+/y;
const QUOTED = /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/y;
const REGULAR_EXPRESSION = /\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/y;
const MAX_LENGTH = 200_000;
const MAX_DEPTH = 300;

/** All JSX elements of a module's text, outer before inner; null where it can't be read with certainty. */
export function parseJsx(text: string): JsxNode[] | null {
  if (text.length > MAX_LENGTH) return null;
  const nodes: JsxNode[] = [];
  let at = 0;
  let depth = 0;
  try {
    readCode(null, false);
    return nodes;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return null;
    throw error;
  }

  // JavaScript up to the brace that closes it, or to the end of the text.
  function readCode(parent: JsxNode | null, isInner: boolean): void {
    if (++depth > MAX_DEPTH) throw new SyntaxError("Too deep");
    for (let end = at;;) {
      if (take(SPACE_AND_COMMENTS) !== null) continue;
      const sign = text[at];
      if (sign === undefined || sign === "}") break;
      const isExpected = BEFORE_EXPRESSION.test(text.slice(Math.max(0, end - 10), end));
      if (sign === "{") readBraces(parent);
      else if (sign === "`") readTemplate(parent);
      else if (sign === "<" && isExpected && /[A-Za-z>]/.test(text[at + 1] ?? "")) readElement(parent, true, 0);
      else if (!(sign === "/" && isExpected && take(REGULAR_EXPRESSION) !== null) && take(QUOTED) === null) at++;
      end = at;
    }
    if ((text[at] === "}") !== isInner) throw new SyntaxError("Braces do not match");
    depth--;
  }

  function readBraces(parent: JsxNode | null): void {
    at++;
    readCode(parent, true);
    at++;
  }

  function readTemplate(parent: JsxNode | null): void {
    for (at++; text[at] !== "`"; at++) {
      if (text[at] === undefined) throw new SyntaxError("Unclosed template");
      if (text[at] === "\\") at++;
      else if (text.startsWith("${", at)) {
        at++;
        readBraces(parent);
        at--;
      }
    }
    at++;
  }

  function readElement(parent: JsxNode | null, isInExpression: boolean, expressionsBefore: number): void {
    const offset = at;
    const tag = expect(TAG)[1] ?? "";
    const node: JsxNode = {
      tag,
      offset,
      attributes: new Map(),
      hasSpread: false,
      parent,
      isInExpression,
      children: [],
      expressionsBefore,
      expressions: 0,
      text: "",
    };
    nodes.push(node);
    if (!isInExpression) parent?.children.push(node);
    if (readAttributes(node)) readChildren(node);
  }

  function readAttributes(node: JsxNode): boolean {
    for (;;) {
      take(SPACE_AND_COMMENTS);
      if (text.startsWith("/>", at)) {
        at += 2;
        return false;
      }
      if (text[at] === ">") {
        at++;
        return true;
      }
      if (text[at] === "{") {
        node.hasSpread = true;
        readBraces(node);
        continue;
      }
      const [, name = "", double, single, expression] = expect(ATTRIBUTE);
      node.attributes.set(name, expression === undefined ? double ?? single ?? "" : null);
      if (expression === undefined) continue;
      if (text[at] === "{") readBraces(node);
      else readElement(node, true, 0);
    }
  }

  function readChildren(node: JsxNode): void {
    for (;;) {
      const end = text.slice(at).search(/[<{]/);
      if (end === -1) throw new SyntaxError("Unclosed element");
      node.text += text.slice(at, at + end);
      at += end;
      if (text.startsWith("</", at)) {
        const closing = text.indexOf(">", at);
        if (text.slice(at + 2, closing).trim() !== node.tag) throw new SyntaxError("Unopened element");
        at = closing + 1;
        return;
      }
      if (text[at] === "{") {
        node.expressions++;
        readBraces(node);
      } else readElement(node, false, node.expressions);
    }
  }

  function expect(pattern: RegExp): RegExpExecArray {
    const found = take(pattern);
    if (found === null) throw new SyntaxError("Unexpected text");
    return found;
  }

  function take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found !== null) at = pattern.lastIndex;
    return found;
  }
}
