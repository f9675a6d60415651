import type { Remote } from "./_calls.ts";
import type { HubMethods, Toolbar, WorkerMethods } from "./_messages.ts";

/** What the browser lets only the service worker do (in Firefox the background page), and what it tells only there. */
export interface BrowserEvents {
  methods: WorkerMethods;
}

interface Dependencies {
  hub: Remote<HubMethods>;
  /** Sees to it that the hub is there. */
  wake: () => Promise<void>;
}

const TITLE = "Fingerpost";
const HINT = "point at an element (its window: right-click, Options)";
const POPUP = "popup.html";
/** Longer than a page is busy while it loads. */
const INJECT_TIMEOUT_MS = 3_000;
/** Chromium allows two pictures a second. https://developer.chrome.com/docs/extensions/reference/api/tabs#property-MAX_CAPTURE_VISIBLE_TAB_CALLS_PER_SECOND */
const TAKE_PAUSE_MS = 1_000;
const MAX_TAKES = 3;
const TROUBLE_COLOR = "#b91c1c";
const WAITING_COLOR = "#b45309";

/** Listens to the browser. It remembers nothing: the worker may be stopped after any event. */
export function listenToBrowser({ hub, wake }: Dependencies): BrowserEvents {
  chrome.action.onClicked.addListener((tab) => void pointIn(tab.id));
  chrome.commands.onCommand.addListener((command, tab) => {
    if (command === "point") void pointIn(tab?.id);
  });
  chrome.tabs.onUpdated.addListener((tabId, { status }) => {
    if (status === "complete") void wake().then(() => hub.call("tabLoaded", tabId)).catch(() => {});
  });
  chrome.tabs.onRemoved.addListener((tabId) => void wake().then(() => hub.call("tabClosed", tabId)).catch(() => {}));
  chrome.runtime.onStartup.addListener(() => void wake().then(() => hub.call("browserStarted")));
  chrome.runtime.onInstalled.addListener(() => void wake());
  return { methods: { wake, inject, takeVisible, show, point: pointIn } };

  async function pointIn(tabId: number | undefined): Promise<void> {
    if (tabId === undefined) return;
    await wake();
    if (!await injectInTime(tabId)) return await say(tabId, "the browser keeps extensions out of this page");
    if (!await hub.call("point", tabId)) await chrome.action.openPopup();
  }
}

// A page that shows a source answers neither yes nor no.
async function injectInTime(tabId: number): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(resolve, INJECT_TIMEOUT_MS, false);
  try {
    return await Promise.race([inject(tabId), late]);
  } finally {
    clearTimeout(timer);
  }
}

// Twice in the same document does nothing.
async function inject(tabId: number): Promise<boolean> {
  const target = { tabId, allFrames: true };
  try {
    await chrome.scripting.executeScript({ target, files: ["page_world.js"], world: "MAIN", injectImmediately: true });
    await chrome.scripting.executeScript({ target, files: ["content.js"], injectImmediately: true });
    return true;
  } catch {
    return false;
  }
}

// What is asked here is paced; where the worker was stopped meanwhile it is asked once more at once, which may be too often for Chromium.
async function takeVisible(tabId: number): Promise<string> {
  for (let attempt = 1;; attempt++) {
    try {
      return await takeOnce(tabId);
    } catch (error) {
      if (attempt === MAX_TAKES || !String(error).includes("MAX_CAPTURE_VISIBLE_TAB_CALLS_PER_SECOND")) throw error;
      await new Promise((resolve) => setTimeout(resolve, TAKE_PAUSE_MS));
    }
  }
}

async function takeOnce(tabId: number): Promise<string> {
  const before = await inFront(tabId);
  const picture = await takeWindow(before.windowId);
  // Another tab may have come to the front meanwhile, or this one into another window.
  const after = await inFront(tabId);
  if (after.windowId !== before.windowId) throw new Error("The tab went to another window");
  return picture;
}

async function takeWindow(windowId: number): Promise<string> {
  try {
    return await chrome.tabs.captureVisibleTab(windowId, { format: "png" });
  } catch (error) {
    const text = String(error);
    if (!/activeTab|permission/i.test(text)) throw error;
    throw new Error("The browser allows it once the extension's button was pressed on this page");
  }
}

async function inFront(tabId: number): Promise<chrome.tabs.Tab> {
  const tab = await chrome.tabs.get(tabId);
  if (!tab.active) throw new Error("The tab is not in front of its window");
  return tab;
}

async function show({ canPoint, trouble, queued }: Toolbar): Promise<void> {
  const text = trouble !== null ? "!" : queued > 0 ? String(queued) : "";
  const waiting = queued > 0 ? `${queued} waiting for the server` : null;
  await Promise.all([
    chrome.action.setPopup({ popup: canPoint ? "" : POPUP }),
    chrome.action.setBadgeText({ text }),
    chrome.action.setBadgeBackgroundColor({ color: trouble !== null ? TROUBLE_COLOR : WAITING_COLOR }),
    chrome.action.setTitle({ title: [TITLE, trouble ?? (canPoint ? HINT : null), waiting].filter(Boolean).join(": ") }),
  ]);
}

// Until the tab shows another page.
async function say(tabId: number, trouble: string): Promise<void> {
  await chrome.action.setBadgeText({ tabId, text: "–" });
  await chrome.action.setTitle({ tabId, title: `${TITLE}: ${trouble}` });
}
