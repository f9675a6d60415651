import { selectorFor } from "../clients/capture/selector.ts";

/** The frames in a frame, which can't be seen into: each says by `postMessage` which it is. */
export interface Neighbours {
  /** Says to the frame around which frame this is. */
  announce(): void;
  /** The frame element whose document said that it has this nonce; null: none in this frame. */
  frameWith(nonce: string): Element | null;
  /** Origins of frames from which nothing was heard: the extension was not let in. */
  foreign(): string[];
  close(): void;
}

interface Told {
  /** A frame with this nonce is in this one. */
  child(nonce: string, selector: string): void;
  /** A frame was loaded, which has no pointer yet. */
  loaded(): void;
  /** The address or the title of this frame changed. */
  moved(): void;
}

/** What the message has beside the nonce. The page may see it, and forge it: then it is told wrong things of its own frames. */
const WORD = "fingerpost-frame";
const NONCE = /^[\da-f-]{36}$/;
/** Nothing tells a script of `history.pushState`, or of a new title in time. */
const LOOK_EVERY_MS = 500;

/** Watches the frames around and in this one, and this one's address. */
export function watchNeighbours(window: Window, nonce: string, told: Told): Neighbours {
  const frames = new Map<string, Element>();
  const ended = new AbortController();
  const { signal } = ended;
  let seen = "";
  const looking = window.setInterval(look, LOOK_EVERY_MS);
  window.addEventListener("message", hear, { signal, capture: true });
  window.document.addEventListener("load", loaded, { signal, capture: true });
  return { announce, frameWith, foreign, close };

  function announce(): void {
    if (window.parent !== window) window.parent.postMessage({ [WORD]: nonce }, "*");
  }

  function hear({ data, source, isTrusted }: MessageEvent): void {
    const said = isTrusted && data !== null && typeof data === "object" ? data[WORD] : undefined;
    if (typeof said !== "string" || !NONCE.test(said)) return;
    const frame = allFrames().find((each) => source !== null && windowOf(each) === source);
    if (frame === undefined) return;
    // Of each frame the last one: it has one document, and could make up any number of them.
    for (const [other, element] of frames) if (element === frame) frames.delete(other);
    frames.set(said, frame);
    told.child(said, selectorFor(frame));
  }

  // Of the frames in shadow roots the load can't be heard here; they are found when the pointer is started again.
  function loaded({ target }: Event): void {
    if (isFrame(target) && allFrames().includes(target)) told.loaded();
  }

  function look(): void {
    const now = `${window.location.href}\n${window.document.title}`;
    if (seen !== "" && seen !== now) told.moved();
    seen = now;
  }

  function frameWith(wanted: string): Element | null {
    return frames.get(wanted) ?? null;
  }

  function foreign(): string[] {
    const known = new Set(frames.values());
    return allFrames().filter((frame) => !known.has(frame)).flatMap((frame) => {
      const url = URL.parse(frame.getAttribute("src") ?? "", window.document.baseURI);
      return url !== null && /^https?:$/.test(url.protocol) && url.origin !== window.location.origin
        ? [url.origin]
        : [];
    });
  }

  function allFrames(): Element[] {
    return framesIn(window.document);
  }

  function close(): void {
    ended.abort();
    window.clearInterval(looking);
  }
}

// Pictures and scripts are loaded too, by the thousand: the page is not walked through for each.
function isFrame(target: EventTarget | null): target is Element {
  return target !== null && "localName" in target && (target.localName === "iframe" || target.localName === "frame");
}

function framesIn(root: Document | ShadowRoot): Element[] {
  const found: Element[] = [...root.querySelectorAll("iframe, frame")];
  for (const element of root.querySelectorAll("*")) {
    if (element.shadowRoot !== null) found.push(...framesIn(element.shadowRoot));
  }
  return found;
}

function windowOf(frame: Element): Window | null {
  const found: unknown = Reflect.get(frame, "contentWindow");
  return isWindow(found) ? found : null;
}

function isWindow(value: unknown): value is Window {
  return typeof value === "object" && value !== null;
}
