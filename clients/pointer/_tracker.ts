import type { Box } from "../browser/messages.ts";
import type { View } from "./_build.ts";

/** So many frames without a change, and the loop rests until something stirs. */
const STILL_FRAMES = 8;
/** After which something may move, or cover something else; what else moves an element is seen by its sentry. */
const STIRRING = [
  ..."scroll resize transitionrun transitionstart animationstart load toggle close fullscreenchange click keyup".split(
    " ",
  ),
];

/** Tells where elements are, for as long as they are followed; costs nothing while nothing moves. */
export interface Tracker {
  /** Calls `moved` now and with each new box; null: the element is not in the document or has no box. Ends with what it returns. */
  follow(element: Element, moved: (box: Box | null) => void): () => void;
  /** Called each time that everything came to rest. */
  onRest(rested: () => void): void;
  close(): void;
}

interface Followed {
  element: Element;
  moved(box: Box | null): void;
  last: string;
  sentry: IntersectionObserver | null;
}

export function createTracker(view: View): Tracker {
  const all = new Set<Followed>();
  const resizes = new view.ResizeObserver(stir);
  let rested = () => {};
  let frame = 0;
  let still = 0;

  function follow(element: Element, moved: Followed["moved"]): () => void {
    const followed: Followed = { element, moved, last: "", sentry: null };
    if (all.size === 0) listen(true);
    all.add(followed);
    resizes.observe(element);
    measure(followed);
    stir();
    return () => {
      all.delete(followed);
      followed.sentry?.disconnect();
      if (![...all].some((other) => other.element === element)) resizes.unobserve(element);
      if (all.size === 0) listen(false);
    };
  }

  function listen(on: boolean): void {
    const change = on ? view.addEventListener : view.removeEventListener;
    for (const type of STIRRING) change.call(view, type, stir, { capture: true, passive: true });
    if (!on) {
      view.cancelAnimationFrame(frame);
      frame = 0;
    }
  }

  function stir(): void {
    still = 0;
    if (frame === 0 && all.size > 0) frame = view.requestAnimationFrame(tick);
  }

  function tick(): void {
    frame = 0;
    for (const followed of all) if (measure(followed)) still = 0;
    still++;
    if (still < STILL_FRAMES) frame = view.requestAnimationFrame(tick);
    else rest();
  }

  function rest(): void {
    for (const followed of all) post(followed);
    rested();
  }

  function measure(followed: Followed): boolean {
    const box = boxOf(followed.element);
    const key = box === null ? "none" : `${box.x} ${box.y} ${box.width} ${box.height}`;
    if (key === followed.last) return false;
    followed.last = key;
    followed.moved(box);
    return true;
  }

  // An observer whose root is cut to the element's box sees each step out of it, whoever moved the element.
  function post(followed: Followed, threshold = 1): void {
    followed.sentry?.disconnect();
    const box = boxOf(followed.element);
    if (box === null) return;
    const { clientWidth, clientHeight } = view.document.documentElement;
    const insets = [box.y, clientWidth - box.x - box.width, clientHeight - box.y - box.height, box.x];
    let isFirst = true;
    followed.sentry = new view.IntersectionObserver(([entry]) => {
      const ratio = entry?.intersectionRatio ?? 0;
      if (!isFirst) return stir();
      isFirst = false;
      if (ratio < threshold && ratio > 0) post(followed, ratio);
    }, { root: view.document, rootMargin: insets.map((inset) => `${-Math.floor(inset)}px`).join(" "), threshold });
    followed.sentry.observe(followed.element);
  }

  return {
    follow,
    onRest: (called) => rested = called,
    close() {
      for (const { sentry } of all) sentry?.disconnect();
      all.clear();
      resizes.disconnect();
      listen(false);
    },
  };
}

/** Where an element is in the viewport; one without a box of its own (`display: contents`) is where its children are. */
export function boxOf(element: Element): Box | null {
  if (!element.isConnected) return null;
  const own = element.getBoundingClientRect();
  if (own.width > 0 || own.height > 0) return toBox(own);
  const range = element.ownerDocument.createRange();
  range.selectNodeContents(element);
  const inner = range.getBoundingClientRect();
  if (inner.width > 0 || inner.height > 0) return toBox(inner);
  return element.getClientRects().length > 0 ? toBox(own) : null;
}

function toBox({ x, y, width, height }: DOMRect): Box {
  return { x, y, width, height };
}
