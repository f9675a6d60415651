/** The elements that are open at a place of HTML, outermost first, each with what is kept of it: null where nothing is. */
export interface OpenTags<Node> {
  depth(): number;
  innermost(): Node | null;
  /** Whether text of `script` and the like is markup here, as in SVG. */
  isForeign(): boolean;
  /** Comes to a start tag, whose name is in small letters: closes what can't stay open where such an element begins. */
  meet(tag: string): void;
  /** Begins the element of the start tag. */
  begin(node: Node | null): void;
  /** Ends a start tag: what comes is inside. */
  enter(options?: { isClosed: boolean }): void;
  /** Closes the innermost open element with this tag, and all in it; nothing where none is open. */
  close(tag: string): void;
}

/** What is known of a tag, once however often it comes. */
interface Tag {
  isVoid: boolean;
  isForeign: boolean;
  isHtmlInForeign: boolean;
  /** Those that end where it begins. */
  ended: ReadonlySet<Tag>;
  /** How many of them are open. */
  open: number;
}

interface OpenTag<Node> {
  tag: Tag;
  node: Node | null;
  isForeign: boolean;
}

/** Deeper ones are counted alone: nobody writes them. */
const MAX_DEPTH = 5_000;
const VOID = new Set("area base br col embed hr img input link meta param source track wbr".split(" "));
const FOREIGN = new Set(["svg", "math"]);
const HTML_IN_FOREIGN = new Set(["foreignobject", "desc", "title", "annotation-xml"]);
const CELLS = ["td", "th"];
/** End tags that may be left out (HTML §13.1.2.4): which elements end where another begins. */
const ENDED_BY: Readonly<Record<string, readonly string[]>> = {
  li: ["li"],
  dt: ["dt", "dd"],
  dd: ["dt", "dd"],
  option: ["option"],
  optgroup: ["option", "optgroup"],
  td: CELLS,
  th: CELLS,
  tr: [...CELLS, "tr"],
  tbody: [...CELLS, "tr", "thead", "tbody"],
  tfoot: [...CELLS, "tr", "thead", "tbody"],
};
const ENDS_PARAGRAPH = new Set(
  ("address article aside blockquote details div dl fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr main " +
    "menu nav ol p pre section table ul").split(" "),
);

const NO_TAGS: ReadonlySet<Tag> = new Set();
/** HTML has some 110; of more than these none is looked up again. */
const MAX_KNOWN = 1_000;

/** Builds it, with nothing open. */
export function createOpenTags<Node>(): OpenTags<Node> {
  const stack: OpenTag<Node>[] = [];
  const known = new Map<string, Tag>();
  let beyond = 0;
  let met = tagOf("");
  let begun: OpenTag<Node> | null = null;
  return {
    depth: () => stack.length + beyond,
    innermost: () => beyond > 0 ? null : stack.at(-1)?.node ?? null,
    isForeign: () => stack.at(-1)?.isForeign ?? false,
    meet(name) {
      met = tagOf(name);
      if (beyond > 0) return;
      for (let last = stack.at(-1); last !== undefined && met.ended.has(last.tag); last = stack.at(-1)) pop();
    },
    begin(node) {
      const isForeign = met.isForeign || ((stack.at(-1)?.isForeign ?? false) && !met.isHtmlInForeign);
      begun = { tag: met, node, isForeign };
    },
    enter({ isClosed } = { isClosed: false }) {
      if (begun === null || begun.tag.isVoid || (isClosed && begun.isForeign)) return;
      if (stack.length >= MAX_DEPTH) beyond++;
      else push(begun);
      begun = null;
    },
    close(name) {
      if (beyond > 0) return void beyond--;
      const tag = known.get(name);
      if (tag !== undefined && tag.open > 0) { while (pop() !== tag); }
    },
  };

  function tagOf(name: string): Tag {
    const found = known.get(name);
    if (found !== undefined) return found;
    const tag = {
      isVoid: VOID.has(name),
      isForeign: FOREIGN.has(name),
      isHtmlInForeign: HTML_IN_FOREIGN.has(name),
      ended: NO_TAGS,
      open: 0,
    };
    if (known.size < MAX_KNOWN) known.set(name, tag);
    const ended = ENDS_PARAGRAPH.has(name) ? ["p"] : Object.hasOwn(ENDED_BY, name) ? ENDED_BY[name] : undefined;
    if (ended !== undefined) tag.ended = new Set(ended.map(tagOf));
    return tag;
  }

  function push(open: OpenTag<Node>): void {
    stack.push(open);
    open.tag.open++;
  }

  function pop(): Tag | undefined {
    const tag = stack.pop()?.tag;
    if (tag !== undefined) tag.open--;
    return tag;
  }
}
