import { isShadowRoot, isTag, type Root } from "./_dom_nodes.ts";
import { type Part, partsOf } from "./_selector_parts.ts";

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
/** What a place among siblings costs: it is another as soon as one is added before it. */
const PLACE_COST = 20;

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
  if (root === null) return pathOf(element, null).join(" > ");
  const own = partsOf(element);
  const alone = own.filter(({ cost }) => cost < PLACE_COST).find(({ css }) => isOnly(root, css, element));
  return alone?.css ?? pairOf(root, element, own) ?? belowAncestor(root, element, own) ??
    shortened(root, element, pathOf(element, root));
}

function isOnly(root: Root, css: string, element: Element): boolean {
  const found = root.querySelectorAll(css);
  return found.length === 1 && found[0] === element;
}

/** Two of its own parts, where both together find it alone. */
function pairOf(root: Root, element: Element, own: Part[]): string | null {
  const [tags, others] = [own.filter(isTagPart), own.filter((part) => !isTagPart(part) && part.cost < PLACE_COST)];
  for (const [index, first] of others.slice(0, MAX_OWN_PARTS).entries()) {
    for (const second of [...tags, ...others.slice(index + 1, MAX_OWN_PARTS)]) {
      const css = joined(first.css, second.css);
      if (css !== null && isOnly(root, css, element)) return css;
    }
  }
  return null;
}

function isTagPart({ css }: Part): boolean {
  return !/[#.[]/.test(css.replaceAll(/\\./g, ""));
}

/** One compound selector of two; null where both name a tag, of which the second is left out. */
function joined(first: string, second: string): string | null {
  const tagless = second.replace(/^(?:[\w-]|\\.|[^ -~])+(?=[#.[])/, "");
  if (/^[#.[]/.test(first)) return /^[#.[]/.test(second) ? first + second : second + first;
  return /^[#.[]/.test(tagless) ? first + tagless : null;
}

function belowAncestor(root: Root, element: Element, own: Part[]): string | null {
  const candidates = own.filter(({ cost }) => cost < PLACE_COST).slice(0, MAX_OWN_PARTS).flatMap((part) => {
    const matches = root.querySelectorAll(part.css);
    return matches.length > MAX_MATCHES ? [] : [{ part, matches: [...matches] }];
  });
  let best: Part | null = null;
  let ancestor = element.parentElement;
  for (let steps = 0; ancestor !== null && steps < MAX_ANCESTORS; steps++, ancestor = ancestor.parentElement) {
    for (const above of partsOf(ancestor).filter(({ cost }) => cost < PLACE_COST).slice(0, MAX_ANCESTOR_PARTS)) {
      for (const { part, matches } of candidates) {
        const cost = above.cost + part.cost + steps / 4;
        if (best !== null && cost >= best.cost) continue;
        const isAlone = matches.every((match) => match === element || !match.parentElement?.closest(above.css));
        if (isAlone) best = { css: `${above.css} ${part.css}`, cost };
      }
    }
  }
  return best !== null && isOnly(root, best.css, element) ? best.css : null;
}

/** Steps from the nearest element that can be found by itself, or from the top. */
function pathOf(element: Element, root: Root | null): string[] {
  const steps: string[] = [];
  for (let current: Element | null = element; current !== null; current = current.parentElement) {
    if (root !== null && current !== element) {
      const anchor = anchorOf(root, current);
      if (anchor !== null) return [anchor, ...steps];
    }
    // A shadow tree has several elements at its top, and no name for its root that every browser knows.
    const isTop = root !== null && current.parentElement === null && current !== current.ownerDocument.documentElement;
    steps.unshift(`${stepOf(current)}${isTop ? ":not(* > *)" : ""}`);
  }
  return steps;
}

function anchorOf(root: Root, element: Element): string | null {
  return partsOf(element).find(({ css, cost }) => cost < PLACE_COST && isOnly(root, css, element))?.css ?? null;
}

/** What tells an element from its siblings: its best part that none of them fits, or its tag and place. */
function stepOf(element: Element): string {
  const parent = element.parentNode;
  const siblings = parent === null ? [] : [...parent.childNodes].filter((node) => node !== element);
  const others = siblings.filter((node): node is Element => node.nodeType === 1);
  const own = partsOf(element).filter(({ cost }) => cost < PLACE_COST);
  const part = own.find(({ css }) => !others.some((other) => other.matches(css)));
  if (part !== undefined) return part.css;
  const tag = CSS.escape(element.localName);
  const alike = parent === null
    ? []
    : [...parent.childNodes].filter((node): node is Element =>
      node.nodeType === 1 && "localName" in node && node.localName === element.localName &&
      "namespaceURI" in node && node.namespaceURI === element.namespaceURI
    );
  return `${tag}:nth-of-type(${alike.indexOf(element) + 1})`;
}

/** The path without the steps that it does not need. */
function shortened(root: Root, element: Element, path: string[]): string {
  let kept = path.map((css, index) => ({ css, isDirect: index > 0 }));
  for (let index = 1; index < kept.length - 1;) {
    const shorter = kept.toSpliced(index, 1).map((step, place) =>
      place === index ? { ...step, isDirect: false } : step
    );
    if (isOnly(root, written(shorter), element)) kept = shorter;
    else index++;
  }
  const rootless = kept.slice(1);
  if (rootless.length > 0 && isOnly(root, written(rootless), element)) kept = rootless;
  return written(kept);
}

function written(steps: { css: string; isDirect: boolean }[]): string {
  return steps.map(({ css, isDirect }, index) => index === 0 ? css : `${isDirect ? " > " : " "}${css}`).join("");
}
