import type { Command, CommandResult } from "../clients/browser/messages.ts";
import { FingerpostError } from "../clients/browser/graphql_socket.ts";
import type { MarkState } from "../clients/pointer/pointer.ts";
import type { Remote } from "./_calls.ts";
import { createCaptures } from "./_captures.ts";
import { createConnections } from "./_connections.ts";
import { openDatabase, type Pairing } from "./_database.ts";
import { type Feed, followProject } from "../clients/browser/element_feed.ts";
import { serveFrame } from "./_frame_service.ts";
import type { Frame } from "./_frames.ts";
import { openHeld } from "./_held.ts";
import type { HubMethods, Snapshot, WorkerMethods } from "./_messages.ts";
import { openPairing } from "./_pairing.ts";
import { servePopup } from "./_popup_service.ts";
import { openQueue } from "./_queue.ts";
import { openSettings } from "./_settings.ts";
import { createShots } from "./_shots.ts";
import { createTabs, type Tab } from "./_tabs.ts";

const STATES: Record<string, MarkState> = {
  OPEN: "sent",
  ACKNOWLEDGED: "seen",
  RESOLVED: "resolved",
  DISMISSED: "dismissed",
};

/**
 * The extension's memory and its connections: one for the whole browser, in a document that outlives the service worker. Whatever must
 * not be lost is in IndexedDB before it is acted upon; a hub that is started anew goes on from there.
 */
export async function startHub(worker: Remote<WorkerMethods>): Promise<HubMethods> {
  const database = await openDatabase();
  const queue = await openQueue(database);
  const held = await openHeld(database);
  const tabs = createTabs(database);
  const shots = createShots(worker);
  let feed: Feed | null = null;
  let shown = "";
  const popups = new Set<(snapshot: Snapshot) => void>();
  const settings = await openSettings(database, changed);
  const pairingState = await openPairing(database, () => void pairingChanged());
  const pairing = pairingState.now;
  const withScreenshots = () => settings.now().screenshots;
  const isConnected = () => feed?.isConnected() ?? false;
  const connections = createConnections({ pairing, command, refused: (elementId) => void deleted(elementId), changed });
  const captures = createCaptures({
    queue,
    held,
    tabs,
    connections,
    shots,
    withScreenshots,
    pairing,
    isConnected,
    changed,
  });
  chrome.runtime.onConnect.addListener((port) => {
    if (port.name === "frame") serveFrame(port, { tabs, held, captures, connections, worker, pairing, changed });
    if (port.name === "popup") {
      servePopup(port, { pairing: pairingState, queue, settings, tabs, popups, snapshot, changed });
    }
  });
  follow(pairing());
  changed();
  return { point, tabLoaded, tabClosed, browserStarted };

  async function pairingChanged(): Promise<void> {
    feed?.close();
    feed = null;
    connections.closeAll();
    const now = pairing();
    if (now.kind === "unpaired") await forgetMarks();
    follow(now);
    changed();
  }

  function follow(now: Pairing): void {
    if (now.kind !== "paired") return;
    feed = followProject({
      ...{ server: now.server, token: now.token, projectId: now.project.id },
      held: () => held.ids(now.project.id),
      status: (elementId, status) => void (status === null ? deleted(elementId) : stateChanged(elementId, status)),
      changed: () => {
        captures.sender.wake();
        changed();
      },
      refused: ({ message }) => void pairingState.end(`${new URL(now.server).host} let this browser go: ${message}`),
    });
    captures.sender.wake();
  }

  async function stateChanged(elementId: string, status: string): Promise<void> {
    const state = STATES[status] ?? "sent";
    const element = await held.setState(elementId, state);
    if (element === null) return;
    const { clientId, number } = element;
    for (const { remote } of framesOf(element.tabId)) remote.call("mark", { clientId, number, state }).catch(() => {});
  }

  async function deleted(elementId: string): Promise<void> {
    const element = await held.remove(elementId);
    if (element === null) return;
    for (const { remote } of framesOf(element.tabId)) {
      remote.call("forget", element.clientId, elementId).catch(() => {});
    }
  }

  async function forgetMarks(): Promise<void> {
    for (const { clientId, elementId, tabId } of await database.getAll("held")) {
      for (const { remote } of framesOf(tabId)) remote.call("forget", clientId, elementId).catch(() => {});
    }
    await held.clear();
  }

  async function command(tabId: number, { command, elementId }: Command): Promise<CommandResult> {
    const element = await held.get(elementId);
    const tab = tabs.get(tabId);
    const frame = element === null || tab === null ? null : await frameOf(tab, element.framePath);
    if (element === null || tab === null || frame === null) {
      throw new FingerpostError("NOT_FOUND", "The page no longer holds the element");
    }
    if (command !== "SCREENSHOT") return await frame.remote.call("command", command, elementId);
    if (!withScreenshots()) throw new Error("Screenshots are switched off in this browser");
    return { screenshot: await shots.take(tab, frame, element.clientId) };
  }

  async function frameOf(tab: Tab, framePath: string): Promise<Frame | null> {
    for (const frame of tab.frames.all()) if (await tab.frames.pathTo(frame) === framePath) return frame;
    return null;
  }

  async function point(tabId: number): Promise<boolean> {
    if (pairing().kind !== "paired") return false;
    const tab = await tabs.enter(tabId);
    tab.isPointing = !tab.isPointing;
    connections.open({ tabId, facts: tab.facts });
    const top = framesOf(tabId).find(({ facts }) => facts.isTop);
    // A frame that is still on its way asks whether to point when it is there.
    await top?.remote.call(tab.isPointing ? "point" : "stop").catch(() => {});
    changed();
    return true;
  }

  async function tabLoaded(tabId: number): Promise<void> {
    const tab = tabs.get(tabId);
    const hasMarks = await database.countFromIndex("held", "tabId", tabId) > 0;
    if (hasMarks || tab !== null) await worker.call("inject", tabId);
    // A page that the extension may not enter is none that it can speak for.
    if (framesOf(tabId).length === 0) connections.close(tabId);
  }

  async function tabClosed(tabId: number): Promise<void> {
    connections.close(tabId);
    shots.forget(tabId);
    await Promise.all([tabs.forget(tabId), held.removeTab(tabId)]);
    changed();
  }

  async function browserStarted(): Promise<void> {
    await Promise.all([tabs.forgetAll(), held.clear()]);
  }

  function framesOf(tabId: number): Frame[] {
    return tabs.get(tabId)?.frames.all() ?? [];
  }

  function changed(): void {
    const now = snapshot();
    for (const show of popups) show(now);
    const { state, message: trouble, queued } = now;
    const toolbar = {
      canPoint: state === "paired",
      trouble,
      queued: now.connection === "connected" && trouble === null ? 0 : queued,
    };
    const text = JSON.stringify(toolbar);
    if (text === shown) return;
    shown = text;
    worker.call("show", toolbar).catch(() => shown = "");
  }

  function messageOf(now: Pairing): string | null {
    if (now.kind === "unpaired") return now.message;
    return queue.count() > 0 ? captures.sender.trouble() : null;
  }

  function snapshot(): Snapshot {
    const now = pairing();
    const code = now.kind === "pending" ? now.code : null;
    return {
      ...{ state: now.kind, server: now.server, message: messageOf(now) },
      userCode: code?.userCode ?? null,
      verificationUrl: code?.verificationUrlComplete ?? null,
      codeExpiresAt: code?.expiresAt ?? null,
      project: now.kind === "paired" ? now.project.name : null,
      expiresAt: now.kind === "paired" ? now.expiresAt : null,
      connection: isConnected() ? "connected" : "connecting",
      queued: queue.count(),
      screenshots: withScreenshots(),
      pages: tabs.all().flatMap(({ id, title, url }) => {
        const client = connections.of(id);
        return client === null ? [] : [{ tabId: id, title, url, via: client.state() }];
      }),
    };
  }
}
