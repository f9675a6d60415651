import type { Box } from "../browser/messages.ts";
import { parentOf, placeOf } from "./_screenshot_scrollers.ts";

/** A fixed or sticky box of a page, as it lies to an element: it holds it, is a part of it, or neither. */
export interface Floating {
  element: HTMLElement;
  position: "fixed" | "sticky";
  relation: "holder" | "part" | "apart";
}

/** The most elements whose position is looked at; a page of 10,000 takes some 10 ms. */
const MAX_ELEMENTS = 30_000;

/** The fixed and sticky boxes of an element's page that are to be seen, also in open shadow roots. */
export function findFloating(target: Element): Floating[] {
  const { document, view } = placeOf(target);
  const found: Floating[] = [];
  const roots: (Document | ShadowRoot)[] = [document];
  let looked = 0;
  for (let root = roots.pop(); root !== undefined; root = roots.pop()) {
    for (const element of root.querySelectorAll("*")) {
      if (++looked > MAX_ELEMENTS) return found;
      if (element.shadowRoot !== null) roots.push(element.shadowRoot);
      if (!(element instanceof view.HTMLElement)) continue;
      const { position, visibility, opacity, zIndex } = view.getComputedStyle(element);
      if (position !== "fixed" && position !== "sticky") continue;
      if (visibility !== "visible" || opacity === "0" || Number(zIndex) < 0) continue;
      found.push({ element, position, relation: relate(element, target) });
    }
  }
  return found;
}

/** Whether a floating box lies over an element's box, as far as that is in view. */
export function covers({ element: floating, relation }: Floating, target: Element, box: Box): boolean {
  if (relation !== "apart") return false;
  const { document, view } = placeOf(target);
  const rect = floating.getBoundingClientRect();
  const left = Math.max(rect.left, box.x, 0);
  const right = Math.min(rect.right, box.x + box.width, view.innerWidth);
  const top = Math.max(rect.top, box.y, 0);
  const bottom = Math.min(rect.bottom, box.y + box.height, view.innerHeight);
  if (right - left <= 0 || bottom - top <= 0) return false;
  const stack = document.elementsFromPoint((left + right) / 2, (top + bottom) / 2);
  const over = stack.findIndex((element) => holds(floating, element));
  const under = stack.findIndex((element) => holds(target, element) || isHostOf(element, target));
  return over === -1 || under === -1 || over < under;
}

function relate(element: Element, target: Element): Floating["relation"] {
  if (holds(element, target)) return "holder";
  return holds(target, element) ? "part" : "apart";
}

function holds(outer: Element, inner: Element): boolean {
  for (let node: Element | null = inner; node !== null; node = parentOf(node)) {
    if (node === outer) return true;
  }
  return false;
}

// What is asked of a document shows a shadow root's content as its host.
function isHostOf(element: Element, target: Element): boolean {
  return element.shadowRoot !== null && holds(element, target);
}
