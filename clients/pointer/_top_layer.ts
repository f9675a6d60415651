import type { View } from "./_build.ts";

/** After which something else may lie on top. */
const HAPPENINGS = ["toggle", "close", "fullscreenchange"];

/** Keeps one element above everything else that the page shows in its top layer. */
export interface TopLayer {
  /** Enters the document, if need be, and goes to the top. */
  raise(): void;
  leave(): void;
  close(): void;
}

/**
 * `isUsed`: whether it is more than looked at. Then it has to be where it can take the focus and clicks: behind a modal dialog and a
 * full-screen element all is inert, and a press outside of a popover closes it, so the shell moves into them. `canFocus` says whether it can be used where it is; `raised` is
 * called whenever it may lie somewhere else than before.
 */
export function createTopLayer(
  view: View,
  shell: HTMLElement,
  { raised, canFocus, isUsed }: { raised(): void; canFocus(): boolean; isUsed(): boolean },
): TopLayer {
  const { document } = view;
  const observer = new view.MutationObserver(onMutations);
  const rootObserver = new view.MutationObserver(onMutations);
  let isIn = false;

  function raise(): void {
    isIn = true;
    watch();
    for (const place of isUsed() ? places(document, shell) : [document.documentElement]) {
      if (shell.parentNode !== place) place.append(shell);
      reopen();
      if (!isUsed() || canFocus()) break;
    }
    raised();
  }

  function reopen(): void {
    if (typeof shell.showPopover !== "function") return;
    if (shell.matches(":popover-open")) shell.hidePopover();
    shell.showPopover();
  }

  function watch(): void {
    observer.observe(document, { subtree: true, attributes: true, attributeFilter: ["open"] });
    // Who renders a whole document anew drops what it does not know.
    rootObserver.observe(document.documentElement, { childList: true });
    for (const type of HAPPENINGS) document.addEventListener(type, onHappening, true);
  }

  function onHappening({ target, type }: Event): void {
    const isLayered = target instanceof view.Element && target.matches("dialog, [popover]");
    if (target !== shell && isIn && (isLayered || type === "fullscreenchange")) raise();
  }

  function onMutations(records: MutationRecord[]): void {
    const hasDialog = records.some(({ target }) => target instanceof view.Element && target.localName === "dialog");
    if (isIn && (hasDialog || !shell.isConnected)) raise();
  }

  function leave(): void {
    isIn = false;
    observer.disconnect();
    rootObserver.disconnect();
    for (const type of HAPPENINGS) document.removeEventListener(type, onHappening, true);
    shell.remove();
  }

  return { raise, leave, close: leave };
}

// What opened last is not told by the document; mostly it stands last.
function places(document: Document, shell: HTMLElement): Element[] {
  const popovers = [...document.querySelectorAll("[popover]:not([popover=manual]):popover-open")].filter(isNotWithin);
  const dialogs = [...document.querySelectorAll("dialog:modal")].filter(isNotWithin);
  const full = document.fullscreenElement === null ? [] : [document.fullscreenElement];
  return [...popovers.reverse(), ...dialogs.reverse(), ...full, document.documentElement];

  function isNotWithin(place: Element): boolean {
    return !shell.contains(place);
  }
}
