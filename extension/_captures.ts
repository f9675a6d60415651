import type { ClientState } from "../clients/browser/fingerpost.ts";
import { type FingerpostError, postGraphql } from "../clients/browser/graphql_socket.ts";
import type { Captured } from "../clients/browser/messages.ts";
import type { MarkState } from "../clients/pointer/pointer.ts";
import type { Connections } from "./_connections.ts";
import type { Pairing, QueuedCapture } from "./_database.ts";
import type { Frame } from "./_frames.ts";
import { type Held, withoutFragment } from "./_held.ts";
import type { HubForFrame } from "./_messages.ts";
import type { Queue } from "./_queue.ts";
import { createSender, type Sender } from "./_sender.ts";
import type { Shots } from "./_shots.ts";
import type { Tab, Tabs } from "./_tabs.ts";

/** The way of a capture from the frame into the queue, to the server, and to its mark. */
export interface Captures {
  /** Keeps it and sends it. Rejects where it can't be kept. */
  take(tab: Tab, frame: Frame, taken: Taken): Promise<void>;
  sender: Sender;
}

type Taken = Parameters<HubForFrame["capture"]>[0];

interface Dependencies {
  queue: Queue;
  held: Held;
  tabs: Tabs;
  connections: Connections;
  shots: Shots;
  withScreenshots: () => boolean;
  pairing: () => Pairing;
  isConnected: () => boolean;
  changed: () => void;
}

const OPEN: ClientState[] = ["webrtc", "websocket"];
const CAPTURE = `mutation ($input: CaptureElementInput!) { captureElement(input: $input) { id revision } }`;

/** Builds the way. */
export function createCaptures(dependencies: Dependencies): Captures {
  const { queue, held, tabs, connections, shots, withScreenshots, pairing, isConnected, changed } = dependencies;
  /** Screenshots that are being taken, by the capture's `clientId`. */
  const taking = new Map<string, Promise<void>>();
  const sender = createSender({
    queue,
    pairing,
    complete: (clientId) => taking.get(clientId) ?? Promise.resolve(),
    send,
    stored,
    sent,
    refused,
    delayed: (capture, error) => {
      mark(capture, "queued", error?.message);
      changed();
    },
  });
  return { take, sender };

  async function take(tab: Tab, frame: Frame, { clientId, number, capture, fingerprint }: Taken): Promise<void> {
    const paired = pairing();
    if (paired.kind !== "paired") throw new Error("The extension is not paired: click its button");
    const path = await tab.frames.pathTo(frame);
    const page = path === null ? {} : { pageUrl: tab.url || capture.pageUrl, pageTitle: tab.title };
    const entry: Omit<QueuedCapture, "size"> = {
      ...{ clientId, number, fingerprint, server: paired.server, projectId: paired.project.id },
      ...{ tabId: tab.id, pageId: tab.pageId, url: withoutFragment(frame.facts.url), framePath: path ?? "" },
      capture: { ...capture, ...page, clientId },
    };
    // Both at once; what is not in the queue yet is not sent, and the screenshot comes into what is there.
    const shot = withScreenshots() ? shots.take(tab, frame, clientId).catch(() => null) : Promise.resolve(null);
    await queue.add(entry);
    taking.set(
      clientId,
      shot.then(async (screenshot) => {
        if (screenshot !== null) {
          await queue.change(clientId, (kept) => ({ ...kept, capture: { ...kept.capture, screenshot } }));
        }
        taking.delete(clientId);
      }),
    );
    connections.open({ tabId: tab.id, facts: tab.facts });
    if (!isConnected()) mark(entry, "queued");
    changed();
    sender.wake();
  }

  async function send({ tabId, pageId, capture, projectId, server }: QueuedCapture): Promise<Captured> {
    const tab = tabs.get(tabId);
    const client = tab?.pageId === pageId ? connections.of(tabId) : null;
    if (client !== null && OPEN.includes(client.state())) return await client.capture(capture);
    // Its channel is not open yet, or the tab was closed meanwhile: the element has the page's id all the same.
    const paired = pairing();
    const token = paired.kind === "paired" ? paired.token : "";
    const input = { ...capture, projectId, pageId };
    const { captureElement } = await postGraphql(
      server,
      token,
      JSON.stringify({ query: CAPTURE, variables: { input } }),
    );
    return { elementId: captureElement.id, revision: captureElement.revision };
  }

  async function stored(capture: QueuedCapture, { elementId, revision }: Captured): Promise<void> {
    const { clientId, tabId, pageId, url, framePath, projectId, number, fingerprint } = capture;
    if (tabs.get(tabId) === null) return;
    const { selector } = capture.capture;
    const place = { tabId, pageId, url, framePath };
    await held.add({
      ...place,
      elementId,
      clientId,
      projectId,
      revision,
      selector,
      fingerprint,
      number,
      state: "sent",
    });
  }

  function sent(capture: QueuedCapture, { elementId }: Captured): void {
    for (const { remote } of framesOf(capture)) remote.call("captured", capture.clientId, elementId).catch(() => {});
    mark(capture, "sent");
    changed();
  }

  function refused(capture: QueuedCapture, error: FingerpostError): void {
    mark(capture, "failed", error.message);
    changed();
  }

  function mark(capture: Omit<QueuedCapture, "size">, state: MarkState, label?: string): void {
    const { clientId, number } = capture;
    const shown = { clientId, number, state, ...label === undefined ? {} : { label } };
    for (const { remote } of framesOf(capture)) remote.call("mark", shown).catch(() => {});
  }

  // Who has the element knows it by its id; the others look away.
  function framesOf({ tabId }: Pick<QueuedCapture, "tabId">): Frame[] {
    return tabs.get(tabId)?.frames.all() ?? [];
  }
}
