import type { View } from "./_build.ts";
import { deliver } from "./_delivery.ts";
import { keepFocus, takeFocus } from "./_focus.ts";
import { createFrames } from "./_frames.ts";
import { createGate } from "./_gate.ts";
import { createGestures } from "./_gestures.ts";
import { createHint } from "./_hint.ts";
import { keepHovered } from "./_hovered.ts";
import { createHover } from "./_hover.ts";
import { isArrow, meaningOf } from "./_keys.ts";
import type { Marks } from "./_marks.ts";
import { createNote } from "./_note.ts";
import { createNumbers } from "./_numbers.ts";
import type { Overlay } from "./_overlay.ts";
import { relativeOf } from "./_relatives.ts";
import { nameOf, type Speaker } from "./_speaker.ts";
import { createSelection } from "./_taken.ts";
import type { Tracker } from "./_tracker.ts";
import type { FrameMessage, PointerHost, Taken } from "./pointer.ts";

const HOW_TO = "Point at an element. Arrow keys move, Enter takes, Shift adds, Escape leaves.";

/** Pointing itself, in one frame. */
export interface Picker {
  start(): void;
  stop(): void;
  isPointing(): boolean;
  hear(message: FrameMessage): void;
  /** Tells the other frames which numbers are in use here. */
  tellNumbers(): void;
  close(): void;
}

export function createPicker({ view, overlay, tracker, speaker, marks, host }: {
  view: View;
  overlay: Overlay;
  tracker: Tracker;
  speaker: Speaker;
  marks: Marks;
  host: PointerHost;
}): Picker {
  const hover = createHover({ overlay, tracker, componentOf: host.componentOf?.bind(host) });
  const note = createNote({ overlay, tracker });
  const taken = createSelection({ overlay, tracker });
  const hint = createHint(overlay);
  const gate = createGate(view, overlay.shell, handle);
  const frames = createFrames(view, { tell: host.tell?.bind(host), hear, isPointing: () => isPointing });
  const seen = (element: Element) => speaker.say(nameOf(element));
  const gestures = createGestures({ overlay, hover, note, frames, done: { picked, sent, left, moved, seen } });
  const numbers = createNumbers({ marks, taken, frames });
  let isPointing = false;
  /** Which frame the mouse was in last; null: none yet. */
  let mouse: "here" | "elsewhere" | null = null;
  let writing: Taken | null = null;
  let hasWarned = false;
  let giveFocusBack = () => {};
  let tellLeft: ReturnType<typeof keepHovered> = () => {};
  overlay.glass.setAttribute("aria-label", HOW_TO);

  function start(): void {
    if (isPointing) return;
    begin();
    frames.tell({ type: "started" });
  }

  function begin(): void {
    if (isPointing) return;
    isPointing = true;
    mouse = null;
    gate.open();
    giveFocusBack = keepFocus(view);
    tellLeft = keepHovered(view);
    overlay.show(overlay.glass);
    overlay.raise();
    if (view.parent === view) hint.show();
    takeFocus(view, overlay.glass);
    view.addEventListener("scroll", gestures.look, { capture: true, passive: true });
    frames.announce(true);
    tellNumbers();
    speaker.say(HOW_TO);
  }

  function stop(): void {
    if (!isPointing) return;
    frames.tell({ type: "ended", send: false });
    end(false);
  }

  function end(isSending: boolean): void {
    if (!isPointing) return;
    keepNote();
    isPointing = false;
    view.removeEventListener("scroll", gestures.look, { capture: true });
    const list = taken.list();
    putNoteAway();
    tellLeft(gestures.stop());
    hover.show(null);
    hint.hide();
    taken.clear();
    overlay.hide(overlay.glass);
    giveFocusBack();
    gate.shut();
    frames.announce(false);
    numbers.forget();
    if (isSending && list.length > 0) deliver(list, { marks, host });
    else speaker.say("Pointing ended");
    host.ended?.();
  }

  function handle(event: Event, isOwn: boolean): boolean {
    if (event instanceof view.KeyboardEvent) return event.type !== "keydown" ? true : press(event);
    if (event instanceof view.MouseEvent) return gestures.take(event);
    if (event.type === "input") note.fit();
    return isOwn;
  }

  function press(event: KeyboardEvent): boolean {
    // Pages give their own fields the focus when they like, as when they are done loading.
    if (note.isOpen() && overlay.focused() === null && !event.ctrlKey && !event.metaKey) note.take();
    const meaning = meaningOf(event, note);
    if (meaning === "browser") return true;
    if (mouse === "elsewhere" && (meaning === "pick" || meaning === "move")) {
      frames.tell({ type: "key", key: event.key, shift: event.shiftKey });
    } else if (meaning === "leave") left();
    else if (meaning === "send") sent();
    else if (meaning === "next" || meaning === "back") note.focusNext(meaning === "back");
    else if (meaning !== "nothing") choose(event.key, event.shiftKey);
    return false;
  }

  function choose(key: string, isShift: boolean): void {
    const at = writing !== null && note.focus() !== null ? writing.element : hover.element();
    if (!isArrow(key)) return at ? picked(at, isShift) : undefined;
    const next = at === null ? view.document.body : relativeOf(at, key);
    if (next === null) return speaker.say("No further");
    gestures.yield();
    next.scrollIntoView({ block: "nearest", inline: "nearest", behavior: "instant" });
    if (writing !== null && note.focus() !== null) moveTaken(writing, next);
    else hover.show(next);
    speaker.say(nameOf(next));
  }

  function moveTaken(entry: Taken, element: Element): void {
    keepNote();
    taken.move(entry, element);
    write(entry);
  }

  function picked(element: Element, isShift: boolean): void {
    keepNote();
    hint.hide();
    const before = taken.find(element);
    if (before !== null) return isShift ? dropped(before) : write(before);
    const [only, ...more] = taken.list();
    if (!isShift && only !== undefined && more.length === 0) return moveTaken(only, element);
    write(taken.add(element, numbers.next()));
    tellNumbers();
  }

  function dropped(entry: Taken): void {
    taken.remove(entry);
    if (writing === entry) putNoteAway();
    numbers.closeGap();
    speaker.say(`Dropped ${nameOf(entry.element)}`);
    tellNumbers();
    const last = taken.list().at(-1);
    if (last !== undefined) write(last);
  }

  function write(entry: Taken): void {
    writing = entry;
    hasWarned = false;
    hover.show(null);
    gestures.yield();
    note.open(entry.element, { number: entry.number, text: entry.note ?? "", count: numbers.count() });
    // A video or a frame that fills the screen has no room for a note.
    if (note.focus() === null && view.document.fullscreenElement) {
      view.document.exitFullscreen().then(() => note.take());
    }
    frames.tell({ type: "noting" });
    speaker.say(`Took ${entry.number}, ${nameOf(entry.element)}`);
  }

  function keepNote(): void {
    const text = note.text().trim();
    if (writing !== null && note.isOpen()) writing.note = text === "" ? null : text;
  }

  function putNoteAway(next: "here" | "elsewhere" = "here"): void {
    const hadFocus = note.focus() !== null;
    note.close();
    writing = null;
    if (hadFocus && isPointing && next === "here") takeFocus(view, overlay.glass);
  }

  function sent(): void {
    frames.tell({ type: "ended", send: true });
    end(true);
  }

  // What was written is not lost by one key.
  function left(): void {
    keepNote();
    const lost = taken.list().filter((entry) => entry.note !== null).length;
    if (lost === 0 || hasWarned) return stop();
    hasWarned = true;
    const text = lost === 1 ? "Escape again drops the note" : `Escape again drops ${lost} notes`;
    note.warn(text);
    speaker.say(text);
  }

  function moved(y: number): void {
    hint.avoid(y);
    if (mouse !== "here") frames.tell({ type: "entered" });
    mouse = "here";
  }

  function hear(message: FrameMessage): void {
    if (message.type === "started") begin();
    if (!isPointing) return;
    if (message.type === "ended") end(message.send);
    else if (message.type === "numbers") numbers.hear(message.frame, message);
    else if (message.type === "key" && mouse === "here") choose(message.key, message.shift);
    else if (message.type === "entered") {
      mouse = "elsewhere";
      hover.show(null);
    } else if (message.type === "noting") {
      keepNote();
      // The focus is on its way to the other frame's note: to take it now would be to take it from there.
      putNoteAway("elsewhere");
    }
  }

  function tellNumbers(): void {
    if (isPointing) numbers.tell();
  }

  return {
    start,
    stop,
    isPointing: () => isPointing,
    hear,
    tellNumbers,
    close() {
      stop();
      gate.close();
      frames.close();
    },
  };
}
