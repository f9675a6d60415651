import type { View } from "./_build.ts";

/**
 * Remembers what the page believes to be hovered; the page hears nothing while people point. What it returns tells the page what the mouse
 * left meanwhile, so that no tooltip stays.
 */
export function keepHovered(view: View): (now: Element | null) => void {
  const hovered = [...view.document.querySelectorAll(":hover")].at(-1) ?? null;
  return (now) => {
    if (hovered === null || !hovered.isConnected || now === null || hovered.contains(now)) return;
    for (const [kind, Kind] of [["pointer", view.PointerEvent], ["mouse", view.MouseEvent]] as const) {
      const about = { relatedTarget: now, composed: true };
      hovered.dispatchEvent(new Kind(`${kind}out`, { ...about, bubbles: true }));
      for (let left: Element | null = hovered; left !== null && !left.contains(now); left = left.parentElement) {
        left.dispatchEvent(new Kind(`${kind}leave`, about));
      }
    }
  };
}
