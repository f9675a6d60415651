import { callOver } from "./_calls.ts";
import type { Captures } from "./_captures.ts";
import type { Connections } from "./_connections.ts";
import type { Pairing } from "./_database.ts";
import type { Frame } from "./_frames.ts";
import { type Held, withoutFragment } from "./_held.ts";
import type { FrameFacts, FrameMethods, HeldMark, HubForFrame, WorkerMethods } from "./_messages.ts";
import type { Remote } from "./_calls.ts";
import { readFacts } from "./_frame_facts.ts";
import type { Tab, Tabs } from "./_tabs.ts";

interface Dependencies {
  tabs: Tabs;
  held: Held;
  captures: Captures;
  connections: Connections;
  worker: Remote<WorkerMethods>;
  pairing: () => Pairing;
  changed: () => void;
}

/** Answers a frame over its port, from its coming to its going. */
export function serveFrame(port: chrome.runtime.Port, dependencies: Dependencies): void {
  const { tabs, held, captures, connections, worker, pairing, changed } = dependencies;
  const tabId = port.sender?.tab?.id;
  const frameId = port.sender?.frameId;
  if (tabId === undefined || frameId === undefined) return port.disconnect();
  let entered: { tab: Tab; frame: Frame } | null = null;
  const entering = Promise.withResolvers<{ tab: Tab; frame: Frame }>();
  const methods: HubForFrame = {
    hello: (said) => hello(readFacts(said, port.sender)),
    changed: (said) => moved(readFacts(said, port.sender)),
    // A frame in this one may speak up before this one has entered.
    child: (nonce, selector) =>
      void entering.promise.then(({ tab, frame }) => tab.frames.childOf(frame, nonce, selector)),
    frameLoaded: () => void worker.call("inject", tabId).catch(() => {}),
    tell: (message) => eachOther((frame) => frame.remote.call("hear", message)),
    capture: (taken) => {
      if (entered === null) throw new Error("The frame did not say what it is");
      return captures.take(entered.tab, entered.frame, taken);
    },
    update: (elementId, change) => {
      if (isOwn(elementId)) tellServer(() => connections.of(tabId)?.update(elementId, change));
    },
    stale: (elementId) => {
      if (isOwn(elementId)) tellServer(() => connections.of(tabId)?.stale(elementId));
    },
    pointing: (isPointing) => {
      if (entered !== null) entered.tab.isPointing = isPointing;
      changed();
    },
    breathe: () => {},
  };
  const remote = callOver<FrameMethods>(port, methods);
  port.onDisconnect.addListener(() => {
    // Pointing ends with the page; the browser tells of loads that are of frames only, or of a new address alone.
    if (entered?.tab.frames.leave(entered.frame) && entered.frame.facts.isTop) entered.tab.isPointing = false;
    changed();
  });

  function isOwn(elementId: string): boolean {
    return entered !== null && held.isOf({ tabId: entered.tab.id, url: entered.frame.facts.url }, elementId);
  }

  async function hello(facts: FrameFacts): Promise<{ framePath: string; held: HeldMark[]; isPointing: boolean }> {
    const tab = await tabs.enter(tabId ?? 0);
    const frame = { id: frameId ?? 0, facts, remote };
    entered = { tab, frame };
    entering.resolve(entered);
    if (tab.frames.enter(frame) && facts.isTop) tab.isPointing = false;
    if (facts.isTop) await arrive(tab, facts);
    const framePath = await tab.frames.pathTo(frame) ?? "";
    return { framePath, held: await heldIn(tab, facts, framePath), isPointing: tab.isPointing };
  }

  // Another page than the one in which something was pointed at holds nothing of it.
  async function arrive(tab: Tab, facts: FrameFacts): Promise<void> {
    await moved(facts);
    const elsewhere = await held.elsewhere(tab.id, withoutFragment(facts.url));
    for (const elementId of elsewhere) tellServer(() => connections.of(tab.id)?.stale(elementId));
  }

  async function moved(facts: FrameFacts): Promise<void> {
    if (entered === null) return;
    const { tab, frame } = entered;
    const isElsewhere = withoutFragment(frame.facts.url) !== withoutFragment(facts.url);
    frame.facts = facts;
    if (facts.isTop && (tab.url !== facts.url || tab.title !== facts.title)) {
      Object.assign(tab, { url: facts.url, title: facts.title });
      tellServer(() => connections.of(tab.id)?.pageChanged());
    }
    if (!isElsewhere) return;
    const found = await heldIn(tab, facts, await tab.frames.pathTo(frame) ?? "");
    if (found.length > 0) await remote.call("hold", found);
  }

  async function heldIn(tab: Tab, facts: FrameFacts, framePath: string): Promise<HeldMark[]> {
    const paired = pairing();
    if (paired.kind !== "paired") return [];
    const found = await held.of({ tabId: tab.id, url: withoutFragment(facts.url), framePath }, paired.project.id);
    // Their page is live again: it can be asked about them.
    if (found.length > 0) connections.open({ tabId: tab.id, facts: tab.facts });
    return found;
  }

  function eachOther(tell: (frame: Frame) => Promise<unknown>): void {
    if (entered === null) return;
    const { tab, frame } = entered;
    for (const other of tab.frames.all()) if (other !== frame) tell(other).catch(() => {});
  }
}

// What can't be told now because too much waits is told by a later change.
function tellServer(tell: () => void): void {
  try {
    tell();
  } catch {
    // `UNAVAILABLE`, `TOO_LARGE` or `CLOSED`.
  }
}
