import type { Box } from "../browser/messages.ts";
import { build, buildIcon, setStyle } from "./_build.ts";
import { elementAt } from "./_hit.ts";
import { createOutline } from "./_outline.ts";
import type { Overlay } from "./_overlay.ts";
import { seenPart, within } from "./_placement.ts";
import { nameOf, type Speaker } from "./_speaker.ts";
import { boxOf, type Tracker } from "./_tracker.ts";
import type { Mark, MarkState } from "./pointer.ts";

const MARK_HEIGHT = 24;
/** Beside each other on one element. */
const MARK_STEP = 34;
const FLASH_MS = 2_000;
const CIRCLE = "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2Z";
const STATES: Record<MarkState, { word: string; icon: string }> = {
  sending: { word: "Sending", icon: "M8 2a6 6 0 1 1-5.2 3" },
  queued: { word: "Waiting to be sent", icon: `${CIRCLE}M8 5v3.5l2 1` },
  sent: { word: "Sent", icon: "M3 8.5 6.5 12 13 4.5" },
  seen: {
    word: "Seen",
    icon: "M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8ZM8 6.2a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6Z",
  },
  resolved: { word: "Resolved", icon: `${CIRCLE}M5.2 8.3 7.2 10.3 10.9 6` },
  dismissed: { word: "Dismissed", icon: "M4 4l8 8M12 4l-8 8" },
  failed: { word: "Not sent", icon: "M8 2.5 14.5 13.5h-13ZM8 6.5v3.2M8 11.7v.1" },
};

/** How ids of marks begin that stand in until the host's own come. */
export const PROVISIONAL = "taken-";

/** The marks of captured elements. */
export interface Marks {
  set(element: Element, mark: Mark | null): void;
  /** Takes one away; false: there was none. */
  drop(id: string): boolean;
  /** The highest number shown; 0: none. */
  highest(): number;
  flash(element: Element): void;
  close(): void;
}

interface Shown {
  element: Element;
  mark: Mark;
  part: HTMLElement;
  unfollow(): void;
}

export function createMarks(
  { overlay, tracker, speaker }: { overlay: Overlay; tracker: Tracker; speaker: Speaker },
): Marks {
  const { view } = overlay;
  const shown = new Map<string, Shown>();
  const flashed = createOutline({ overlay, tracker, kind: "flash" });
  let flashTimer = 0;
  tracker.onRest(lookForCovers);

  function set(element: Element, mark: Mark | null): void {
    if (mark === null) return [...shown.values()].filter((each) => each.element === element).forEach(remove);
    if (!mark.id.startsWith(PROVISIONAL)) dropProvisional(element);
    const before = shown.get(mark.id);
    if (before?.element !== element && before) remove(before);
    const entry = shown.get(mark.id) ?? add(element, mark);
    const isNews = before?.mark.state !== mark.state || before.mark.label !== mark.label;
    entry.mark = mark;
    fill(entry);
    if (isNews) speaker.say(`${mark.number}: ${wordsOf(mark)}, ${nameOf(element)}`);
  }

  function dropProvisional(element: Element): void {
    for (const [id, entry] of shown) if (entry.element === element && id.startsWith(PROVISIONAL)) remove(entry);
  }

  function drop(id: string): boolean {
    const entry = shown.get(id);
    if (entry) remove(entry);
    return entry !== undefined;
  }

  function add(element: Element, mark: Mark): Shown {
    const part = build(view.document, "div", { class: "mark", role: "img" });
    const entry: Shown = { element, mark, part, unfollow: () => {} };
    shown.set(mark.id, entry);
    overlay.show(part);
    entry.unfollow = tracker.follow(element, (box) => place(entry, box));
    return entry;
  }

  function fill({ part, mark, element }: Shown): void {
    const { document } = view;
    part.setAttribute("data-state", mark.state);
    part.setAttribute("aria-label", `${mark.number}: ${wordsOf(mark)}, ${nameOf(element)}`);
    part.replaceChildren(
      build(document, "span", { class: "number" }, [String(mark.number)]),
      buildIcon(document, STATES[mark.state].icon),
      build(document, "span", { class: "word" }, [wordsOf(mark)]),
    );
  }

  function place(entry: Shown, box: Box | null): void {
    entry.part.toggleAttribute("data-gone", box === null);
    if (box === null) return;
    const seen = seenPart(view);
    const isSeen = box.x < seen.x + seen.width && box.y < seen.y + seen.height && box.x + box.width > seen.x &&
      box.y + box.height > seen.y;
    if (!isSeen) return entry.part.toggleAttribute("data-away", true), undefined;
    const beside = [...shown.values()].filter((each) => each.element === entry.element).indexOf(entry) * MARK_STEP;
    const x = within(box.x - MARK_HEIGHT / 2, seen.x + 4, seen.x + seen.width - 40) + beside;
    const y = within(box.y - MARK_HEIGHT / 2, seen.y + 4, seen.y + seen.height - MARK_HEIGHT - 4);
    setStyle(entry.part, { transform: `translate(${x}px, ${y}px)` });
    if (!entry.part.hasAttribute("data-covered")) entry.part.removeAttribute("data-away");
  }

  // When all is still, since a look through the page costs more than a box.
  function lookForCovers(): void {
    overlay.undoZoom();
    for (const { element, part } of shown.values()) {
      const box = boxOf(element);
      if (box === null) continue;
      part.toggleAttribute("data-covered", isCovered(element, box, overlay.shell));
      part.toggleAttribute("data-away", part.hasAttribute("data-covered"));
    }
  }

  function remove(entry: Shown): void {
    entry.unfollow();
    overlay.hide(entry.part);
    shown.delete(entry.mark.id);
  }

  function flash(element: Element): void {
    view.clearTimeout(flashTimer);
    const isCalm = view.matchMedia("(prefers-reduced-motion: reduce)").matches;
    element.scrollIntoView({ block: "center", inline: "nearest", behavior: isCalm ? "instant" : "smooth" });
    flashed.around(null);
    flashed.around(element);
    overlay.raise();
    speaker.say(`Highlighted: ${nameOf(element)}`);
    flashTimer = view.setTimeout(() => flashed.around(null), FLASH_MS);
  }

  return {
    set,
    drop,
    highest: () => Math.max(0, ...[...shown.values()].map(({ mark }) => mark.number)),
    flash,
    close() {
      view.clearTimeout(flashTimer);
      flashed.close();
      for (const entry of [...shown.values()]) remove(entry);
    },
  };
}

function wordsOf({ state, label }: Mark): string {
  return label ? `${STATES[state].word}: ${label}` : STATES[state].word;
}

// Seen at none of these places: something lies over it, or a scroller has it out of sight.
function isCovered(element: Element, { x, y, width, height }: Box, shell: Element): boolean {
  const { ownerDocument } = element;
  if (ownerDocument.defaultView?.getComputedStyle(element).pointerEvents === "none") return false;
  const inset = Math.min(3, width / 2, height / 2);
  const places = [[0.5, 0.5], [0, 0], [1, 0], [0, 1], [1, 1]].map(([right = 0, down = 0]) => ({
    x: x + inset + right * (width - 2 * inset),
    y: y + inset + down * (height - 2 * inset),
  }));
  return places.every((place) => {
    const hit = elementAt(ownerDocument, place, shell).element;
    return hit === null || !holds(element, hit);
  });
}

function holds(element: Element, inner: Element): boolean {
  for (
    let node: Node | null = inner;
    node !== null;
    node = node.parentNode ?? ("host" in node ? shadowHost(node) : null)
  ) {
    if (node === element) return true;
  }
  return false;
}

function shadowHost(node: Node): Node | null {
  return node.nodeType === Node.DOCUMENT_FRAGMENT_NODE && "host" in node && isNode(node.host) ? node.host : null;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "nodeType" in value;
}
