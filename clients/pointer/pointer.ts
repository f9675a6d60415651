import type { Capture } from "../browser/messages.ts";
import { createMarks } from "./_marks.ts";
import { createOverlay } from "./_overlay.ts";
import { createPicker } from "./_picker.ts";
import { createSpeaker } from "./_speaker.ts";
import { createTracker } from "./_tracker.ts";

// How the frames of a tab work together, for who writes the host (extension, page script):
//
// - Make one pointer in each frame, as early as can be (`document_start`): whoever listens at the window first is asked first.
// - Call `start()` and `stop()` in any one frame; the others follow by the messages below.
// - `tell` brings a message to the pointers of all other frames of the tab, which get it by `hear`: in the extension over the service
//   worker, `sender.tab.id` being the address. Messages are small JSON; order between two frames must be kept.
// - Without `tell`, messages go from frame to frame by `postMessage`. That is for the page script: there the page may forge them.
// - With `tell`, pages see and can forge one thing only: `postMessage` by which a frame says to its parent "I point too". Whoever forges it
//   keeps the pointer from taking that frame as one element, and gains nothing else.
// - A frame without a pointer is taken as one element.
// - `send` and `ended` are called in each frame: `send` with what was taken there, under numbers that count through the tab.

/** What the pointers of one tab tell each other; JSON. `frame` is who says it. */
export type FrameMessage =
  & { frame: string }
  & (
    /** Pointing begins in all frames. */
    | { type: "started" }
    /** Pointing ends in all frames, with what was taken sent or dropped. */
    | { type: "ended"; send: boolean }
    /** The mouse or the keyboard's choice is in this frame now. */
    | { type: "entered" }
    /** The highest number that was given in this frame, marks included; 0: none. `taken`: how many wait there to be sent. */
    | { type: "numbers"; highest: number; taken: number }
    /** A key that this frame got and that is meant for the frame entered last. */
    | { type: "key"; key: string; shift: boolean }
    /** A note is written in this frame: others put theirs away and keep the text. */
    | { type: "noting" }
  );

/** What a pointer asks of who made it. */
export interface PointerHost {
  /**
   * Captures what was pointed at (in order, for Shift-clicks several), and says what became of each by `mark`. When it rejects, marks say
   * "not sent".
   */
  send(taken: Taken[]): Promise<void>;
  /** Component name for the hover label, if it is known quickly; null else. */
  componentOf?(element: Element): Promise<Capture["component"]>;
  /** Pointing ended in this frame, by Escape or after sending. */
  ended?(): void;
  /** Brings a message to the pointers of all other frames of this tab. Absent: they tell each other by `postMessage`. */
  tell?(message: FrameMessage): void;
}

/** One element that a person took, in the order of its number. */
export interface Taken {
  element: Element;
  note: string | null;
  number: number;
}

export type MarkState = "sending" | "queued" | "sent" | "seen" | "resolved" | "dismissed" | "failed";

/** What a mark shows. */
export interface Mark {
  id: string;
  number: number;
  state: MarkState;
  /** Said beside the state, such as who saw it. */
  label?: string;
}

/** The overlay of one frame. */
export interface Pointer {
  /** Begins pointing, in all frames of the tab. */
  start(): void;
  /** Ends pointing, in all frames of the tab; what was taken is dropped. */
  stop(): void;
  readonly isPointing: boolean;
  /** Shows or changes the mark of an element; the mark follows it while it moves. The same id on another element moves it. null takes it away. */
  mark(element: Element, mark: Mark | null): void;
  /** Flashes and scrolls to an element (command HIGHLIGHT). */
  highlight(element: Element): void;
  /** Hides the overlay while `during` runs (screenshots), after the next painted frame. */
  hideWhile<Result>(during: () => Promise<Result>): Promise<Result>;
  /** Takes in what another frame's pointer told. */
  hear(message: FrameMessage): void;
  /** Takes away overlay, marks and listeners. */
  close(): void;
}

/** The pointer of one frame: an overlay in a closed shadow root that is in the document only while it shows something. */
export function createPointer(window: Window, host: PointerHost): Pointer {
  const view = window.document.defaultView;
  if (view === null) throw new Error("Cannot point in a document without a window");
  const overlay = createOverlay(view);
  const tracker = createTracker(view);
  const speaker = createSpeaker(overlay);
  const marks = createMarks({ overlay, tracker, speaker });
  const picker = createPicker({ view, overlay, tracker, speaker, marks, host });
  return {
    start: () => picker.start(),
    stop: () => picker.stop(),
    get isPointing() {
      return picker.isPointing();
    },
    mark(element, mark) {
      marks.set(element, mark);
      picker.tellNumbers();
    },
    highlight: (element) => marks.flash(element),
    hideWhile: (during) => overlay.hideWhile(during),
    hear: (message) => picker.hear(message),
    close() {
      picker.close();
      marks.close();
      tracker.close();
      speaker.close();
      overlay.close();
    },
  };
}
