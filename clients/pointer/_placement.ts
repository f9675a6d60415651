import type { Box } from "../browser/messages.ts";
import { setStyle, type View } from "./_build.ts";

const GAP = 6;
const EDGE = 8;

/** Puts a part beside a box, within what is seen of the page: below or above it as told, the other way where there is no room. */
export function placeBeside(view: View, part: HTMLElement, box: Box, first: "above" | "below"): void {
  const seen = seenPart(view);
  const { offsetWidth: width, offsetHeight: height } = part;
  const above = box.y - height - GAP;
  const below = box.y + box.height + GAP;
  const fitsAbove = above >= seen.y + EDGE;
  const fitsBelow = below + height <= seen.y + seen.height - EDGE;
  // Where neither fits, the element is larger than the window: inside it, at its top.
  const inside = Math.max(seen.y + EDGE, box.y + GAP);
  const y = first === "above"
    ? fitsAbove ? above : fitsBelow ? below : inside
    : fitsBelow
    ? below
    : fitsAbove
    ? above
    : inside;
  setStyle(part, {
    transform: `translate(${within(box.x, seen.x + EDGE, seen.x + seen.width - width - EDGE)}px, ${
      within(y, seen.y + EDGE, seen.y + seen.height - height - EDGE)
    }px)`,
  });
}

/** What is seen of the layout viewport: less than all of it while it is pinched larger. */
export function seenPart(view: View): Box {
  const { clientWidth, clientHeight } = view.document.documentElement;
  const seen = view.visualViewport;
  if (seen === null) return { x: 0, y: 0, width: clientWidth, height: clientHeight };
  return { x: seen.offsetLeft, y: seen.offsetTop, width: seen.width, height: seen.height };
}

/** The nearest number that is neither less nor more; the least where there is no room. */
export function within(value: number, least: number, most: number): number {
  return Math.round(Math.max(least, Math.min(value, most)));
}
