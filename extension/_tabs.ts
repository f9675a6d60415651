import type { PageFacts } from "../clients/browser/messages.ts";
import { newId } from "../clients/browser/messages.ts";
import type { Database } from "./_database.ts";
import { createFrames, type Frames } from "./_frames.ts";

/** A tab that the pointer came into. */
export interface Tab {
  id: number;
  /** Its handle on the server; the same while the tab lives, whatever page is in it. */
  pageId: string;
  url: string;
  title: string;
  isPointing: boolean;
  frames: Frames;
  facts(): PageFacts;
}

/** The tabs that the pointer came into. */
export interface Tabs {
  /** The tab, taken in where it is new. */
  enter(tabId: number): Promise<Tab>;
  get(tabId: number): Tab | null;
  all(): Tab[];
  forget(tabId: number): Promise<void>;
  /** After a start of the browser its numbers mean other tabs. */
  forgetAll(): Promise<void>;
}

/** Builds the record of tabs. */
export function createTabs(database: Database): Tabs {
  const tabs = new Map<number, Tab>();
  const entering = new Map<number, Promise<Tab>>();
  return { enter, get: (tabId) => tabs.get(tabId) ?? null, all: () => [...tabs.values()], forget, forgetAll };

  function enter(tabId: number): Promise<Tab> {
    const tab = entering.get(tabId) ?? open(tabId);
    entering.set(tabId, tab);
    return tab;
  }

  async function open(tabId: number): Promise<Tab> {
    let pageId = await database.get("tabs", tabId);
    if (pageId === undefined) {
      pageId = newId();
      await database.put("tabs", pageId, tabId);
    }
    const tab: Tab = {
      ...{ id: tabId, pageId, url: "", title: "", isPointing: false, frames: createFrames() },
      facts: () => ({ pageId: tab.pageId, url: tab.url, title: tab.title }),
    };
    tabs.set(tabId, tab);
    return tab;
  }

  async function forget(tabId: number): Promise<void> {
    tabs.delete(tabId);
    entering.delete(tabId);
    await database.delete("tabs", tabId);
  }

  async function forgetAll(): Promise<void> {
    tabs.clear();
    entering.clear();
    await database.clear("tabs");
  }
}
