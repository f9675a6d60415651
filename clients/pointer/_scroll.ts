import type { View } from "./_build.ts";

const LINE_PX = 16;

/** Scrolls what lies at a place as a turn of the wheel there would; false: the browser's own scrolling does the same. */
export function scrollAt(view: View, element: Element | null, event: WheelEvent): boolean {
  if (event.ctrlKey) return false;
  const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE
    ? LINE_PX
    : event.deltaMode === WheelEvent.DOM_DELTA_PAGE
    ? view.innerHeight
    : 1;
  const isSideways = event.shiftKey && event.deltaX === 0;
  const left = unit * (isSideways ? event.deltaY : event.deltaX);
  const top = unit * (isSideways ? 0 : event.deltaY);
  for (let at = element; at !== null; at = at.assignedSlot ?? at.parentElement ?? hostOf(at)) {
    if (at === view.document.scrollingElement) return false;
    if (!canScroll(view, at, left, top)) continue;
    at.scrollBy({ left, top, behavior: "instant" });
    return true;
  }
  return false;
}

function canScroll(view: View, element: Element, left: number, top: number): boolean {
  const { scrollTop, scrollLeft, scrollHeight, scrollWidth, clientHeight, clientWidth } = element;
  const goesDown = top !== 0 && (top > 0 ? scrollTop + clientHeight < scrollHeight - 1 : scrollTop > 0);
  const goesRight = left !== 0 && (left > 0 ? scrollLeft + clientWidth < scrollWidth - 1 : scrollLeft !== 0);
  if (!goesDown && !goesRight) return false;
  const { overflowX, overflowY } = view.getComputedStyle(element);
  return (goesDown && /auto|scroll/.test(overflowY)) || (goesRight && /auto|scroll/.test(overflowX));
}

function hostOf(element: Element): Element | null {
  const root = element.getRootNode();
  return "host" in root && root.host instanceof Element ? root.host : null;
}
