import type { Stage } from "../clients/capture/screenshot_stage.ts";
import type { Stages } from "../clients/capture/screenshot.ts";
import type { Screenshot } from "../clients/capture/screenshot_picture.ts";
import type { Remote } from "./_calls.ts";
import type { Frame } from "./_frames.ts";
import type { WorkerMethods } from "./_messages.ts";
import type { Tab } from "./_tabs.ts";
import { createScreenshots } from "./screenshots.ts";

/** Takes screenshots of what frames show. */
export interface Shots {
  /** The screenshot of what a frame knows by a key. Rejects where it can't be taken: the tab is not in front, or may not be looked at. */
  take(tab: Tab, frame: Frame, key: string): Promise<Screenshot>;
  forget(tabId: number): void;
}

/** Builds them. They are put together here and not in the worker, which may be stopped meanwhile. */
export function createShots(worker: Remote<WorkerMethods>): Shots {
  const screenshots = createScreenshots({
    // By the tab: the worker finds the window, and sees to it that the tab is in front before and after.
    captureVisible: (tabId) => worker.call("takeVisible", tabId),
    assertShown: () => Promise.resolve(),
  });
  return {
    take: (tab, frame, key) => screenshots.take({ tabId: tab.id, windowId: tab.id }, stagesOf(tab, frame, key)),
    forget: screenshots.forget,
  };
}

function stagesOf(tab: Tab, frame: Frame, key: string): Stages {
  return [stageOf(frame, key), ...tab.frames.around(frame).map((each) => stageOf(each.frame, each.nonce))];
}

function stageOf({ remote }: Frame, key: string): Stage {
  return {
    begin: () => remote.call("stageBegin", key),
    clear: (isScrolled) => remote.call("stageClear", key, isScrolled),
    scroll: (places) => remote.call("stageScroll", key, places),
    end: () => remote.call("stageEnd", key),
  };
}
