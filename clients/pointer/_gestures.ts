import { setStyle } from "./_build.ts";
import type { Frames } from "./_frames.ts";
import { elementAt } from "./_hit.ts";
import type { Hover } from "./_hover.ts";
import type { Note } from "./_note.ts";
import type { Overlay } from "./_overlay.ts";
import { scrollAt } from "./_scroll.ts";

/** So far the mouse may tremble without the keyboard's choice being lost. */
const TREMOR_PX = 4;
const MOVES = ["pointermove", "pointerover", "pointerdown", "mouseover"];

/** What the mouse, a pen or a finger does over the overlay. */
export interface Gestures {
  /** Whether the browser may do what it does by itself. */
  take(event: MouseEvent): boolean;
  /** Looks anew at what lies under the pointer. */
  look(): void;
  /** The keyboard chose; the mouse has to move to take over again. */
  yield(): void;
  /** Forgets the mouse; tells what lay under it last. */
  stop(): Element | null;
}

export function createGestures(
  { overlay, hover, note, frames, done }: {
    overlay: Overlay;
    hover: Hover;
    note: Note;
    frames: Frames;
    done: {
      picked(element: Element, isShift: boolean): void;
      sent(): void;
      left(): void;
      moved(y: number): void;
      seen(element: Element): void;
    };
  },
): Gestures {
  const { view, glass } = overlay;
  let place: { x: number; y: number } | null = null;
  let isYielding = false;
  let isHole = false;
  let isAdding = false;
  let frame = 0;

  function take(event: MouseEvent): boolean {
    if (!isBrowsersOwn(event)) {
      isAdding = event.shiftKey;
      note.stepAside(isAdding);
    }
    const part = partOfNote(event.clientX, event.clientY);
    const meaning = note.meaning(part);
    if (MOVES.includes(event.type)) move(event);
    if (event.type === "wheel") return meaning !== "outside" || wheel(event);
    if (event.type === "click") click(event, meaning);
    return meaning !== "outside" && event.type !== "dragstart";
  }

  // Where what lies under the mouse changes, Chromium makes a move to where it is already, and that may know nothing of keys.
  function isBrowsersOwn({ type, clientX, clientY }: MouseEvent): boolean {
    // Events of the mouse have whole pixels, those of the pointer parts of them.
    return /(?:move|update|over|out)$/.test(type) && place !== null && Math.floor(place.x) === Math.floor(clientX) &&
      Math.floor(place.y) === Math.floor(clientY);
  }

  // Who adds an element may want one that the note lies over.
  function partOfNote(x: number, y: number): Element | null {
    return note.isOpen() && !isAdding ? overlay.partAt(x, y) : null;
  }

  function move({ clientX: x, clientY: y }: MouseEvent): void {
    if (isYielding && place && Math.hypot(place.x - x, place.y - y) < TREMOR_PX) return;
    isYielding = false;
    place = { x, y };
    if (frame === 0) frame = view.requestAnimationFrame(look);
  }

  function look(): void {
    frame = 0;
    if (place === null || isYielding) return;
    done.moved(place.y);
    if (partOfNote(place.x, place.y) !== null) return hover.show(null);
    const { element, overlaid } = elementAt(view.document, place, overlay.shell);
    if (!overlaid && !isHole) overlay.raise();
    open(frames.pointsItself(element));
    const isNew = !isHole && element !== hover.element();
    hover.show(isHole ? null : element);
    if (isNew && element !== null) done.seen(element);
  }

  // Over a frame that points itself the overlay lets the mouse through.
  function open(hole: boolean): void {
    if (hole === isHole) return;
    isHole = hole;
    setStyle(glass, { "pointer-events": hole ? "none" : "auto" });
  }

  function click(event: MouseEvent, meaning: ReturnType<Note["meaning"]>): void {
    const focus = event.detail === 0 ? note.focus() : meaning;
    if (focus === "send") return done.sent();
    if (focus === "cancel") return done.left();
    if (focus !== "outside") return;
    move(event);
    look();
    const element = hover.element();
    if (element !== null) done.picked(element, event.shiftKey);
  }

  function wheel(event: MouseEvent): boolean {
    if (!(event instanceof view.WheelEvent)) return true;
    const { element } = elementAt(view.document, { x: event.clientX, y: event.clientY }, overlay.shell);
    return !scrollAt(view, element, event);
  }

  return {
    take,
    look,
    yield: () => isYielding = true,
    stop() {
      const last = place && elementAt(view.document, place, overlay.shell).element;
      view.cancelAnimationFrame(frame);
      frame = 0;
      place = null;
      isYielding = false;
      open(false);
      return last;
    },
  };
}
