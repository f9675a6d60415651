/** An element as a template writes it. */
export interface MarkupNode {
  tag: string;
  /** Where its "<" is in the text. */
  offset: number;
  /** As written: directives with their arguments; null: without a value. */
  attributes: Map<string, string | null>;
  parent: MarkupNode | null;
  children: MarkupNode[];
  /** The text directly in it, its parts between children; comments left out. */
  texts: string[];
}

const VOID = /^(area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr)$/i;
const RAW = /^(script|style|textarea)$/i;
const OPENING = /<([A-Za-z][^\s/>]*)/y;
const ATTRIBUTE = /\s*([^\s=>/][^\s=>]*?)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+)))?(?=[\s/>])/y;
const OPENING_END = /\s*(\/?)>/y;
const CLOSING = /<\/([A-Za-z][^\s>]*)\s*>/y;
const COMMENT = /<!--[\s\S]*?-->|<![^>]*>/y;
const TEXT = /(?:\{\{[\s\S]*?\}\}|[^<{]|\{(?!\{)|<(?![A-Za-z/!]))+/y;
const MAX_LENGTH = 1_000_000;
const MAX_NODES = 20_000;

/** The elements of a template (HTML as Vue's compiler reads it), roots first; null where it is not as regular as the compiler wants it. */
export function parseMarkup(text: string): MarkupNode[] | null {
  if (text.length > MAX_LENGTH) return null;
  const root: MarkupNode = { tag: "", offset: 0, attributes: new Map(), parent: null, children: [], texts: [""] };
  const position = { at: 0 };
  let current = root;
  let count = 0;
  while (position.at < text.length) {
    const closing = take(CLOSING, text, position);
    if (closing !== null) {
      if (closing[1] !== current.tag || current.parent === null) return null;
      current = current.parent;
      continue;
    }
    if (take(COMMENT, text, position) !== null) continue;
    const words = take(TEXT, text, position);
    if (words !== null) {
      current.texts.push((current.texts.pop() ?? "") + words[0]);
      continue;
    }
    const opened = takeElement(text, position, current);
    if (opened === null || ++count > MAX_NODES) return null;
    if (opened.isOpen) current = opened.node;
  }
  if (current !== root) return null;
  for (const child of root.children) child.parent = null;
  return root.children;
}

function takeElement(
  text: string,
  position: { at: number },
  parent: MarkupNode,
): { node: MarkupNode; isOpen: boolean } | null {
  const offset = position.at;
  const tag = take(OPENING, text, position)?.[1];
  if (tag === undefined) return null;
  const attributes = new Map<string, string | null>();
  let end = take(OPENING_END, text, position);
  while (end === null) {
    const found = take(ATTRIBUTE, text, position);
    if (found === null) return null;
    const [, name = "", double, single, bare] = found;
    attributes.set(name, double ?? single ?? bare ?? null);
    end = take(OPENING_END, text, position);
  }
  const node: MarkupNode = { tag, offset, attributes, parent, children: [], texts: [""] };
  parent.children.push(node);
  parent.texts.push("");
  if (end[1] === "/" || VOID.test(tag)) return { node, isOpen: false };
  if (!RAW.test(tag) && !isForeignBlock(node)) return { node, isOpen: true };
  const close = text.indexOf(`</${tag}`, position.at);
  if (close === -1) return null;
  node.texts = [text.slice(position.at, close)];
  position.at = close;
  return take(CLOSING, text, position) === null ? null : { node, isOpen: false };
}

// Of a Vue file's blocks only the template is markup; written in another language it is none either.
function isForeignBlock({ tag, attributes, parent }: MarkupNode): boolean {
  if (parent?.tag !== "" || parent.parent !== null) return false;
  return tag !== "template" || !["html", null, undefined].includes(attributes.get("lang"));
}

function take(pattern: RegExp, text: string, position: { at: number }): RegExpExecArray | null {
  pattern.lastIndex = position.at;
  const found = pattern.exec(text);
  if (found !== null) position.at = pattern.lastIndex;
  return found;
}

/** Line and column, from 1, of an offset in a text. */
export function placeOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset).split("\n");
  return { line: before.length, column: (before.at(-1) ?? "").length + 1 };
}
