/** The elements that are open at a place of HTML, outermost first, each with what is kept of it: null where nothing is. */
export interface OpenTags<Node> {
  depth(): number;
  innermost(): Node | null;
  /** Whether text of `script` and the like is markup here, as in SVG. */
  isForeign(): boolean;
  /** Closes what can't stay open where such an element begins. */
  closeFor(tag: string): void;
  /** Begins a start tag. */
  begin(tag: string, node: Node | null): void;
  /** Ends a start tag: what comes is inside. */
  enter(options?: { isClosed: boolean }): void;
  /** Closes the innermost open element with this tag, and all in it; nothing where none is open. */
  close(tag: string): void;
}

interface OpenTag<Node> {
  tag: string;
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

/** Builds it, with nothing open. */
export function createOpenTags<Node>(): OpenTags<Node> {
  const stack: OpenTag<Node>[] = [];
  const counts = new Map<string, number>();
  let beyond = 0;
  let begun: OpenTag<Node> | null = null;
  return {
    depth: () => stack.length + beyond,
    innermost: () => beyond > 0 ? null : stack.at(-1)?.node ?? null,
    isForeign: () => stack.at(-1)?.isForeign ?? false,
    closeFor(tag) {
      const ended = ENDS_PARAGRAPH.has(tag) ? ["p"] : Object.hasOwn(ENDED_BY, tag) ? ENDED_BY[tag] : undefined;
      while (ended?.includes(stack.at(-1)?.tag ?? "") && beyond === 0) pop();
    },
    begin(tag, node) {
      const isForeign = FOREIGN.has(tag) || ((stack.at(-1)?.isForeign ?? false) && !HTML_IN_FOREIGN.has(tag));
      begun = { tag, node, isForeign };
    },
    enter({ isClosed } = { isClosed: false }) {
      if (begun === null || VOID.has(begun.tag) || (isClosed && begun.isForeign)) return;
      if (stack.length >= MAX_DEPTH) beyond++;
      else push(begun);
      begun = null;
    },
    close(tag) {
      if (beyond > 0) return void beyond--;
      if ((counts.get(tag) ?? 0) === 0) return;
      while (pop() !== tag);
    },
  };

  function push(open: OpenTag<Node>): void {
    stack.push(open);
    counts.set(open.tag, (counts.get(open.tag) ?? 0) + 1);
  }

  function pop(): string | undefined {
    const tag = stack.pop()?.tag;
    if (tag !== undefined) counts.set(tag, (counts.get(tag) ?? 1) - 1);
    return tag;
  }
}
