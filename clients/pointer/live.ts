import type { ElementChange } from "../browser/messages.ts";
import type { Fingerprint } from "../capture/fingerprint.ts";
import { createLife, type Life } from "./_life.ts";
import { createSlices } from "./_slices.ts";
import { listenForStirs } from "./_stirs.ts";

/** A captured element, as it is held from one page to the next. */
export interface HeldElement {
  elementId: string;
  selector: string;
  fingerprint: Fingerprint;
  /** null: it is looked for, as after a reload. */
  element: Element | null;
  /** What was told of it so far; absent: as it is now, and of one that is looked for nothing. */
  known?: ElementChange;
}

/** Who is told what becomes of the elements. */
export interface LiveListener {
  /** What changed, at most ten times a second for each element; of one that was stale also nothing, which says that it is there again. What it throws is said again with the next change. */
  update(elementId: string, change: ElementChange): void;
  /** It is gone for longer than a re-render takes. */
  stale(elementId: string): void;
  /** It was gone, or looked for, and is there again: maybe another element in its place. */
  found(elementId: string, element: Element): void;
  /** It is out of the page; `found` or `stale` follows. */
  lost?(elementId: string): void;
}

/** The captured elements of one frame: kept fresh, and found again. */
export interface LiveElements {
  /** Watches a captured element from now on. Of more than 500, the oldest is let go. */
  add(held: HeldElement): void;
  remove(elementId: string): void;
  /** The element as it is in the page now; null: it is not there, or not known. */
  find(elementId: string): Element | null;
  /** All of an element as it is now; `update` does not say it again. null as `find`. */
  inspect(elementId: string): ElementChange | null;
  /** Looks at nothing while it runs, as while a screenshot changes the page for a moment. */
  pauseWhile<Result>(during: () => Promise<Result>): Promise<Result>;
  close(): void;
}

/** Bounds what is watched; more than anybody points at in one page. */
const MAX_ELEMENTS = 500;

/** Watches the captured elements of a frame. `framePath` finds the frame from the top, as in `describeElement`. */
export function createLiveElements(
  window: Window,
  told: LiveListener,
  { framePath = "" }: { framePath?: string } = {},
): LiveElements {
  const view = viewOf(window);
  const lives = new Map<string, Life>();
  const slices = createSlices(view, (elementId) => lives.get(elementId)?.look() ?? 0);
  const silence = listenForStirs(view, (what, isConcerned) => {
    for (const life of lives.values()) {
      const element = life.element();
      if (element !== null && isConcerned(element)) life.stir(what);
    }
  });
  return {
    add,
    remove,
    find: (elementId) => lives.get(elementId)?.element() ?? null,
    inspect: (elementId) => lives.get(elementId)?.inspect() ?? null,
    pauseWhile: slices.pauseWhile,
    close,
  };

  function add(held: HeldElement): void {
    const { elementId } = held;
    remove(elementId);
    const ask = (delayMs?: number) => slices.ask(elementId, delayMs);
    lives.set(elementId, createLife(held, { view, told, framePath, ask }));
    const [oldest] = lives.keys();
    if (lives.size > MAX_ELEMENTS && oldest !== undefined) remove(oldest);
  }

  function remove(elementId: string): void {
    lives.get(elementId)?.close();
    lives.delete(elementId);
    slices.drop(elementId);
  }

  function close(): void {
    silence();
    slices.close();
    for (const life of lives.values()) life.close();
    lives.clear();
  }
}

function viewOf({ document: { defaultView } }: Window): Window & typeof globalThis {
  if (defaultView === null) throw new Error("Cannot watch a document without a window");
  return defaultView;
}
