import { newId } from "../browser/messages.ts";
import type { View } from "./_build.ts";
import type { FrameMessage } from "./pointer.ts";

/** A message without its sender. */
export type Told = FrameMessage extends infer Each ? Each extends { frame: string } ? Omit<Each, "frame"> : never
  : never;

/** The other frames of this tab. */
export interface Frames {
  tell(message: Told): void;
  /** Says to the parent whether this frame has a pointer that points, so that the parent leaves the mouse to it. */
  announce(isPointing: boolean): void;
  /** Whether an element is a frame whose own pointer points. */
  pointsItself(element: Element | null): boolean;
  close(): void;
}

const KINDS = ["started", "ended", "entered", "numbers", "key", "noting"];

export function createFrames(
  view: View,
  { tell, hear, isPointing }: {
    tell: ((message: FrameMessage) => void) | undefined;
    hear(message: FrameMessage): void;
    isPointing(): boolean;
  },
): Frames {
  const frame = newId();
  const pointing = new WeakSet<WeakKey>();
  view.addEventListener("message", onMessage, true);
  view.addEventListener("pagehide", onHide);
  if (view.parent !== view) post(view.parent, "hello");

  function onMessage(event: MessageEvent): void {
    const said: unknown = isRecord(event.data) ? event.data.fingerpost : undefined;
    if (said === undefined || event.source === null) return;
    event.stopImmediatePropagation();
    if (said === "here") pointing.add(event.source);
    else if (said === "gone") pointing.delete(event.source);
    else if (said === "who" && event.source === view.parent) announce(isPointing());
    else if (said === "hello" && isPointing()) say({ type: "started" });
    else if (tell === undefined && isFrameMessage(said) && said.frame !== frame && isNeighbour(event.source)) {
      hear(said);
      spread(said, event.source);
    }
  }

  function say(message: Told): void {
    const whole: FrameMessage = { ...message, frame };
    if (tell) tell(whole);
    else spread(whole, null);
  }

  function spread(message: FrameMessage, from: MessageEventSource | null): void {
    for (const neighbour of neighbours()) if (neighbour !== from) post(neighbour, message);
  }

  function neighbours(): Window[] {
    const children = Array.from({ length: view.length }, (_, index) => view[index]).filter((child) =>
      child !== undefined
    );
    return view.parent === view ? children : [view.parent, ...children];
  }

  function isNeighbour(source: MessageEventSource): boolean {
    return neighbours().some((neighbour) => neighbour === source);
  }

  function announce(isPointing: boolean): void {
    if (view.parent !== view) post(view.parent, isPointing ? "here" : "gone");
    if (!isPointing) return;
    for (const neighbour of neighbours()) if (neighbour !== view.parent) post(neighbour, "who");
  }

  function onHide(): void {
    announce(false);
  }

  return {
    tell: say,
    announce,
    pointsItself(element) {
      const inner = element !== null && "contentWindow" in element ? element.contentWindow : null;
      return typeof inner === "object" && inner !== null && pointing.has(inner);
    },
    close() {
      view.removeEventListener("message", onMessage, true);
      view.removeEventListener("pagehide", onHide);
    },
  };
}

function post(to: Window, said: unknown): void {
  to.postMessage({ fingerpost: said }, "*");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isFrameMessage(value: unknown): value is FrameMessage {
  return isRecord(value) && typeof value.frame === "string" && typeof value.type === "string" &&
    KINDS.includes(value.type) &&
    (value.type !== "numbers" || (typeof value.highest === "number" && typeof value.taken === "number")) &&
    (value.type !== "key" || typeof value.key === "string");
}
