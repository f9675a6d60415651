import type { Box } from "../browser/messages.ts";
import type { ScrollRange } from "./_screenshot_axis.ts";
import type { Scroller } from "./screenshot_plan.ts";

/** What an element is seen through: the boxes that clip or scroll it, the innermost first, without the viewport. */
export interface Surroundings {
  containers: HTMLElement[];
  /** The page's own scrolling does not move it. */
  isFixed: boolean;
}

/** Finds them by the containing blocks (CSS Positioned Layout §3.1): an overflow that is not around an element's containing block does not clip it. */
export function surroundingsOf(element: Element): Surroundings {
  const { document, view } = placeOf(element);
  const containers: HTMLElement[] = [];
  let node = element;
  let position = view.getComputedStyle(element).position;
  for (let parent = parentOf(node); parent !== null; parent = parentOf(node)) {
    // In the top layer, the viewport is all there is around.
    if (isInTopLayer(node)) return { containers, isFixed: position === "fixed" };
    node = parent;
    if (parent === document.documentElement) break;
    const style = view.getComputedStyle(parent);
    const holdsFixed = isContainingBlockOfFixed(style);
    if (position === "fixed" && !holdsFixed) continue;
    if (position === "absolute" && !holdsFixed && style.position === "static") continue;
    if (clips(parent, style, view)) containers.push(parent);
    position = style.position;
  }
  return { containers, isFixed: position === "fixed" };
}

/** How far a box can be scrolled now, and what of it shows content. */
export function measureContainer(container: HTMLElement): Scroller {
  const { view } = placeOf(container);
  const style = view.getComputedStyle(container);
  const rect = container.getBoundingClientRect();
  const unit = container.offsetWidth > 0 ? rect.width / container.offsetWidth : 1;
  const port = {
    x: rect.x + container.clientLeft * unit,
    y: rect.y + container.clientTop * unit,
    width: container.clientWidth * unit,
    height: container.clientHeight * unit,
  };
  return { port, ...rangesOf(container, style, style.direction === "rtl"), unit };
}

/** The viewport, as far as the screen shows it. `isFixed`: scrolling it does not move what is seen. */
export function measureViewport(document: Document, shown: Box, isFixed: boolean): Scroller {
  const { view } = placeOf(document.documentElement);
  const root = document.scrollingElement ?? document.documentElement;
  const width = Math.min(root.clientWidth, shown.x + shown.width);
  const height = Math.min(root.clientHeight, shown.y + shown.height);
  const port = { x: shown.x, y: shown.y, width: width - shown.x, height: height - shown.y };
  const style = view.getComputedStyle(rootOfOverflow(document, view));
  const isRightToLeft = view.getComputedStyle(document.documentElement).direction === "rtl";
  const { x, y } = rangesOf(root, style, isRightToLeft, ["auto", "scroll", "visible"]);
  return isFixed ? { port, x: stuckAt(x.at), y: stuckAt(y.at), unit: 1 } : { port, x, y, unit: 1 };
}

/** The document and window of an element. Throws where the page is gone. */
export function placeOf(element: Element): { document: Document; view: Window & typeof globalThis } {
  const document = element.ownerDocument;
  if (document.defaultView === null) throw new Error("Cannot look at an element of a page that is gone");
  return { document, view: document.defaultView };
}

/** What an element is shown in: its slot, its shadow root's host or its parent. */
export function parentOf(element: Element): Element | null {
  if (element.assignedSlot !== null) return element.assignedSlot;
  if (element.parentElement !== null) return element.parentElement;
  const root = element.getRootNode();
  return "host" in root && isElement(root.host) ? root.host : null;
}

function isElement(node: unknown): node is Element {
  return typeof node === "object" && node !== null && "nodeType" in node && node.nodeType === 1;
}

function isInTopLayer(element: Element): boolean {
  try {
    return element.matches(":modal, :popover-open, :fullscreen");
  } catch {
    return false;
  }
}

function isContainingBlockOfFixed(style: CSSStyleDeclaration): boolean {
  const effects = [style.transform, style.translate, style.rotate, style.scale, style.perspective, style.filter];
  return effects.some((effect) => effect && effect !== "none") ||
    (style.backdropFilter && style.backdropFilter !== "none") ||
    /\b(?:transform|perspective|filter|translate|rotate|scale)\b/.test(style.willChange) ||
    /\b(?:paint|layout|strict|content)\b/.test(style.contain) || style.contentVisibility === "auto";
}

function clips(
  element: Element,
  style: CSSStyleDeclaration,
  view: Window & typeof globalThis,
): element is HTMLElement {
  if (!(element instanceof view.HTMLElement) || element === rootOfOverflow(element.ownerDocument, view)) return false;
  // An inline box has no inner width, and its overflow is nobody's.
  return element.clientWidth > 0 && (style.overflowX !== "visible" || style.overflowY !== "visible");
}

// CSS Overflow §3.3: the viewport takes the root's overflow, or the body's where the root has none.
function rootOfOverflow(document: Document, view: Window): Element {
  const { overflowX, overflowY } = view.getComputedStyle(document.documentElement);
  const isBody = overflowX === "visible" && overflowY === "visible";
  return isBody && document.body !== null ? document.body : document.documentElement;
}

function rangesOf(
  element: Element,
  { overflowX, overflowY }: CSSStyleDeclaration,
  isRightToLeft: boolean,
  scrolling = ["auto", "scroll"],
): { x: ScrollRange; y: ScrollRange } {
  const { scrollLeft, scrollTop } = element;
  const wide = Math.max(0, element.scrollWidth - element.clientWidth);
  const high = Math.max(0, element.scrollHeight - element.clientHeight);
  const alongX = isRightToLeft ? { min: -wide, max: 0 } : { min: 0, max: wide };
  return {
    x: scrolling.includes(overflowX) ? { at: scrollLeft, ...alongX } : stuckAt(scrollLeft),
    y: scrolling.includes(overflowY) ? { at: scrollTop, min: 0, max: high } : stuckAt(scrollTop),
  };
}

function stuckAt(at: number): ScrollRange {
  return { at, min: at, max: at };
}
