import { readTokens } from "./_html_tokens.ts";
import { createOpenTags } from "./_open_tags.ts";
import { shorten } from "./_shortening.ts";

/** An element of an outline. */
export interface HtmlNode {
  tag: string;
  /** Those that were asked for, in the page's order. */
  attributes: [name: string, value: string][];
  /** What stands directly in it, white space made one; "…" where children stand between. */
  text: string;
  children: HtmlChild[];
}

/** A child; or of those that were left out at a place, how many there are of each tag. */
export type HtmlChild = HtmlNode | Map<string, number>;

/** Which attributes are wanted, and how much is kept of their values and of texts. */
export interface TreeOptions {
  isWanted(attribute: string): boolean;
  maxValueLength: number;
  maxTextLength: number;
  signal?: AbortSignal;
}

/** Deeper elements are counted; people don't read deeper than this either. */
const MAX_DEPTH = 40;
/** Elements kept of one text, so that megabytes of HTML don't become hundreds of megabytes of tree. */
const MAX_NODES = 20_000;
/** Children kept of one element. */
const MAX_CHILDREN = 100;
/** Kept of children alike, one after the other: a list's items. */
const MAX_ALIKE = 8;
const MAX_TAG_LENGTH = 40;
/** Kept of one element. */
const MAX_ATTRIBUTES = 40;
/** Tags counted by name at one place: HTML has some 110, and a hostile text as many as it likes. */
const MAX_TAGS = 150;
const OTHER = "other";
/** What stands in these is no content to read. */
const OPAQUE = new Set(["script", "style", "svg", "math"]);

/** Reads HTML as a tree of at most so many elements that it stays small; what is beyond is counted where it stands. */
export async function readTree(html: string, options: TreeOptions): Promise<HtmlNode> {
  const { isWanted, maxValueLength, maxTextLength, signal } = options;
  const root: HtmlNode = { tag: "", attributes: [], text: "", children: [] };
  const open = createOpenTags<HtmlNode>();
  const newest = { node: root as HtmlNode | null, name: "", value: "", textEnd: -1 };
  let kept = 0;
  await readTokens(html, {
    onopentagname: (start, end) => {
      const tag = shorten(html.slice(start, end).toLowerCase(), MAX_TAG_LENGTH);
      open.meet(tag);
      newest.node = addChild(tag);
    },
    onattribname: (start, end) => {
      newest.name = newest.node === null ? "" : html.slice(start, end).toLowerCase();
      newest.value = "";
    },
    onattribdata: (start, end) => {
      if (newest.value.length <= maxValueLength && newest.name !== "") {
        newest.value += html.slice(start, Math.min(end, start + maxValueLength + 1));
      }
    },
    onattribend: () => {
      const { node, name, value } = newest;
      if (node === null || !isWanted(name) || node.attributes.length >= MAX_ATTRIBUTES) return;
      node.attributes.push([name, shorten(value.replace(/\s+/g, " "), maxValueLength)]);
    },
    onopentagend: () => open.enter(),
    onselfclosingtag: () => open.enter({ isClosed: true }),
    onclosetag: (start, end) => open.close(html.slice(start, end).toLowerCase()),
    ontext: addText,
    isInForeignContext: () => open.isForeign(),
  }, signal);
  return root;

  function addChild(tag: string): HtmlNode | null {
    const parent = open.depth() === 0 ? root : open.innermost();
    const isKept = parent !== null && !OPAQUE.has(parent.tag) && kept < MAX_NODES && open.depth() < MAX_DEPTH &&
      parent.children.length < MAX_CHILDREN && !endsWithRun(parent.children, tag);
    const node: HtmlNode | null = isKept ? { tag, attributes: [], text: "", children: [] } : null;
    open.begin(node);
    if (node !== null) kept++;
    if (parent !== null) append(parent.children, node ?? tag);
    return node;
  }

  function addText(start: number, end: number): void {
    const node = open.depth() === 0 ? root : open.innermost();
    if (node === null || OPAQUE.has(node.tag) || node.text.length > maxTextLength) return;
    const text = html.slice(start, end).trimStart().slice(0, maxTextLength + 1).replace(/\s+/g, " ");
    if (text === "") return;
    // A long text comes in pieces; between two texts something stands.
    const isContinued = newest.textEnd === start;
    const joint = node.text === "" ? "" : isContinued ? " " : " … ";
    node.text = shorten(`${node.text}${joint}${text}`.trim(), maxTextLength + 1);
    newest.textEnd = end;
  }
}

function endsWithRun(children: readonly HtmlChild[], tag: string): boolean {
  const last = children.at(-1);
  if (last instanceof Map) return last.has(tag) && last.size === 1;
  if (children.length < MAX_ALIKE) return false;
  return children.slice(-MAX_ALIKE).every((child) => !(child instanceof Map) && child.tag === tag);
}

function append(children: HtmlChild[], child: HtmlNode | string): void {
  if (typeof child !== "string") return void children.push(child);
  const last = children.at(-1);
  if (last instanceof Map) {
    const tag = last.has(child) || last.size < MAX_TAGS ? child : OTHER;
    last.set(tag, (last.get(tag) ?? 0) + 1);
  } else children.push(new Map([[child, 1]]));
}
