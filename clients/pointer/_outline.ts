import type { Box } from "../browser/messages.ts";
import { build, setStyle } from "./_build.ts";
import type { Overlay } from "./_overlay.ts";
import type { Tracker } from "./_tracker.ts";

/** A frame around an element, which it follows. */
export interface Outline {
  /** Null: around none. */
  around(element: Element | null): void;
  element(): Element | null;
  close(): void;
}

/** `kind` is its class; `within` lies in it; `moved` hears of each new place. */
export function createOutline(
  { overlay, tracker, kind, within = [], moved }: {
    overlay: Overlay;
    tracker: Tracker;
    kind: "hover" | "taken" | "flash";
    within?: HTMLElement[];
    moved?(box: Box | null): void;
  },
): Outline {
  const part = build(overlay.view.document, "div", { class: `outline ${kind}`, "aria-hidden": "true" }, within);
  let current: Element | null = null;
  let unfollow = () => {};

  function around(element: Element | null): void {
    if (element === current) return;
    unfollow();
    current = element;
    if (element === null) {
      unfollow = () => {};
      return overlay.hide(part);
    }
    overlay.show(part);
    unfollow = tracker.follow(element, (box) => {
      place(box);
      moved?.(box);
    });
  }

  function place(box: Box | null): void {
    part.toggleAttribute("hidden", box === null);
    if (box === null) return;
    setStyle(part, {
      transform: `translate(${box.x - 2}px, ${box.y - 2}px)`,
      width: `${box.width + 4}px`,
      height: `${box.height + 4}px`,
    });
  }

  return { around, element: () => current, close: () => around(null) };
}
