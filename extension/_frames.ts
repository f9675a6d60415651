import type { Remote } from "./_calls.ts";
import type { FrameFacts, FrameMethods } from "./_messages.ts";

/** A frame in which the extension's script runs. */
export interface Frame {
  /** The browser's number for it; 0: the page itself. */
  id: number;
  facts: FrameFacts;
  remote: Remote<FrameMethods>;
}

/** The frames of one tab, and which is inside of which. */
export interface Frames {
  /** Takes in a frame. True: in the place of another document that was there. */
  enter(frame: Frame): boolean;
  /** The document of the frame went away. False: another one was in its place already. */
  leave(frame: Frame): boolean;
  /** The frame with this nonce is inside of `parent`, at a selector. */
  childOf(parent: Frame, nonce: string, selector: string): void;
  /** The way to a frame: selectors, each followed by ` >>iframe>> `. Null where a frame around it did not answer. */
  pathTo(frame: Frame): Promise<string | null>;
  /** The frames around one, the nearest first, each with the nonce of the frame in it on the way. */
  around(frame: Frame): { frame: Frame; nonce: string }[];
  all(): Frame[];
}

interface Parent {
  frame: Frame;
  selector: string;
}

/** Frames of another site that may not be entered never answer. */
const PARENT_TIMEOUT_MS = 1_000;
/** A page can have thousands of frames; and it can make up announcements of some that are not there. */
const MAX_ANNOUNCED = 500;

/** Builds the record of a tab's frames. */
export function createFrames(): Frames {
  const frames = new Map<number, Frame>();
  const parents = new Map<string, Parent>();
  const waiting = new Set<() => void>();
  return { enter, leave, childOf, pathTo, around, all: () => [...frames.values()] };

  function enter(frame: Frame): boolean {
    const before = frames.get(frame.id);
    frames.set(frame.id, frame);
    // One that came before the frame around it was announced to nobody.
    for (const other of frames.values()) {
      if (other !== frame && !other.facts.isTop && !parents.has(other.facts.nonce)) {
        other.remote.call("announce").catch(() => {});
      }
    }
    return before !== undefined && before.facts.nonce !== frame.facts.nonce;
  }

  function leave(frame: Frame): boolean {
    const isLast = frames.get(frame.id) === frame;
    if (isLast) frames.delete(frame.id);
    parents.delete(frame.facts.nonce);
    for (const [nonce, parent] of parents) if (parent.frame === frame) parents.delete(nonce);
    return isLast;
  }

  function childOf(parent: Frame, nonce: string, selector: string): void {
    if (parents.size >= MAX_ANNOUNCED && !parents.has(nonce)) return;
    parents.set(nonce, { frame: parent, selector });
    for (const look of waiting) look();
  }

  async function pathTo(frame: Frame): Promise<string | null> {
    let path = "";
    const seen = new Set<Frame>();
    for (let inner = frame; !inner.facts.isTop;) {
      const parent = await parentOf(inner.facts.nonce);
      if (parent === null || seen.has(parent.frame)) return null;
      seen.add(parent.frame);
      path = `${parent.selector} >>iframe>> ${path}`;
      inner = parent.frame;
    }
    return path;
  }

  function parentOf(nonce: string): Promise<Parent | null> {
    return new Promise((resolve) => {
      const settle = (parent: Parent | null): void => {
        clearTimeout(timer);
        waiting.delete(look);
        resolve(parent);
      };
      const look = (): void => {
        const parent = parents.get(nonce);
        if (parent !== undefined) settle(parent);
      };
      const timer = setTimeout(() => settle(null), PARENT_TIMEOUT_MS);
      waiting.add(look);
      look();
    });
  }

  function around(frame: Frame): { frame: Frame; nonce: string }[] {
    const found: { frame: Frame; nonce: string }[] = [];
    for (let inner = frame; found.length < frames.size;) {
      const parent = parents.get(inner.facts.nonce);
      if (parent === undefined) break;
      found.push({ frame: parent.frame, nonce: inner.facts.nonce });
      inner = parent.frame;
    }
    return found;
  }
}
