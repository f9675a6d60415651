import type { Element } from "../elements/elements.ts";
import type { Conversation } from "./_conversation.ts";

/** What decides whose page holds an element. */
export type HeldElement = Pick<Element, "id" | "projectId" | "pageId" | "staleSince">;

/** Which page holds which element. */
export interface Holders {
  /** A page captured or updated an element: it holds it from now on, if it is the page that it named then, if any. */
  hold(elementId: string, conversation: Conversation, pageId: string | null): void;
  /** A page is gone. */
  release(conversation: Conversation): void;
  /** The pages that hold an element and were heard of lately: who captured or updated it last, then those that say they are its page, newest first. */
  holdersOf(element: HeldElement): Conversation[];
  /** Of the elements that a page was the last to capture or update, those captured last, at most a hundred. */
  heldBy(conversation: Conversation): string[];
}

/** Elements of one page that are remembered as its own; of the others, their `pageId` tells. */
const MAX_HELD = 10_000;
const MAX_NEWEST = 100;

/** Builds the memory of who holds what. */
export function createHolders(all: () => Conversation[]): Holders {
  const lastHolders = new Map<string, { conversation: Conversation; pageId: string | null }>();
  const idsHeldBy = new Map<Conversation, Set<string>>();
  return { hold, release, holdersOf, heldBy };

  function hold(elementId: string, conversation: Conversation, pageId: string | null): void {
    // It may have closed while its last update was stored.
    if (!all().includes(conversation)) return;
    const held = idsHeldBy.getOrInsertComputed(conversation, () => new Set());
    held.delete(elementId);
    held.add(elementId);
    lastHolders.set(elementId, { conversation, pageId });
    const [oldest] = held;
    if (held.size > MAX_HELD && oldest !== undefined) forget(oldest, conversation);
  }

  function release(conversation: Conversation): void {
    for (const elementId of idsHeldBy.get(conversation) ?? []) forget(elementId, conversation);
    idsHeldBy.delete(conversation);
  }

  function forget(elementId: string, conversation: Conversation): void {
    idsHeldBy.get(conversation)?.delete(elementId);
    if (lastHolders.get(elementId)?.conversation === conversation) lastHolders.delete(elementId);
  }

  function holdersOf({ id, projectId, pageId, staleSince }: HeldElement): Conversation[] {
    if (staleSince !== null) return [];
    const last = lastHolders.get(id);
    const others = pageId === null ? [] : all().toReversed().filter((conversation) => {
      const page = conversation.livePage();
      return conversation !== last?.conversation && page?.id === pageId && page.projectId === projectId;
    });
    return last?.conversation.isHeard() && isPage(last.conversation, last.pageId)
      ? [last.conversation, ...others]
      : others;
  }

  function heldBy(conversation: Conversation): string[] {
    const own = [...idsHeldBy.get(conversation) ?? []].filter((elementId) => {
      const last = lastHolders.get(elementId);
      return last?.conversation === conversation && isPage(conversation, last.pageId);
    });
    // Ids are in the order of capturing.
    return own.sort().slice(-MAX_NEWEST);
  }
}

function isPage(conversation: Conversation, pageId: string | null): boolean {
  const page = conversation.livePage();
  return pageId === null || page === null || page.id === pageId;
}
