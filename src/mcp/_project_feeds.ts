import { roomLog } from "../base/log.ts";
import { objectOf } from "./_answer_reading.ts";
import type { Caller } from "./caller.ts";

const log = roomLog("mcp");

/** What happened to an element, as its project's feed tells. */
export interface FeedEvent {
  kind: string;
  elementId: string;
}

/** The feeds of several projects, each a subscription as the caller. */
export interface Feeds {
  /** Follows these projects and no other, each from where it was or from its revision. */
  follow(projectIds: ReadonlySet<string>, revisions: ReadonlyMap<string, number>): void;
}

/** What feeds are built on. */
export interface FeedsOptions {
  /** A subscription to `elementEvents` with the variables `projectId` and `after`. */
  query: string;
  /** Ends all of them. */
  signal: AbortSignal;
  onEvent: (event: FeedEvent) => void;
}

interface Feed {
  ended: AbortController;
  isRunning: boolean;
  /** The revision of the last event that came, or the one to begin after. */
  after: number | null;
}

/** Builds the feeds. One that breaks begins again, where it was, when it is next to be followed. */
export function createFeeds(caller: Caller, { query, signal, onEvent }: FeedsOptions): Feeds {
  const feeds = new Map<string, Feed>();
  return { follow };

  function follow(projectIds: ReadonlySet<string>, revisions: ReadonlyMap<string, number>): void {
    for (const [id, { ended }] of feeds) {
      if (projectIds.has(id)) continue;
      feeds.delete(id);
      ended.abort();
    }
    for (const id of projectIds) {
      const feed = feeds.getOrInsertComputed(id, () => ({
        ended: new AbortController(),
        isRunning: false,
        after: revisions.get(id) ?? null,
      }));
      if (!feed.isRunning) void run(id, feed);
    }
  }

  async function run(projectId: string, feed: Feed): Promise<void> {
    feed.isRunning = true;
    const either = AbortSignal.any([signal, feed.ended.signal]);
    try {
      const results = caller.subscribe(query, { projectId, after: feed.after }, { signal: either });
      for await (const { data, errors } of results) {
        if (errors !== undefined || either.aborted) break;
        const { kind, elementId, revision } = objectOf(data?.["elementEvents"]);
        feed.after = Number(revision);
        onEvent({ kind: String(kind), elementId: String(elementId) });
      }
    } catch (error) {
      log.debug("A feed of changes broke off: {error}", { error });
    } finally {
      feed.isRunning = false;
    }
  }
}
