import { type Camera, createCamera, type Stages } from "../clients/capture/screenshot.ts";
import type { Screenshot } from "../clients/capture/screenshot_picture.ts";
import { createPace } from "./_pace.ts";

/** What of the browser takes screenshots, as `chrome.tabs` does it. */
export interface ScreenshotsOptions {
  /** A data URL of what a window shows: `chrome.tabs.captureVisibleTab(windowId, { format: "png" })`. */
  captureVisible(windowId: number): Promise<string>;
  /** Throws where the tab is not the one that its window shows: what is taken would be another page. */
  assertShown(tabId: number, windowId: number): Promise<void>;
}

/** The screenshots of all tabs, within what the browser allows. */
export interface Screenshots {
  /** An element's screenshot, from the stages of the frames that hold it. Rejects where its tab is not shown or nothing of the element can be seen. */
  take(tab: { tabId: number; windowId: number }, stages: Stages): Promise<Screenshot>;
  /** Forgets a tab that was closed. */
  forget(tabId: number): void;
}

/** Builds the screenshots of a service worker, or an event page. */
export function createScreenshots({ captureVisible, assertShown }: ScreenshotsOptions): Screenshots {
  const pace = createPace();
  const cameras = new Map<number, Camera>();
  return { take, forget: (tabId) => void cameras.delete(tabId) };

  async function take({ tabId, windowId }: { tabId: number; windowId: number }, stages: Stages): Promise<Screenshot> {
    await assertShown(tabId, windowId);
    let camera = cameras.get(tabId);
    if (camera === undefined) {
      camera = createCamera(() => takeVisible(tabId, windowId));
      cameras.set(tabId, camera);
    }
    return await camera.take(stages);
  }

  async function takeVisible(tabId: number, windowId: number): Promise<Blob> {
    const url = await pace(async () => {
      await assertShown(tabId, windowId);
      return await captureVisible(windowId);
    });
    // Another tab may have come to the front meanwhile.
    await assertShown(tabId, windowId);
    return await (await fetch(url)).blob();
  }
}
