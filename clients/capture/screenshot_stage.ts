import type { Box } from "../browser/messages.ts";
import { covers, findFloating, type Floating } from "./_screenshot_covers.ts";
import { measureContainer, measureViewport, placeOf, surroundingsOf } from "./_screenshot_scrollers.ts";
import { keepChanges } from "./_screenshot_changes.ts";
import type { ScrollPlaces, StageView } from "./screenshot_plan.ts";

/**
 * One frame's part in a screenshot. Its target is the element, or, in the frames around, the frame that holds it. What is given
 * and answered is plain data, so that it can be asked from elsewhere. Every method rejects where the target is gone.
 */
export interface Stage {
  /** Hides what is not the page's, and looks. Everything is put back by `end`, or by itself after 8 s. */
  begin(): Promise<StageView>;
  /** Hides what lies over the target; with `isScrolled` all that stays in place while the page moves under it. */
  clear(isScrolled: boolean): Promise<StageView>;
  /** Scrolls there, waits until it is painted, and looks. */
  scroll(places: ScrollPlaces): Promise<StageView>;
  /** Puts everything back as it was. */
  end(): Promise<void>;
}

/** Runs something while what is not the page's, such as the pointer's overlay, is hidden. */
export type HideWhile = <Result>(during: () => Promise<Result>) => Promise<Result>;

/** Longer than any screenshot takes: who asked is gone. */
const MAX_STAGE_MS = 8_000;
/** In a window that is behind others nothing is painted. */
const MAX_PAINT_MS = 250;

/** Builds the stage of one screenshot for an element or frame of this page. */
export function createStage(target: Element, hideWhile: HideWhile): Stage {
  const { document, view } = placeOf(target);
  const changes = keepChanges();
  let show = (): void => {};
  let timer = 0;
  return { begin, clear, scroll, end };

  async function begin(): Promise<StageView> {
    timer = view.setTimeout(() => void end(), MAX_STAGE_MS);
    const shown = new Promise<void>((resolve) => show = resolve);
    await new Promise<void>((resolve, reject) => {
      hideWhile(() => {
        resolve();
        return shown;
      }).catch(reject);
    });
    const seen = look(target);
    return { ...seen, isCovered: findFloating(target).some((floating) => covers(floating, target, seen.box)) };
  }

  async function clear(isScrolled: boolean): Promise<StageView> {
    const floating = findFloating(target);
    const { box } = look(target);
    if (isScrolled) prepareScrolling(floating);
    for (const one of floating) {
      if (covers(one, target, box) || (isScrolled && isInTheWay(one, target, box))) changes.fade(one.element);
    }
    await painted(view);
    return look(target);
  }

  function prepareScrolling(floating: Floating[]): void {
    const { containers } = surroundingsOf(target);
    for (const scroller of [...containers, document.documentElement]) {
      changes.keepScroll(scroller);
      changes.set(scroller, { "scroll-snap-type": "none" });
    }
    // What sticks moves against what it is in: it is taken at its own place.
    for (const { element, position, relation } of floating) {
      if (position === "sticky" && relation !== "apart") changes.set(element, { position: "relative", inset: "auto" });
    }
  }

  async function scroll(places: ScrollPlaces): Promise<StageView> {
    const { containers } = surroundingsOf(target);
    const scrollers: (Element | Window)[] = [...containers, view];
    scrollers.forEach((scroller, index) => {
      const place = places[index];
      if (place !== undefined) scroller.scrollTo({ left: place.x, top: place.y, behavior: "instant" });
    });
    await painted(view);
    return look(target);
  }

  function end(): Promise<void> {
    view.clearTimeout(timer);
    changes.undo();
    show();
    return Promise.resolve();
  }
}

// Over the target it may be behind it; elsewhere it comes over it once the page has moved.
function isInTheWay(floating: Floating, target: Element, box: Box): boolean {
  if (floating.relation !== "apart") return floating.relation === "part" && floating.position === "fixed";
  const rect = floating.element.getBoundingClientRect();
  const isApart = rect.right <= box.x || rect.left >= box.x + box.width || rect.bottom <= box.y ||
    rect.top >= box.y + box.height;
  return isApart || covers(floating, target, box);
}

function look(target: Element): StageView {
  const { document, view } = placeOf(target);
  if (!target.isConnected) throw new Error("The element is no longer in the page");
  const { containers, isFixed } = surroundingsOf(target);
  const box = boxOf(target, view);
  const size = { width: view.innerWidth, height: view.innerHeight };
  const zoom = view.visualViewport?.scale ?? 1;
  const shown = {
    x: view.visualViewport?.offsetLeft ?? 0,
    y: view.visualViewport?.offsetTop ?? 0,
    width: size.width / zoom,
    height: size.height / zoom,
  };
  const scrollers = [...containers.map(measureContainer), measureViewport(document, shown, isFixed)];
  return { box, scrollers, size, shown, pixelRatio: view.devicePixelRatio, isCovered: false };
}

function boxOf(target: Element, view: Window & typeof globalThis): Box {
  const { x, y, width, height } = target.getBoundingClientRect();
  if (target instanceof view.HTMLIFrameElement) return contentBoxOf(target, view);
  if (width > 0 || height > 0) return { x, y, width, height };
  // An element without a box of its own, as with `display: contents`, is what it holds.
  const range = target.ownerDocument.createRange();
  range.selectNodeContents(target);
  const content = range.getBoundingClientRect();
  return { x: content.x, y: content.y, width: content.width, height: content.height };
}

function contentBoxOf(frame: HTMLIFrameElement, view: Window): Box {
  const rect = frame.getBoundingClientRect();
  const style = view.getComputedStyle(frame);
  const unit = frame.offsetWidth > 0 ? rect.width / frame.offsetWidth : 1;
  const left = frame.clientLeft + parseFloat(style.paddingLeft);
  const top = frame.clientTop + parseFloat(style.paddingTop);
  return {
    x: rect.x + left * unit,
    y: rect.y + top * unit,
    width: (frame.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight)) * unit,
    height: (frame.clientHeight - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom)) * unit,
  };
}

// Two frames: the first may have been begun before the change.
function painted(view: Window): Promise<void> {
  return new Promise((resolve) => {
    const timer = view.setTimeout(resolve, MAX_PAINT_MS);
    view.requestAnimationFrame(() =>
      view.requestAnimationFrame(() => {
        view.clearTimeout(timer);
        resolve();
      })
    );
  });
}
