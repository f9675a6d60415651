import { placeOf } from "./_screenshot_scrollers.ts";

/** What a screenshot changes in a page for a moment, and how it is undone. */
export interface Changes {
  /** Makes an element invisible in its place, without a trace in the document where that can be. */
  fade(element: HTMLElement): void;
  /** Sets styles of an element over all that the page says. */
  set(element: HTMLElement, styles: Record<string, string>): void;
  /** Remembers where an element, or the page by its root, is scrolled to. */
  keepScroll(element: HTMLElement): void;
  /** Undoes all of it, the last first. */
  undo(): void;
}

/** Builds the memory of one screenshot. */
export function keepChanges(): Changes {
  const undoing: (() => void)[] = [];
  return { fade, set, keepScroll, undo };

  function fade(element: HTMLElement): void {
    const animation = element.animate({ opacity: [0, 0] }, { duration: 1, fill: "both" });
    undoing.push(() => animation.cancel());
    const { view } = placeOf(element);
    if (view.getComputedStyle(element).opacity !== "0") set(element, { opacity: "0" });
  }

  function set(element: HTMLElement, styles: Record<string, string>): void {
    const before = element.getAttribute("style");
    const values = Object.keys(styles).map((name) => ({
      name,
      value: element.style.getPropertyValue(name),
      priority: element.style.getPropertyPriority(name),
    }));
    for (const [name, value] of Object.entries(styles)) element.style.setProperty(name, value, "important");
    const after = element.getAttribute("style");
    undoing.push(() => {
      // Where the page wrote meanwhile, what it wrote stays.
      if (element.getAttribute("style") !== after) {
        for (const { name, value, priority } of values) element.style.setProperty(name, value, priority);
      } else if (before === null) element.removeAttribute("style");
      else element.setAttribute("style", before);
    });
  }

  function keepScroll(element: HTMLElement): void {
    const { document, view } = placeOf(element);
    const isPage = element === document.documentElement;
    const scroller = isPage ? view : element;
    const left = isPage ? view.scrollX : element.scrollLeft;
    const top = isPage ? view.scrollY : element.scrollTop;
    undoing.push(() => scroller.scrollTo({ left, top, behavior: "instant" }));
  }

  function undo(): void {
    for (const one of undoing.splice(0).reverse()) one();
  }
}
