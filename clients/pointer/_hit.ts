import { own } from "../capture/own_property.ts";
import { boxOf } from "./_tracker.ts";

const UNREACHABLE = ":disabled, [aria-disabled=true], [inert]";
/** More of them below one element are not looked at. */
const MAX_UNREACHABLE = 50;

/** The innermost element at a place, in open shadow roots too, as if the overlay were not there. `overlaid`: whether the overlay lies on top. */
export function elementAt(
  document: Document,
  { x, y }: { x: number; y: number },
  shell: Element,
): { element: Element | null; overlaid: boolean } {
  const hits = document.elementsFromPoint(x, y);
  let element = hits.find((hit) => hit !== shell) ?? null;
  while (element?.shadowRoot) {
    const root: ShadowRoot = element.shadowRoot;
    const inner = root.elementsFromPoint(x, y).find((hit) => hit !== shell && hit.getRootNode() === root);
    if (inner === undefined) break;
    element = inner;
  }
  return { element: element && unreachableIn(element, x, y), overlaid: hits[0] === shell };
}

// Disabled controls are often made invisible to the mouse; people want to point at them all the same.
function unreachableIn(element: Element, x: number, y: number): Element {
  const [...candidates] = element.querySelectorAll(UNREACHABLE);
  let found = element;
  for (const candidate of candidates.slice(0, MAX_UNREACHABLE)) {
    if (!holdsPlace(candidate, x, y)) continue;
    const style = candidate.ownerDocument.defaultView?.getComputedStyle(candidate);
    if (style?.visibility !== "visible") continue;
    if (candidate.hasAttribute("inert")) found = innermostAt(candidate, x, y);
    else if (style.pointerEvents === "none") found = candidate;
  }
  return found;
}

// The browser tells of nothing within an inert element; its boxes do.
function innermostAt(element: Element, x: number, y: number): Element {
  const child = [...own(element, "children")].findLast((each) => holdsPlace(each, x, y));
  return child === undefined ? element : innermostAt(child, x, y);
}

function holdsPlace(element: Element, x: number, y: number): boolean {
  const box = boxOf(element);
  return box !== null && x >= box.x && y >= box.y && x <= box.x + box.width && y <= box.y + box.height;
}
