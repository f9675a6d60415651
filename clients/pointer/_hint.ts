import { build } from "./_build.ts";
import type { Overlay } from "./_overlay.ts";

/** So near to the lower edge, the pointer would be under it. */
const NEAR_PX = 110;
const KEYS: [key: string, deed: string, isWide: boolean][] = [
  ["Click", "takes", false],
  ["Shift+click", "adds", false],
  ["← ↑ ↓ →", "siblings, parent, child", true],
  ["Esc", "leaves", false],
];

/** What can be done, at the window's edge until something was done. */
export interface Hint {
  show(): void;
  hide(): void;
  avoid(y: number): void;
}

export function createHint(overlay: Overlay): Hint {
  const { document } = overlay.view;
  const part = build(
    document,
    "div",
    { class: "hint", "aria-hidden": "true" },
    KEYS.map(([key, deed, isWide]) =>
      build(document, "span", isWide ? { class: "wide" } : {}, [build(document, "b", {}, [key]), ` ${deed}`])
    ),
  );
  return {
    show: () => overlay.show(part),
    hide: () => overlay.hide(part),
    avoid: (y) => part.toggleAttribute("data-above", y > overlay.view.innerHeight - NEAR_PX),
  };
}
