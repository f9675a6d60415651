import type { Capture, Command, CommandResult, ElementChange } from "../browser/messages.ts";
import { describeElement } from "../capture/capture.ts";
import { type Fingerprint, fingerprintOf } from "../capture/fingerprint.ts";
import { selectorFor } from "../capture/selector.ts";
import { createCommands } from "../pointer/commands.ts";
import { createLiveElements, type LiveElements } from "../pointer/live.ts";
import { createPointer, type FrameMessage, type Pointer, type Taken } from "../pointer/pointer.ts";
import { findComponent } from "../source/source.ts";

/** One window of the page, the top one or a frame in it, and what is done there. */
export interface PageFrame {
  /** Finds it from the top window on, as in `describeElement`. */
  path: string;
  pointer: Pointer;
  live: LiveElements;
  /** All of a capture; the component where it is known soon. */
  describe(element: Element): Promise<{ capture: Capture; fingerprint: Fingerprint }>;
  command(command: Command): Promise<CommandResult>;
  close(): void;
}

/** What a frame tells the script of the top window. */
export interface FrameListener {
  send(frame: PageFrame, taken: Taken[]): Promise<void>;
  tell(frame: PageFrame, message: FrameMessage): void;
  ended(): void;
  update(elementId: string, change: ElementChange): void;
  stale(elementId: string): void;
  found(frame: PageFrame, elementId: string, element: Element): void;
}

type Component = Capture["component"];

/** The person wrote a note meanwhile: mostly it is known by then. */
const COMPONENT_TIMEOUT_MS = 300;

/** Builds what points in a window. */
export function createPageFrame(window: Window, listener: FrameListener): PageFrame {
  const components = new WeakMap<Element, Promise<Component>>();
  const path = pathOf(window);
  const pointer = createPointer(window, {
    send: (taken) => listener.send(frame, taken),
    componentOf,
    ended: () => listener.ended(),
    tell: (message) => listener.tell(frame, message),
  });
  const live = createLiveElements(window, {
    update: (elementId, change) => listener.update(elementId, change),
    stale: (elementId) => listener.stale(elementId),
    found: (elementId, element) => listener.found(frame, elementId, element),
  }, { framePath: path });
  const frame: PageFrame = {
    path,
    pointer,
    live,
    describe,
    command: createCommands({ live, pointer, screenshot: noScreenshot }),
    close() {
      live.close();
      pointer.close();
    },
  };
  return frame;

  function componentOf(element: Element): Promise<Component> {
    const known = components.get(element) ?? findComponent(element, { fetchText });
    components.set(element, known);
    return known;
  }

  // What the page shows is noted before anything is waited for.
  async function describe(element: Element): Promise<{ capture: Capture; fingerprint: Fingerprint }> {
    const description = describeElement(element, { framePath: path });
    const fingerprint = fingerprintOf(element);
    const component = await within(componentOf(element));
    return { capture: { ...description, component: component ?? null }, fingerprint };
  }

  async function within(component: Promise<Component>): Promise<Component> {
    const { promise: late, resolve } = Promise.withResolvers<null>();
    const timer = setTimeout(() => resolve(null), COMPONENT_TIMEOUT_MS);
    return await Promise.race([component, late]).finally(() => clearTimeout(timer));
  }
}

function pathOf(window: Window): string {
  const element = window.frameElement;
  if (element === null) return "";
  return `${pathOf(window.parent)}${selectorFor(element)} >>iframe>> `;
}

async function fetchText(url: string): Promise<string | null> {
  const response = await fetch(url, { credentials: "same-origin" }).catch(() => null);
  return response?.ok ? await response.text() : null;
}

function noScreenshot(): Promise<never> {
  return Promise.reject(new Error("A page's own script can take none; the extension can"));
}
