import { isShadowRoot, isTag, type Root } from "./_dom_nodes.ts";
import { cssOf, type Part, partsOf } from "./_selector_parts.ts";
import { isOnly, pathOf } from "./_selector_paths.ts";

/** Enters the open shadow root of what was found so far. */
const SHADOW = " >>> ";
/** Enters the document in the frame that was found so far. */
const FRAME = " >>iframe>> ";
/** Of one element's parts, those that are tried below an ancestor. */
const MAX_OWN_PARTS = 4;
const MAX_ANCESTOR_PARTS = 3;
/** Ancestors whose parts are tried with the element's own: further ones say little of it. */
const MAX_ANCESTORS = 12;
/** More elements than that are not looked through one by one. */
const MAX_MATCHES = 400;

/**
 * A selector that finds exactly this element in its own document, across open shadow roots by " >>> ": short, of what outlives a re-render where
 * there is such. Of an element that is in no document it is its path from the top.
 */
export function selectorFor(element: Element): string {
  const root = element.getRootNode();
  if (isShadowRoot(root)) return `${selectorFor(root.host)}${SHADOW}${selectorWithin(root, element)}`;
  return selectorWithin(element.isConnected ? element.ownerDocument : null, element);
}

/** The element that a selector finds from this document on, through open shadow roots and same-origin frames; null: none or more than one. Never throws. */
export function findElement(document: Document, selector: string): Element | null {
  try {
    let found: Element | null = null;
    for (const [index, part] of selector.split(FRAME).entries()) {
      const inner: Document | null = index === 0 ? document : documentIn(found);
      if (inner === null) return null;
      found = findWithin(inner, part);
      if (found === null) return null;
    }
    return found;
  } catch {
    // What is no selector finds nothing.
    return null;
  }
}

/** The selector of the frames that a document stands in, ending with " >>iframe>> "; "": it is the top one, or its frame is of another origin. */
export function framePathOf(document: Document): string {
  const frame = document.defaultView?.frameElement ?? null;
  return frame === null ? "" : `${framePathOf(frame.ownerDocument)}${selectorFor(frame)}${FRAME}`;
}

/** The document in which a selector's last part is looked for; null: a frame on the way is not there, or of another origin. */
export function documentOf(document: Document, selector: string): Document | null {
  const at = selector.lastIndexOf(FRAME);
  return at === -1 ? document : documentIn(findElement(document, selector.slice(0, at)));
}

function documentIn(frame: Element | null): Document | null {
  return frame !== null && (isTag(frame, "iframe") || isTag(frame, "object")) ? frame.contentDocument : null;
}

function findWithin(document: Document, selector: string): Element | null {
  let root: Root | null = document;
  let found: Element | null = null;
  for (const part of selector.split(SHADOW)) {
    const matches: NodeListOf<Element> | undefined = root?.querySelectorAll(part);
    if (matches?.length !== 1) return null;
    found = matches[0] ?? null;
    root = found?.shadowRoot ?? null;
  }
  return found;
}

function selectorWithin(root: Root | null, element: Element): string {
  if (root === null) return pathOf(element, null);
  const own = partsOf(element);
  const alone = own.find((part) => isOnly(root, cssOf(part), element));
  return (alone && cssOf(alone)) ?? pairOf(root, element, own) ?? belowAncestor(root, element, own) ??
    pathOf(element, root);
}

/** Two of its own parts, where both together find it alone. */
function pairOf(root: Root, element: Element, own: Part[]): string | null {
  const tried = own.filter(({ rest }) => rest !== "").slice(0, MAX_OWN_PARTS);
  const [tag] = own.filter(({ rest }) => rest === "");
  for (const [index, first] of tried.entries()) {
    for (const second of [...(tag === undefined ? [] : [tag]), ...tried.slice(index + 1)]) {
      const css = cssOf(first, second);
      if (isOnly(root, css, element)) return css;
    }
  }
  return null;
}

/** One of its parts below one of an element above, where no other element has such below such. */
function belowAncestor(root: Root, element: Element, own: Part[]): string | null {
  const candidates = own.slice(0, MAX_OWN_PARTS).flatMap((part) => {
    const matches = root.querySelectorAll(cssOf(part));
    return matches.length > MAX_MATCHES ? [] : [{ part, matches: [...matches] }];
  });
  let best: { css: string; cost: number } | null = null;
  let ancestor = element.parentElement;
  for (let steps = 0; ancestor !== null && steps < MAX_ANCESTORS; steps++, ancestor = ancestor.parentElement) {
    for (const above of partsOf(ancestor).slice(0, MAX_ANCESTOR_PARTS)) {
      for (const { part, matches } of candidates) {
        const cost = above.cost + part.cost + steps / 4;
        if (best !== null && cost >= best.cost) continue;
        const within = cssOf(above);
        const isAlone = matches.every((match) => match === element || !match.parentElement?.closest(within));
        if (isAlone) best = { css: `${within} ${cssOf(part)}`, cost };
      }
    }
  }
  return best !== null && isOnly(root, best.css, element) ? best.css : null;
}
