import type { ServerEvent } from "@modelcontextprotocol/server";
import { listOf, nodesOf, objectOf } from "./_answer_reading.ts";
import { createCoalescer } from "./_coalescing.ts";
import type { FindDocument } from "./_documents.ts";
import { parseElementUri } from "./_element_uris.ts";
import { createFeeds } from "./_project_feeds.ts";
import type { Caller } from "./caller.ts";

/** What somebody wants to hear of. */
export interface Wish {
  /** URIs of resources. One that the caller may not see stays silent, as one that there is not. */
  uris: readonly string[];
  /** Whether resources come or go. */
  list: boolean;
}

/** Hears of changes to resources from the feeds of their projects, with a caller's rights. */
export interface ElementWatch extends Disposable {
  /** Hears of these too, until the wish is disposed; resolves when nothing that happens from then on is missed. */
  add(wish: Wish): Promise<Disposable>;
}

/** What a watch is built on. */
export interface ElementWatchOptions {
  documents: FindDocument;
  /** Told at most once a second of each resource, and of the list. */
  onChange: (event: ServerEvent) => void;
}

/** So many ids are looked up at once: as many as `Query.nodes` takes. */
const MAX_IDS = 100;
/** Projects whose elements' coming and going is heard of, newest first: each costs a subscription. */
const MAX_LISTED_PROJECTS = 20;
/** What may be seen by now, and projects that came: looked up again. */
const REFRESH_INTERVAL_MS = 30_000;
/** The server could not be asked: sooner. */
const RETRY_MS = 2_000;
const MIN_INTERVAL_MS = 1_000;
/** The list's key among those of resources, none of which is empty. */
const LIST = "";

/** Builds a watch; it asks nothing before there is a wish. */
export function createElementWatch(caller: Caller, { documents, onChange }: ElementWatchOptions): ElementWatch {
  const wishes = new Set<Wish>();
  /** The projects of elements that were found. */
  const homes = new Map<string, string>();
  let listed: string[] = [];
  const ended = new AbortController();
  const coalescer = createCoalescer(
    MIN_INTERVAL_MS,
    (key) => onChange(key === LIST ? { kind: "resources_list_changed" } : { kind: "resource_updated", uri: key }),
  );
  const feeds = createFeeds(caller, { query: documents("watch_elements").query, signal: ended.signal, onEvent });
  let refreshed: Promise<void> = Promise.resolve();
  let timer: ReturnType<typeof setInterval> | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  return { add, [Symbol.dispose]: end };

  async function add(wish: Wish): Promise<Disposable> {
    wishes.add(wish);
    timer ??= setInterval(() => void refresh("everything"), REFRESH_INTERVAL_MS);
    await refresh("news");
    return { [Symbol.dispose]: () => remove(wish) };
  }

  function remove(wish: Wish): void {
    if (wishes.delete(wish)) void refresh("news");
  }

  function end(): void {
    ended.abort();
    clearInterval(timer);
    clearTimeout(retry);
    coalescer[Symbol.dispose]();
  }

  // One after the other: each begins with what the last one found.
  function refresh(what: "news" | "everything"): Promise<void> {
    return refreshed = refreshed.then(() => ended.signal.aborted ? undefined : lookUp(what));
  }

  async function lookUp(what: "news" | "everything"): Promise<void> {
    const wanted = wantedIds();
    const revisions = new Map<string, number>();
    const unknown = [...wanted].filter((id) => what === "everything" || !homes.has(id));
    for (let start = 0; start < unknown.length; start += MAX_IDS) {
      await findHomes(unknown.slice(start, start + MAX_IDS), revisions);
    }
    for (const id of homes.keys()) if (!wanted.has(id)) homes.delete(id);
    const projects = new Set(homes.values());
    if (isListWanted()) {
      await findListed(revisions);
      for (const id of listed) projects.add(id);
    }
    if (!ended.signal.aborted) feeds.follow(projects, revisions);
  }

  async function findHomes(ids: string[], revisions: Map<string, number>): Promise<void> {
    const { data } = await ask("find_watched_elements", { ids });
    // Nothing is known, rather than that there is nothing.
    if (!data) return;
    const found = listOf(data["nodes"]).map(objectOf);
    ids.forEach((id, index) => {
      const project = objectOf(found[index]?.["project"]);
      if (typeof project["id"] !== "string") return void homes.delete(id);
      homes.set(id, project["id"]);
      revisions.set(project["id"], Number(project["revision"]));
    });
  }

  async function findListed(revisions: Map<string, number>): Promise<void> {
    const { data } = await ask("list_watched_projects", { first: MAX_LISTED_PROJECTS });
    if (!data) return;
    const projects = nodesOf(data["projects"]);
    listed = projects.map(({ id }) => String(id));
    for (const { id, revision } of projects) revisions.set(String(id), Number(revision));
  }

  async function ask(name: string, variables: Record<string, unknown>) {
    const answer = await caller.execute(documents(name).query, variables, { signal: () => ended.signal });
    if (!ended.signal.aborted && answer.errors?.some(({ extensions }) => extensions["code"] === "UNAVAILABLE")) {
      clearTimeout(retry);
      retry = setTimeout(() => void refresh("everything"), RETRY_MS);
    }
    return answer;
  }

  function wantedIds(): Set<string> {
    const ids = [...wishes].flatMap(({ uris }) => uris.map((uri) => parseElementUri(uri)?.elementId));
    return new Set(ids.filter((id) => id !== undefined));
  }

  function isListWanted(): boolean {
    return [...wishes].some(({ list }) => list);
  }

  function onEvent({ kind, elementId }: { kind: string; elementId: string }): void {
    if ((kind === "CAPTURED" || kind === "DELETED") && isListWanted()) coalescer.notify(LIST);
    if (kind === "CAPTURED") return;
    const uris = new Set([...wishes].flatMap((wish) => wish.uris));
    for (const uri of uris) if (parseElementUri(uri)?.elementId === elementId) coalescer.notify(uri);
  }
}
