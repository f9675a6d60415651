import { build, setStyle, type View } from "./_build.ts";
import { adoptStyles } from "./_overlay_styles.ts";
import { createTopLayer } from "./_top_layer.ts";

/** How long hiding waits for frames that a hidden tab never paints. */
const PAINT_TIMEOUT_MS = 250;

/** The pointer's own element in the page, and what it holds, none of which the page can reach. */
export interface Overlay {
  view: View;
  /** What the page sees of it. */
  shell: HTMLElement;
  /** Lies over the page while pointing, so that nothing of the page is hovered; where keys go. */
  glass: HTMLElement;
  /** For screen readers. */
  live: HTMLElement;
  /** Adds something that is seen; the overlay stays in the document while there is any. */
  show(part: HTMLElement): void;
  hide(part: HTMLElement): void;
  /** Puts it above all that the page has opened. */
  raise(): void;
  /** The page may have been zoomed by its CSS. */
  undoZoom(): void;
  /** The overlay's own element that has the focus. */
  focused(): Element | null;
  /** The overlay's own element at a place, the glass left out. */
  partAt(x: number, y: number): Element | null;
  hideWhile<Result>(during: () => Promise<Result>): Promise<Result>;
  close(): void;
}

/** Builds the overlay; it enters the document with the first part that is shown. */
export function createOverlay(view: View): Overlay {
  const { document } = view;
  // No element of a name that the page may define: as a custom element it would be handed the closed root (HTML §4.13.7.2).
  const shell = build(document, "div", { "data-fingerpost": "", popover: "manual" });
  const root = shell.attachShadow({ mode: "closed" });
  const glass = build(document, "div", { class: "glass", tabindex: "-1", role: "application" });
  const live = build(document, "div", { class: "live", role: "status", "aria-live": "polite" });
  const parts = build(document, "div", { class: "parts" });
  const layer = build(document, "div", { class: "layer", role: "region", "aria-label": "Fingerpost" }, [parts, live]);
  const entered = adoptStyles(view, root);
  root.append(layer);
  const topLayer = createTopLayer(view, shell, { raised, canFocus, isUsed: () => glass.isConnected });
  let hidings = 0;

  function show(part: HTMLElement): void {
    if (part === glass) layer.prepend(glass);
    else parts.append(part);
    if (!shell.isConnected) raise();
  }

  function hide(part: HTMLElement): void {
    part.remove();
    if (parts.childElementCount === 0 && !glass.isConnected) topLayer.leave();
  }

  function raise(): void {
    const before = root.activeElement;
    topLayer.raise();
    if (before instanceof view.HTMLElement && root.activeElement !== before) before.focus({ preventScroll: true });
  }

  // Only what is not behind a modal dialog can take the focus.
  function canFocus(): boolean {
    const before = root.activeElement;
    const probe = build(document, "span", { tabindex: "-1" });
    layer.append(probe);
    probe.focus({ preventScroll: true });
    const can = root.activeElement === probe;
    if (before instanceof view.HTMLElement) before.focus({ preventScroll: true });
    else if (can) probe.blur();
    probe.remove();
    return can;
  }

  function raised(): void {
    entered();
    undoZoom();
  }

  // The page's own CSS `zoom` is inherited, even into the top layer; boxes are told without it.
  function undoZoom(): void {
    setStyle(layer, { zoom: "1" });
    const scale = layer.getBoundingClientRect().width / Math.max(1, layer.offsetWidth);
    if (Number.isFinite(scale) && scale > 0 && Math.abs(scale - 1) > 0.001) {
      setStyle(layer, { zoom: String(1 / scale) });
    }
  }

  async function hideWhile<Result>(during: () => Promise<Result>): Promise<Result> {
    hidings++;
    layer.toggleAttribute("data-hidden", true);
    try {
      await nextPaint(view);
      return await during();
    } finally {
      hidings--;
      layer.toggleAttribute("data-hidden", hidings > 0);
    }
  }

  return {
    view,
    shell,
    glass,
    live,
    show,
    hide,
    raise,
    undoZoom,
    focused: () => root.activeElement,
    partAt: (x, y) => root.elementsFromPoint(x, y).find((each) => each !== glass && parts.contains(each)) ?? null,
    hideWhile,
    close() {
      topLayer.close();
      shell.remove();
    },
  };
}

// The second frame begins after the first was painted.
function nextPaint(view: View): Promise<void> {
  return new Promise((resolve) => {
    const timer = view.setTimeout(resolve, PAINT_TIMEOUT_MS);
    view.requestAnimationFrame(() =>
      view.requestAnimationFrame(() => {
        view.clearTimeout(timer);
        resolve();
      })
    );
  });
}
