import { listenToBrowser } from "./_browser_events.ts";
import { answerAs, callTo } from "./_calls.ts";
import type { HubMethods } from "./_messages.ts";

// Chromium's service worker: it may be stopped at any time, so all that lasts is in the offscreen document.

let opening: Promise<void> | null = null;
const { methods } = listenToBrowser({ hub: callTo<HubMethods>("hub"), wake });
answerAs("worker", methods);

function wake(): Promise<void> {
  opening ??= open().finally(() => opening = null);
  return opening;
}

async function open(): Promise<void> {
  if (await chrome.offscreen.hasDocument()) return;
  await chrome.offscreen.createDocument({
    url: "offscreen.html",
    reasons: [chrome.offscreen.Reason.WEB_RTC],
    justification: "Holds the WebRTC connection to the server, and the queue of what it has not acknowledged",
  });
}
