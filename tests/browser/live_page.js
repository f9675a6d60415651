// What the tests of live elements have in a page: the library, and all that it told.
import { fingerprintOf } from "../../clients/capture/fingerprint.ts";
import { selectorFor } from "../../clients/capture/selector.ts";
import { createCommands } from "../../clients/pointer/commands.ts";
import { createLiveElements } from "../../clients/pointer/live.ts";

/** The time that timers and observers of the library take, and how often they are called. */
const spent = { ms: 0, longest: 0, calls: 0, changes: 0, places: 0, looks: 0 };
const timed = (callback, kind) =>
  function (...given) {
    const start = performance.now();
    callback.apply(this, given);
    const ms = performance.now() - start;
    spent.ms += ms;
    spent.longest = Math.max(spent.longest, ms);
    spent.calls++;
    spent[kind]++;
  };
for (const name of ["MutationObserver", "ResizeObserver", "IntersectionObserver"]) {
  const Observer = globalThis[name];
  globalThis[name] = class extends Observer {
    constructor(callback, options) {
      super(timed(callback, name === "MutationObserver" ? "changes" : "places"), options);
    }
  };
}
const { setTimeout } = globalThis;

const events = [];
const listeners = new Set();
const note = (event) => {
  events.push({ at: performance.now(), ...event });
  listeners.forEach((listener) => listener());
};
const live = createLiveElements(globalThis.window, {
  update(elementId, change) {
    if (held.refuses) {
      held.onRefused?.();
      throw new Error("Too much waits");
    }
    note({ what: "update", elementId, change });
  },
  stale: (elementId) => note({ what: "stale", elementId }),
  found: (elementId, element) => note({ what: "found", elementId, element }),
  lost: (elementId) => note({ what: "lost", elementId }),
}, { framePath: globalThis.framePath ?? "" });
globalThis.setTimeout = (callback, ms) => setTimeout(timed(callback, "looks"), ms);
const highlighted = [];
const command = createCommands({
  live,
  pointer: { highlight: (element) => highlighted.push(element.id) },
  screenshot: (element) => held.screenshot(element),
});

const held = globalThis.held = {
  live,
  events,
  refuses: false,
  screenshot: () => Promise.reject(new Error("No screen")),
  highlighted,
  spent,

  /** Begins to watch what a selector finds in the document or a shadow root, under its id. */
  watch(element, elementId = element.id) {
    const selector = `${globalThis.framePath ?? ""}${selectorFor(element)}`;
    live.add({ elementId, selector, fingerprint: fingerprintOf(element), element });
  },

  /** What a page remembers of an element for the next one. */
  remember: (element) => ({
    elementId: element.id,
    selector: selectorFor(element),
    fingerprint: fingerprintOf(element),
    element: null,
  }),

  /** Settles with the first event from now on for which the condition holds. */
  next(condition) {
    return held.after(events.length, condition);
  },

  /** Settles with the first event from a place on for which the condition holds. */
  after(from, condition) {
    return new Promise((resolve, reject) => {
      const failing = setTimeout(() => reject(new Error(`Not told: ${condition}; ${held.summary()}`)), 5_000);
      const check = () => {
        const found = events.slice(from).find(condition);
        if (found === undefined) return;
        clearTimeout(failing);
        listeners.delete(check);
        resolve(found);
      };
      listeners.add(check);
      check();
    });
  },

  /** What was told, without times: `card update text,html`. */
  summary: () =>
    events.map(({ elementId, what, change }) =>
      [elementId, what, ...(change ? [Object.keys(change).join()] : [])].join(" ")
    ),

  /** What a command answers, or its error. */
  async command(name, elementId) {
    try {
      return await command({ command: name, elementId, selector: "" });
    } catch ({ code, message }) {
      return { code, message };
    }
  },
};
