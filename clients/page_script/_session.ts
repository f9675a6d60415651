import { followProject } from "../browser/element_feed.ts";
import { type ClientState, connectFingerpost, type FingerpostClient } from "../browser/fingerpost.ts";
import { FingerpostError } from "../browser/graphql_socket.ts";
import { type Capture, type Command, type CommandResult, type ElementChange, newId } from "../browser/messages.ts";
import { addressOf, titleOf } from "../capture/page_facts.ts";
import type { Fingerprint } from "../capture/fingerprint.ts";
import type { MarkState, Taken } from "../pointer/pointer.ts";
import type { PageFrame } from "./_page_frame.ts";
import type { Storage, StoredMark, StoredPairing } from "./_storage.ts";

/** A paired page while it is connected: what is captured, and what becomes of it. */
export interface Session {
  send(frame: PageFrame, taken: Taken[]): Promise<void>;
  update(elementId: string, change: ElementChange): void;
  stale(elementId: string): void;
  found(frame: PageFrame, elementId: string, element: Element): void;
  /** Looks in a new frame for what was captured there before. */
  enter(frame: PageFrame): void;
  state(): ClientState;
  close(): void;
}

/** What a session is built on. */
export interface SessionOptions {
  window: Window;
  server: string;
  pairing: StoredPairing;
  storage: Storage;
  frames: () => Iterable<PageFrame>;
  stateChanged: () => void;
  /** The token is good for nothing any more. */
  refused: (error: FingerpostError) => void;
}

interface Described extends Taken {
  clientId: string;
  capture: Capture;
  fingerprint: Fingerprint;
}

type Failed = Pick<Described, "element" | "clientId" | "number">;

const STATES: Record<string, MarkState> = {
  OPEN: "sent",
  ACKNOWLEDGED: "seen",
  RESOLVED: "resolved",
  DISMISSED: "dismissed",
};
/** More than anybody looks at in one tab. */
const MAX_MARKS = 200;

/** Connects. */
export function openSession(options: SessionOptions): Session {
  const { window, server, pairing: { token, project }, storage, frames, stateChanged, refused } = options;
  const pageId = storage.pageId.read() ?? newId();
  storage.pageId.write(pageId);
  const marks = new Map((storage.marks.read() ?? []).map((mark) => [mark.elementId, mark]));
  const elements = new Map<string, { frame: PageFrame; element: Element }>();
  let toldPage = pageOf(window);
  const client: FingerpostClient = connectFingerpost({
    url: server,
    token,
    projectId: project.id,
    label: window.document.title || window.location.host,
    page: () => ({ pageId, url: addressOf(window.location.href), title: titleOf(window.document.title) }),
    onCommand,
    onRefused: (elementId, { code }) => code === "NOT_FOUND" && forget(elementId),
    onStateChange: (state, error) => {
      if (state === "refused" && error !== null) refused(error);
      stateChanged();
    },
  });
  const feed = followProject({
    server,
    token,
    projectId: project.id,
    held: () => Promise.resolve([...marks.keys()]),
    status: (elementId, status) => status === null ? forget(elementId) : become(elementId, STATES[status] ?? "sent"),
    changed: () => {},
    refused,
  });
  return {
    send,
    update: client.update,
    stale: client.stale,
    found,
    enter,
    state: client.state,
    close() {
      for (const elementId of elements.keys()) unmark(elementId);
      feed.close();
      client.close();
    },
  };

  async function send(frame: PageFrame, taken: Taken[]): Promise<void> {
    tellPage();
    const described = await Promise.all(taken.map(async (each) => {
      const clientId = newId();
      const state = client.state() === "connecting" ? "queued" : "sending";
      frame.pointer.mark(each.element, { id: clientId, number: each.number, state });
      try {
        return [{ ...each, clientId, ...await frame.describe(each.element) }];
      } catch (error) {
        // A page may make of its elements what it likes.
        fail(frame, { ...each, clientId }, error);
        return [];
      }
    }));
    // In the order of their numbers: each is said before the next one.
    await Promise.all(described.flat().map((each) => capture(frame, each)));
  }

  async function capture(frame: PageFrame, { element, clientId, number, note, ...each }: Described): Promise<void> {
    const { fingerprint, capture: { selector } } = each;
    try {
      const { elementId } = await client.capture({ ...each.capture, clientId, note });
      elements.set(elementId, { frame, element });
      const place = { framePath: frame.path, page: pageOf(window) };
      keep({ elementId, clientId, ...place, selector, fingerprint, number, state: "sent" });
      frame.live.add({ elementId, selector, fingerprint, element });
      mark(elementId);
    } catch (error) {
      fail(frame, { element, clientId, number }, error);
    }
  }

  function fail(frame: PageFrame, { element, clientId, number }: Failed, error: unknown): void {
    const label = error instanceof Error ? error.message : String(error);
    frame.pointer.mark(element, { id: clientId, number, state: "failed", label });
  }

  function enter(frame: PageFrame): void {
    for (const { elementId, framePath, page, selector, fingerprint } of marks.values()) {
      if (framePath !== frame.path || page !== pageOf(window) || elements.has(elementId)) continue;
      frame.live.add({ elementId, selector, fingerprint, element: null });
    }
  }

  function found(frame: PageFrame, elementId: string, element: Element): void {
    if (elements.get(elementId)?.element !== element) unmark(elementId);
    elements.set(elementId, { frame, element });
    mark(elementId);
  }

  async function onCommand(command: Command): Promise<CommandResult> {
    for (const frame of frames()) {
      if (frame.live.find(command.elementId) !== null) return await frame.command(command);
    }
    throw new FingerpostError("NOT_FOUND", "The element is not in the page now");
  }

  function become(elementId: string, state: MarkState): void {
    const stored = marks.get(elementId);
    if (stored === undefined || stored.state === state) return;
    keep({ ...stored, state });
    mark(elementId);
  }

  function forget(elementId: string): void {
    unmark(elementId);
    for (const frame of frames()) frame.live.remove(elementId);
    elements.delete(elementId);
    marks.delete(elementId);
    storage.marks.write([...marks.values()]);
  }

  function keep(mark: StoredMark): void {
    marks.set(mark.elementId, mark);
    storage.marks.write([...marks.values()].slice(-MAX_MARKS));
  }

  function mark(elementId: string): void {
    const [shown, stored] = [elements.get(elementId), marks.get(elementId)];
    if (shown === undefined || stored === undefined) return;
    const { clientId: id, number, state } = stored;
    shown.frame.pointer.mark(shown.element, { id, number, state });
  }

  function unmark(elementId: string): void {
    const shown = elements.get(elementId);
    shown?.frame.pointer.mark(shown.element, null);
  }

  function tellPage(): void {
    const page = pageOf(window);
    if (page !== toldPage) client.pageChanged();
    toldPage = page;
  }
}

function pageOf({ location: { href } }: Window): string {
  return href.replace(/#.*$/, "");
}
