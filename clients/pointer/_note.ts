import type { Box } from "../browser/messages.ts";
import { build } from "./_build.ts";
import { tagOf } from "./_hover.ts";
import type { Overlay } from "./_overlay.ts";
import { placeBeside } from "./_placement.ts";
import { nameOf } from "./_speaker.ts";
import { boxOf, type Tracker } from "./_tracker.ts";

const KEYS = "↵ send  ⇧↵ new line";
const KEYS_SPOKEN = "Enter sends, Shift and Enter begin a new line, Alt and arrow keys go to another element.";

/** The field for what is to be said about an element. */
export interface Note {
  /** Shows it at an element, with what was said before. */
  open(element: Element, about: { number: number; text: string; count: number }): void;
  close(): void;
  isOpen(): boolean;
  text(): string;
  /** What a press on the overlay's part means. */
  meaning(part: Element | null): "send" | "cancel" | "inside" | "outside";
  /** Whether the focus is in it, and on what. */
  focus(): "field" | "send" | "cancel" | null;
  /** Lets what lies under it be seen. */
  stepAside(isAside: boolean): void;
  /** The focus goes to its field. */
  take(): void;
  /** The focus goes to its next part. */
  focusNext(backwards: boolean): void;
  /** Says that leaving loses something. */
  warn(text: string): void;
  fit(): void;
}

export function createNote({ overlay, tracker }: { overlay: Overlay; tracker: Tracker }): Note {
  const { view } = overlay;
  const { document } = view;
  const field = document.createElement("textarea");
  const number = build(document, "span", { class: "number" });
  const what = build(document, "span", { class: "what" });
  const keys = build(document, "span", { class: "keys", "aria-hidden": "true" }, [KEYS]);
  const send = build(document, "button", { class: "send", type: "button" });
  const cancel = build(document, "button", { class: "cancel", type: "button" }, ["Cancel"]);
  const card = build(document, "div", { class: "note", role: "dialog" }, [
    build(document, "div", { class: "head" }, [number, what]),
    field,
    build(document, "div", { class: "foot" }, [keys, cancel, send]),
  ]);
  let at: Element | null = null;
  let unfollow = () => {};

  function open(element: Element, about: { number: number; text: string; count: number }): void {
    close();
    at = element;
    for (const name of ["data-warns", "data-aside"]) card.removeAttribute(name);
    card.setAttribute("aria-label", `Note for ${about.number}, ${nameOf(element)}`);
    for (const [name, value] of fieldAttributes(about.number)) field.setAttribute(name, value);
    number.replaceChildren(String(about.number));
    what.replaceChildren(tagOf(element));
    send.replaceChildren(about.count > 1 ? `Send ${about.count}` : "Send");
    keys.replaceChildren(KEYS);
    field.value = about.text;
    overlay.show(card);
    unfollow = tracker.follow(element, place);
    take();
  }

  function take(): void {
    field.focus({ preventScroll: true });
  }

  function stepAside(isAside: boolean): void {
    card.toggleAttribute("data-aside", isAside);
  }

  function close(): void {
    if (at === null) return;
    at = null;
    unfollow();
    overlay.hide(card);
  }

  function place(box: Box | null): void {
    if (box !== null) placeBeside(view, card, box, "below");
  }

  function fit(): void {
    card.removeAttribute("data-warns");
    keys.replaceChildren(KEYS);
    if (at !== null) place(boxOf(at));
  }

  function meaning(part: Element | null): ReturnType<Note["meaning"]> {
    if (part === null || !card.contains(part)) return "outside";
    if (send.contains(part)) return "send";
    return cancel.contains(part) ? "cancel" : "inside";
  }

  function focus(): ReturnType<Note["focus"]> {
    const focused = overlay.focused();
    return focused === field ? "field" : focused === send ? "send" : focused === cancel ? "cancel" : null;
  }

  function focusNext(backwards: boolean): void {
    const order = [field, cancel, send];
    const index = order.findIndex((part) => part === overlay.focused());
    order[(index + (backwards ? order.length - 1 : 1) + (index === -1 && backwards ? 1 : 0)) % order.length]?.focus();
  }

  function warn(text: string): void {
    card.toggleAttribute("data-warns", true);
    keys.replaceChildren(text);
  }

  return {
    open,
    close,
    isOpen: () => at !== null,
    text: () => field.value,
    meaning,
    focus,
    stepAside,
    take,
    focusNext,
    warn,
    fit,
  };
}

function fieldAttributes(number: number): [string, string][] {
  return [
    ["aria-label", `Note for ${number}`],
    ["aria-description", KEYS_SPOKEN],
    ["placeholder", "What should change?"],
    ["rows", "2"],
    ["dir", "auto"],
    ["maxlength", "4000"],
  ];
}
