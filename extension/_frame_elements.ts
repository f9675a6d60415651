import { FingerpostError } from "../clients/browser/graphql_socket.ts";
import { fingerprintOf } from "../clients/capture/fingerprint.ts";
import { selectorFor } from "../clients/capture/selector.ts";
import type { CommandResult } from "../clients/browser/messages.ts";
import { createLiveElements } from "../clients/pointer/live.ts";
import type { Mark, MarkState, Pointer } from "../clients/pointer/pointer.ts";
import type { HubLink } from "./_hub_link.ts";
import type { FrameMethods, HeldMark } from "./_messages.ts";

/** What was captured in a frame: its marks, and its elements while they live. */
export interface FrameElements extends Pick<FrameMethods, "mark" | "captured" | "hold" | "forget" | "command"> {
  /** Something was taken and is about to be sent. */
  add(clientId: string, element: Element, number: number): void;
  /** The element of a capture, if it is in the page. */
  byKey(clientId: string): Element | null;
  /** Takes no notice of what happens to the elements meanwhile. */
  pauseWhile<Result>(during: () => Promise<Result>): Promise<Result>;
  close(): void;
}

interface Dependencies {
  window: Window;
  pointer: Pointer;
  link: () => HubLink;
  framePath: () => string;
}

interface Known {
  element: Element | null;
  elementId: string | null;
  mark: Mark;
}

/** Builds the record. */
export function createFrameElements({ window, pointer, link, framePath }: Dependencies): FrameElements {
  const known = new Map<string, Known>();
  const byElementId = new Map<string, Known>();
  let live: ReturnType<typeof createLiveElements> | null = null;
  return {
    add,
    byKey: (clientId) => known.get(clientId)?.element ?? null,
    mark,
    captured,
    hold,
    forget,
    command,
    pauseWhile,
    close,
  };

  // Made when there is something to watch: by then the way to the frame is known.
  function watcher(): NonNullable<typeof live> {
    live ??= createLiveElements(window, {
      update: (elementId, change) => link().tell("update", elementId, change),
      stale: (elementId) => link().tell("stale", elementId),
      found,
    }, { framePath: framePath() });
    return live;
  }

  function add(clientId: string, element: Element, number: number): void {
    known.set(clientId, { element, elementId: null, mark: { id: clientId, number, state: "sending" } });
    show(clientId);
  }

  function mark({ clientId, ...rest }: { clientId: string; number: number; state: MarkState; label?: string }): void {
    const entry = known.get(clientId);
    if (entry === undefined) return;
    entry.mark = { id: clientId, ...rest };
    show(clientId);
  }

  function captured(clientId: string, elementId: string): void {
    const entry = known.get(clientId);
    if (entry === undefined || entry.elementId !== null || entry.element === null) return;
    const { element } = entry;
    entry.elementId = elementId;
    byElementId.set(elementId, entry);
    const selector = `${framePath()}${selectorFor(element)}`;
    watcher().add({ elementId, selector, fingerprint: fingerprintOf(element), element });
  }

  function hold(held: HeldMark[]): void {
    for (const { elementId, clientId, selector, fingerprint, number, state } of held) {
      const before = known.get(clientId);
      if (before?.elementId === elementId) {
        mark({ clientId, number, state });
        continue;
      }
      const entry: Known = { element: before?.element ?? null, elementId, mark: { id: clientId, number, state } };
      known.set(clientId, entry);
      byElementId.set(elementId, entry);
      watcher().add({ elementId, selector, fingerprint, element: entry.element });
      show(clientId);
    }
  }

  function found(elementId: string, element: Element): void {
    const entry = byElementId.get(elementId);
    if (entry === undefined) return;
    entry.element = element;
    show(entry.mark.id);
  }

  function forget(clientId: string, elementId: string | null): void {
    const entry = known.get(clientId);
    known.delete(clientId);
    if (elementId !== null) {
      byElementId.delete(elementId);
      live?.remove(elementId);
    }
    if (entry?.element) pointer.mark(entry.element, null);
  }

  function command(command: "HIGHLIGHT" | "INSPECT", elementId: string): CommandResult {
    if (command === "INSPECT") return live?.inspect(elementId) ?? gone();
    pointer.highlight(live?.find(elementId) ?? gone());
    return {};
  }

  function pauseWhile<Result>(during: () => Promise<Result>): Promise<Result> {
    return live === null ? during() : live.pauseWhile(during);
  }

  function show(clientId: string): void {
    const entry = known.get(clientId);
    if (entry?.element) pointer.mark(entry.element, entry.mark);
  }

  function close(): void {
    live?.close();
    known.clear();
    byElementId.clear();
  }
}

function gone(): never {
  throw new FingerpostError("NOT_FOUND", "The element is not in the page now");
}
