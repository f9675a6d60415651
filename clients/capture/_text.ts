import { isElement, isText, onOneLine } from "./_dom_nodes.ts";

/** Elements whose text is for no reader. */
const SILENT = new Set(["script", "style", "template", "noscript", "head"]);
/** Elements that stand on lines of their own, or apart from what is beside them. */
const APART = new Set(
  `address article aside blockquote br button caption dd details dialog div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6
  header hr legend li main nav ol option p pre section select summary table tbody td tfoot th thead tr ul`.split(/\s+/),
);

/** What a reader finds in an element, in its order on the page, shadow trees included, on one line; at most so many characters. */
export function textOf(element: Element, maxLength: number): string {
  let text = "";
  // By an explicit stack: pages nest deeper than calls do. A string is what separates texts.
  const pending: (Node | string)[] = [element];
  for (let next = pending.pop(); next !== undefined && text.length <= maxLength; next = pending.pop()) {
    if (typeof next === "string") text += next;
    else if (isText(next)) text += next.data.slice(0, 2 * maxLength);
    else {
      const isApart = isElement(next) && APART.has(next.localName);
      const parts = [...(isApart ? [" "] : []), ...shownIn(next), ...(isApart ? [" "] : [])];
      for (const part of parts.reverse()) pending.push(part);
    }
  }
  return onOneLine(text).slice(0, maxLength);
}

/** What is shown in a node: its shadow tree where it has one, what is assigned to a slot in the slot's place. */
function shownIn(node: Node): Iterable<Node> {
  if (!isElement(node)) return node.childNodes;
  if (SILENT.has(node.localName)) return [];
  if (node.shadowRoot !== null) return node.shadowRoot.childNodes;
  const assigned = "assignedNodes" in node && typeof node.assignedNodes === "function" ? node.assignedNodes() : [];
  return assigned.length > 0 ? assigned : node.childNodes;
}
