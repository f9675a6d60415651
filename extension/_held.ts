import type { Database, HeldElement, Place } from "./_database.ts";
import type { HeldMark } from "./_messages.ts";
import type { MarkState } from "../clients/pointer/pointer.ts";

/** Captured elements whose pages may still be open, and the frames that have them. */
export interface Held {
  /** The server stored it: the frame keeps it fresh, if it is still there. */
  add(element: HeldElement): Promise<void>;
  /** Whether an element was captured in this tab, in a page of this origin. */
  isOf(place: Pick<Place, "tabId" | "url">, elementId: string): boolean;
  /** Those of a document: for a frame that came, or came back. */
  of(place: Omit<Place, "pageId">, projectId: string): Promise<HeldMark[]>;
  /** Those of a tab that were in another page than the one with this address; what is in frames aside. */
  elsewhere(tabId: number, url: string): Promise<string[]>;
  ids(projectId: string): Promise<string[]>;
  get(elementId: string): Promise<HeldElement | null>;
  /** Takes note of what the server says of an element; answers it where that is new. */
  setState(elementId: string, state: MarkState): Promise<HeldElement | null>;
  remove(elementId: string): Promise<HeldElement | null>;
  /** Forgets a closed tab's. */
  removeTab(tabId: number): Promise<void>;
  clear(): Promise<void>;
}

/** The oldest of a tab make room: each is looked after while its page changes. */
export const MAX_HELD_PER_TAB = 200;

/** Opens the record of held elements. Nothing but this writes to it. */
export async function openHeld(database: Database): Promise<Held> {
  const places = new Map<string, string>();
  for (const element of await database.getAll("held")) places.set(element.elementId, placeOf(element));
  return { add, isOf, of, elsewhere, ids, get, setState, remove, removeTab, clear };

  function isOf(place: Pick<Place, "tabId" | "url">, elementId: string): boolean {
    return places.get(elementId) === placeOf(place);
  }

  async function clear(): Promise<void> {
    await database.clear("held");
    places.clear();
  }

  async function add(element: HeldElement): Promise<void> {
    const transaction = database.transaction("held", "readwrite");
    const others = await transaction.store.index("tabId").getAll(element.tabId);
    const oldest = others.toSorted((one, other) => one.revision - other.revision);
    for (const { elementId } of oldest.slice(0, Math.max(0, others.length + 1 - MAX_HELD_PER_TAB))) {
      await transaction.store.delete(elementId);
      places.delete(elementId);
    }
    await transaction.store.put(element);
    await transaction.done;
    places.set(element.elementId, placeOf(element));
  }

  async function of(place: Omit<Place, "pageId">, projectId: string): Promise<HeldMark[]> {
    const all = await database.getAllFromIndex("held", "tabId", place.tabId);
    return all.filter(({ url, framePath, ...held }) =>
      url === place.url && framePath === place.framePath && held.projectId === projectId
    ).map(({ elementId, clientId, selector, fingerprint, number, state }) => ({
      ...{ elementId, clientId, selector, fingerprint, number, state },
    }));
  }

  async function elsewhere(tabId: number, url: string): Promise<string[]> {
    const all = await database.getAllFromIndex("held", "tabId", tabId);
    return all.filter((held) => held.framePath === "" && held.url !== url).map(({ elementId }) => elementId);
  }

  async function ids(projectId: string): Promise<string[]> {
    return (await database.getAll("held")).filter((held) => held.projectId === projectId).map((held) => held.elementId);
  }

  async function get(elementId: string): Promise<HeldElement | null> {
    return await database.get("held", elementId) ?? null;
  }

  async function setState(elementId: string, state: MarkState): Promise<HeldElement | null> {
    const transaction = database.transaction("held", "readwrite");
    const held = await transaction.store.get(elementId);
    if (held === undefined || held.state === state) return null;
    await transaction.store.put({ ...held, state });
    await transaction.done;
    return held;
  }

  async function remove(elementId: string): Promise<HeldElement | null> {
    const held = await get(elementId);
    await database.delete("held", elementId);
    places.delete(elementId);
    return held;
  }

  async function removeTab(tabId: number): Promise<void> {
    const transaction = database.transaction("held", "readwrite");
    for (const key of await transaction.store.index("tabId").getAllKeys(tabId)) {
      await transaction.store.delete(key);
      places.delete(key);
    }
    await transaction.done;
  }
}

// A page that changes its address by itself stays in its origin.
function placeOf({ tabId, url }: Pick<Place, "tabId" | "url">): string {
  return `${tabId} ${URL.parse(url)?.origin}`;
}

/** An address without its fragment: what the document was loaded from. */
export function withoutFragment(url: string): string {
  return url.replace(/#.*$/, "");
}
