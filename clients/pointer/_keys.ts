import type { Note } from "./_note.ts";

const SCROLLING = ["PageUp", "PageDown", "Home", "End"];
const MODIFIERS = ["Shift", "Control", "Alt", "Meta", "CapsLock"];

/** What a key means while pointing. */
export type KeyMeaning = "nothing" | "browser" | "leave" | "send" | "pick" | "next" | "back" | "move";

/** Reads a key: where the note has the focus, most are text. `browser`: the browser does what it does by itself. */
export function meaningOf(event: KeyboardEvent, note: Note): KeyMeaning {
  const { key } = event;
  if (isComposing(event) || MODIFIERS.includes(key)) return "browser";
  if (key === "Escape") return "leave";
  if (key === "Tab") return note.isOpen() ? event.shiftKey ? "back" : "next" : "nothing";
  const focus = note.focus();
  if (focus !== null) {
    if (event.altKey && isArrow(key)) return "move";
    if (key !== "Enter" || focus === "cancel") return "browser";
    return focus === "field" && event.shiftKey ? "browser" : "send";
  }
  // The browser's own shortcuts.
  if (event.ctrlKey || event.metaKey || /^F\d+$/.test(key)) return "browser";
  if (isArrow(key)) return "move";
  if (key === "Enter" || key === " ") return "pick";
  return SCROLLING.includes(key) ? "browser" : "nothing";
}

// Safari ends the composition before the Enter that ended it, and marks that by the code of keys for the input method (UI Events §A.5).
function isComposing({ isComposing, keyCode }: KeyboardEvent): boolean {
  return isComposing || keyCode === 229;
}

/** Whether a key is an arrow. */
export function isArrow(key: string): boolean {
  return key.startsWith("Arrow");
}
