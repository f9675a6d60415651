import type { SignedInActor } from "../base/actor.ts";
import type { LiveFields } from "../elements/capture_input.ts";

/** What a page says of an element that it holds, or held. */
export interface LiveChange {
  /** Of the last message that said it. */
  messageId: string;
  actor: SignedInActor;
  fields: LiveFields;
  /** Whether the page no longer holds it, after these fields. */
  isStale: boolean;
  /** Characters of the messages that said it. */
  size: number;
}

/** What one page says of its elements, each stored at most ten times a second with the latest of each field; the last is never lost. */
export interface LiveUpdates {
  /** Takes a change; settles when there is room for the next. */
  take(elementId: string, change: LiveChange): Promise<void>;
  /** Settles when nothing of the element waits any more. */
  flush(elementId: string): Promise<void>;
  /** Settles when nothing waits any more; what is taken from now on is dropped. */
  close(): Promise<void>;
}

/** What updates are built on. */
export interface LiveUpdatesDependencies {
  store(elementId: string, change: LiveChange): Promise<void>;
  /** A change was not stored. */
  failed(change: LiveChange, error: unknown): void;
}

interface Entry {
  pending: LiveChange | null;
  /** Settles when what is being stored is; null: nothing is. */
  storing: Promise<void> | null;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** Ten a second. */
const INTERVAL_MS = 100;
/** Elements that one page updates at once: with more, its next message waits. */
const MAX_ELEMENTS = 64;
/** Characters that may wait: with more, the next message waits, a tenth of a second at most. */
const MAX_PENDING_CHARACTERS = 2_097_152;

/** Builds the updates of one page. */
export function createLiveUpdates({ store, failed }: LiveUpdatesDependencies): LiveUpdates {
  const entries = new Map<string, Entry>();
  let pendingCharacters = 0;
  let isClosed = false;
  /** Settles when something that waited is on its way. */
  let progress = Promise.withResolvers<void>();
  return { take, flush, close };

  async function take(elementId: string, change: LiveChange): Promise<void> {
    while (!isClosed && !hasRoomFor(elementId)) await progress.promise;
    if (isClosed) return;
    pendingCharacters += change.size;
    const entry = entries.get(elementId);
    if (entry !== undefined) {
      entry.pending = entry.pending === null ? change : merge(entry.pending, change);
      return;
    }
    const begun: Entry = { pending: change, storing: null, timer: undefined };
    entries.set(elementId, begun);
    begin(elementId, begun);
  }

  function hasRoomFor(elementId: string): boolean {
    return pendingCharacters <= MAX_PENDING_CHARACTERS && (entries.has(elementId) || entries.size < MAX_ELEMENTS);
  }

  /** Stores what waits, and looks again a tenth of a second later. */
  function begin(elementId: string, entry: Entry): void {
    void storePending(elementId, entry);
    if (!isClosed) entry.timer = setTimeout(() => void lookAgain(elementId, entry), INTERVAL_MS);
  }

  async function lookAgain(elementId: string, entry: Entry): Promise<void> {
    await entry.storing;
    if (isClosed) return;
    if (entry.pending !== null) return begin(elementId, entry);
    entries.delete(elementId);
    tellProgress();
  }

  function storePending(elementId: string, entry: Entry): Promise<void> {
    const { pending, storing: before } = entry;
    if (pending === null) return before ?? Promise.resolve();
    entry.pending = null;
    pendingCharacters -= pending.size;
    tellProgress();
    const storing = (before ?? Promise.resolve()).then(() => store(elementId, pending))
      .catch((error: unknown) => failed(pending, error))
      .then(() => {
        if (entry.storing === storing) entry.storing = null;
      });
    entry.storing = storing;
    return storing;
  }

  async function flush(elementId: string): Promise<void> {
    const entry = entries.get(elementId);
    if (entry !== undefined) await storePending(elementId, entry);
  }

  async function close(): Promise<void> {
    isClosed = true;
    tellProgress();
    await Promise.all(Array.from(entries, ([elementId, entry]) => {
      clearTimeout(entry.timer);
      return storePending(elementId, entry);
    }));
  }

  function tellProgress(): void {
    progress.resolve();
    progress = Promise.withResolvers();
  }
}

function merge(earlier: LiveChange, later: LiveChange): LiveChange {
  return { ...later, fields: { ...earlier.fields, ...later.fields }, size: earlier.size + later.size };
}
