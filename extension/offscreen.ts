import { answerAs, callTo } from "./_calls.ts";
import type { WorkerMethods } from "./_messages.ts";
import { startHub } from "./hub.ts";

// Chromium's offscreen document: nothing stops it while the browser runs.

const hub = startHub(callTo<WorkerMethods>("worker"));
answerAs("hub", {
  point: async (tabId: number) => (await hub).point(tabId),
  tabLoaded: async (tabId: number) => (await hub).tabLoaded(tabId),
  tabClosed: async (tabId: number) => (await hub).tabClosed(tabId),
  browserStarted: async () => (await hub).browserStarted(),
});
