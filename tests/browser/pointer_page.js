// What the tests of the pointer have in each frame, before anything of the page runs: a pointer whose host notes what it is asked.
import { createPointer } from "../../clients/pointer/pointer.ts";

/** What does not hold by then never does. */
const TIMEOUT_MS = 5_000;
const { attachShadow } = Element.prototype;
/** The overlay's shadow root is closed to pages; tests hold it. `#open` opens it, for tools that look from outside. */
let root = null;
Element.prototype.attachShadow = function (options) {
  const isOverlay = this.hasAttribute("data-fingerpost");
  const made = attachShadow.call(this, isOverlay && location.hash === "#open" ? { mode: "open" } : options);
  if (isOverlay) root = made;
  return made;
};

/** How many frames the pointer asked for. */
let frames = 0;
const { requestAnimationFrame: nextFrame } = globalThis;
globalThis.requestAnimationFrame = (called) => {
  frames++;
  return nextFrame(called);
};

const sent = [];
let ended = 0;
/** What `send` answers; a test may replace it. */
let answer = () => Promise.resolve();

const pointer = createPointer(globalThis.window, {
  send(taken) {
    sent.push(...taken.map(({ element, note, number }) => ({ what: element.id || element.localName, note, number })));
    return Promise.resolve(answer(taken));
  },
  componentOf: (element) =>
    Promise.resolve(element.dataset?.component ? { framework: "test", name: element.dataset.component } : null),
  ended: () => ended++,
});

globalThis.held = {
  pointer,
  sent,
  root: () => root,
  ended: () => ended,
  answerWith: (made) => answer = made,
  part: (selector) => root.querySelector(selector),
  text: (selector) => root.querySelector(selector)?.innerText ?? null,
  /** Where a part of the overlay lies, null if it is not shown. */
  box(selector) {
    const part = root.querySelector(selector);
    if (!part || !part.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return null;
    const { x, y, width, height } = part.getBoundingClientRect();
    return { x, y, width, height };
  },
  /** Whether what is typed goes into the note. */
  isWriting: () => document.hasFocus() && root.activeElement?.localName === "textarea",
  frames: () => frames,
  async pass(count) {
    for (let frame = 0; frame < count; frame++) await new Promise((resolve) => nextFrame(resolve));
  },
  async until(holds) {
    const startedAt = performance.now();
    while (!holds()) {
      if (performance.now() - startedAt > TIMEOUT_MS) throw new Error(`It never held that ${holds}`);
      await new Promise((resolve) => nextFrame(resolve));
    }
  },
};
