import type { View } from "./_build.ts";
import { hearDeeds, OWN } from "./early_listeners.ts";

/** While pointing only: listening costs. `wheel` may be kept from scrolling, which browsers wait for. */
const COSTLY = ["wheel", "pointerrawupdate"];

/** Stands before the page's own listeners. */
export interface Gate {
  open(): void;
  /** Keys that are still held are swallowed until they are let go. */
  shut(): void;
  close(): void;
}

/**
 * Swallows at the window, in the capture phase; whoever listened there earlier is asked earlier, so listening begins at once, not with `open`,
 * or before with `listenEarly`.
 * `handle` says whether the browser may do what it does by itself.
 */
export function createGate(view: View, shell: Element, handle: (event: Event, isOwn: boolean) => boolean): Gate {
  const held = new Set<string>();
  let isOpen = false;
  const endHearing = hearDeeds(view, onEvent);

  // Events that scripts make are the page's own business.
  function onEvent(event: Event): void {
    if (!event.isTrusted) return;
    const isOwn = event.target === shell;
    if (!isOpen && !isOwn && !isTail(event)) return;
    if (!isOwn && OWN.includes(event.type)) return;
    event.stopImmediatePropagation();
    if (!isOpen) return;
    if (event.type === "keydown" && event instanceof view.KeyboardEvent) held.add(event.code);
    if (!handle(event, isOwn) && event.cancelable) event.preventDefault();
  }

  // The page saw a key go down as little as it should see it come up.
  function isTail(event: Event): boolean {
    return event.type === "keyup" && event instanceof view.KeyboardEvent && held.delete(event.code);
  }

  return {
    open() {
      isOpen = true;
      for (const type of COSTLY) view.addEventListener(type, onEvent, { capture: true, passive: false });
    },
    shut() {
      isOpen = false;
      for (const type of COSTLY) view.removeEventListener(type, onEvent, true);
    },
    close() {
      endHearing();
      for (const type of COSTLY) view.removeEventListener(type, onEvent, true);
    },
  };
}
