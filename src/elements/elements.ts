import type { Audit } from "../audit/audit.ts";
import { type Actor, requireSignedIn } from "../base/actor.ts";
import type { Clock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import { newId, toGlobalId } from "../base/ids.ts";
import type { Database } from "../database/database.ts";
import type { Events } from "../events/events.ts";
import type { Page, RankedPage, Slice } from "../graphql/pages.ts";
import type { Projects } from "../projects/projects.ts";
import type { RateLimits } from "../rate_limits/rate_limits.ts";
import type { Sessions } from "../sessions/sessions.ts";
import { createAccess } from "./_access.ts";
import { captureElement } from "./_capture.ts";
import type { CaptureInput } from "./capture_input.ts";
import { type Changes, type ChangesRequest, createChanges } from "./_changes.ts";
import { createCommanding, type HeldPage } from "./_commanding.ts";
import {
  findComputedStyles,
  findHtml,
  findImage,
  findScreenshots,
  insertComment,
  listComments,
} from "./_content_rows.ts";
import { createElementViews, type ElementViews } from "./element_views.ts";
import { announceChange, watchChanges, type WatchRequest } from "./_feed.ts";
import type { Image, ImageType } from "./_images.ts";
import { findSnippetsFor, listFor } from "./_listing.ts";
import type { Snippet } from "./_snippet_rows.ts";
import { deleteElement, findElement, updateElement } from "./_rows.ts";
import { createSightings, type Sighting, type SightingFacts } from "./_sightings.ts";

/** What became of an element. */
export type ElementStatus = "OPEN" | "ACKNOWLEDGED" | "RESOLVED" | "DISMISSED";

/** One captured DOM element, without what is large. Times are milliseconds since the Unix epoch, lengths CSS pixels. */
export interface Element extends Omit<CaptureInput, "clientId" | "html" | "computedStyles" | "screenshot"> {
  id: string;
  projectId: string;
  /** null: the account was deleted. */
  capturedById: string | null;
  /** The project's at the last change. */
  revision: number;
  htmlByteSize: number;
  status: ElementStatus;
  staleSince: number | null;
  createdAt: number;
  updatedAt: number;
}

/** A capture as the room takes it. */
export type Capture = Omit<CaptureInput, "projectId"> & {
  /** null: the actor's own first project. */
  projectId: string | null;
};

/** How a capture is stored. */
export interface CaptureOptions {
  /** Begins the writing in its time: of captures that overlap, whoever sends them says which is the earlier one. */
  store?: <Stored>(write: () => Promise<Stored>) => Promise<Stored>;
}

/** The measures of an element's screenshot. Sizes are pixels of the image. */
export interface Screenshot {
  elementId: string;
  mimeType: ImageType;
  width: number;
  height: number;
  byteSize: number;
}

/** What somebody said of an element. */
export interface ElementComment {
  id: string;
  elementId: string;
  /** null: the account was deleted. */
  authorId: string | null;
  body: string;
  createdAt: number;
}

/** What of a list is wanted; what is absent or null does not matter. */
export interface ElementFilter {
  status?: ElementStatus[] | null | undefined;
  pageUrlPrefix?: string | null | undefined;
  pageId?: string | null | undefined;
  /** In any case. */
  tagName?: string | null | undefined;
  capturedById?: string | null | undefined;
  createdAfter?: number | null | undefined;
  createdBefore?: number | null | undefined;
}

/** Which elements to list. */
export interface ListRequest {
  /** null: of all projects that the actor is a member of. */
  projectId: string | null;
  filter: ElementFilter;
  /** Words, each the beginning of one in the element, and "phrases"; all must be there. */
  search?: string | null | undefined;
  /** Ranked: how well an element matches the search comes first; without a search all are alike. */
  page: Page | RankedPage;
  /** Ends a search whose caller went away. */
  signal?: AbortSignal;
  /** Only these are read of each element, with its id; absent: all. */
  fields?: ReadonlySet<string>;
}

/** What happened to an element. */
export type ElementEventKind = "CAPTURED" | "UPDATED" | "STALE" | "DELETED";

/** One change of a project, with the element as it is now: null where it was deleted since. */
export interface ElementEvent {
  revision: number;
  kind: ElementEventKind;
  elementId: string;
  element: Element | null;
}

/** Elements that people captured. Methods with an actor throw `UNAUTHENTICATED`, `FORBIDDEN`, and `NOT_FOUND` for what it may not see. */
export interface Elements extends ElementViews {
  /** Stores a capture and tells the project's watchers; the same `clientId` again returns the stored one. Throws `INVALID_INPUT`, `TOO_LARGE`, `RATE_LIMITED`. */
  capture(actor: Actor, capture: Capture, options?: CaptureOptions): Promise<Element>;
  /** An element; where `fields` are given, only these are read of it, with its id and project. */
  get(actor: Actor, id: string, fields?: ReadonlySet<string>): Promise<Element>;
  /** Newest first, or by rank for a ranked page; of one project, or of all that the actor is a member of. Throws `INVALID_INPUT` for a search without a word. */
  list(actor: Actor, request: ListRequest): Promise<Slice<Element>>;
  /** Sets the note or the status; absent leaves it. */
  update(actor: Actor, id: string, change: { note?: string | null; status?: ElementStatus }): Promise<Element>;
  /** Stores what a live page says of an element, which is not stale any more; its watchers see the last of many. Throws `INVALID_INPUT`, `TOO_LARGE` for a screenshot. */
  see(actor: Actor, id: string, sighting: Sighting): Promise<Element>;
  /** Marks an element that its live page no longer holds. */
  markStale(actor: Actor, id: string, facts: SightingFacts): Promise<Element>;
  /** An element whose page the actor may ask something. */
  commandable(actor: Actor, id: string): Promise<Element>;
  /** Has the audit log tell that the page of such an element is asked something. */
  recordCommand(actor: Actor, element: Element, command: string): Promise<void>;
  /** What was captured last of each of these pages, which the actor may see, and is not stale there. */
  newestOf(pages: readonly HeldPage[]): Promise<(Element | null)[]>;
  /** Adds a comment. */
  comment(actor: Actor, id: string, body: string): Promise<Element>;
  /** Deletes the element with all that belongs to it: what the actor captured, as OWNER of the project what anybody did. */
  delete(actor: Actor, id: string): Promise<void>;
  /** The project's changes after a revision, in order, each once, until the signal. Throws `INVALID_INPUT`. */
  watch(actor: Actor, request: WatchRequest): Promise<AsyncGenerator<ElementEvent, undefined>>;
  /** The same for who asks again and again: what there is, at once; else what comes first while it waits. Throws `INVALID_INPUT`, `RATE_LIMITED` for too many who wait. */
  changes(actor: Actor, request: ChangesRequest): Promise<Changes>;
  /** An element's screenshot with its bytes. */
  image(actor: Actor, id: string): Promise<Image>;
  /** The HTML of elements already shown, each cut after `maxBytes` bytes of UTF-8 at a character boundary. */
  htmlOf(ids: readonly string[], maxBytes: number): Promise<string[]>;
  /** The computed styles of elements already shown. */
  computedStylesOf(ids: readonly string[]): Promise<Record<string, unknown>[]>;
  /** The screenshots' measures of elements already shown. */
  screenshotsOf(ids: readonly string[]): Promise<(Screenshot | null)[]>;
  /** Where elements already shown match a search; null for one that does not any more. Throws as `list` does. */
  snippetsOf(ids: readonly string[], search: string, signal: AbortSignal): Promise<(Snippet | null)[]>;
  /** The comments of elements already shown, oldest first. */
  commentsOf(ids: readonly string[]): Promise<ElementComment[][]>;
}

/** What the elements room is built on. */
export interface ElementsDependencies {
  database: Database;
  audit: Audit;
  events: Events;
  rateLimits: RateLimits;
  projects: Projects;
  sessions: Pick<Sessions, "follow">;
  clock: Clock;
}

/** Builds the elements room. */
export function createElements(dependencies: ElementsDependencies): Elements {
  const { database, events, projects, clock } = dependencies;
  const { read } = database;
  const { find, change } = createAccess(dependencies);
  const sightings = createSightings(dependencies, find);
  // Who watches a project asks for its right again.
  projects.onMemberChanged(({ projectId }) => announceChange(events, projectId));
  return {
    capture: (actor, capture, options) => captureElement({ ...dependencies, ...sightings }, actor, capture, options),
    get,
    list: (actor, request) => listFor(dependencies, actor, request),
    update,
    ...sightings,
    ...createCommanding(dependencies, find),
    comment,
    delete: remove,
    watch: (actor, request) => watchChanges(dependencies, actor, request),
    changes: createChanges(dependencies),
    image,
    ...createElementViews(database),
    htmlOf: async (ids, maxBytes) => inOrder(ids, await findHtml(read, ids, maxBytes), ""),
    computedStylesOf: async (ids) => inOrder(ids, await findComputedStyles(read, ids), {}),
    screenshotsOf: async (ids) => inOrder(ids, await findScreenshots(read, ids), null),
    snippetsOf: async (ids, search, signal) =>
      inOrder(ids, await findSnippetsFor(database, ids, { search, signal }), null),
    commentsOf: async (ids) =>
      inOrder(ids, Map.groupBy(await listComments(read, ids), (comment) => comment.elementId), []),
  };

  async function get(actor: Actor, id: string, fields?: ReadonlySet<string>): Promise<Element> {
    return await find(actor, id, "READ_ELEMENTS", fields);
  }

  function update(actor: Actor, id: string, { note, status }: { note?: string | null; status?: ElementStatus }) {
    return change(actor, id, { kind: "UPDATED", event: "element.updated" }, (connection, element) => {
      const updated = { ...element, note: note === undefined ? element.note : note, status: status ?? element.status };
      return updateElement(connection, updated).then(() => updated);
    });
  }

  function comment(actor: Actor, id: string, body: string): Promise<Element> {
    return change(actor, id, { kind: "UPDATED", event: "element.commented" }, async (connection, element) => {
      const authorId = requireSignedIn(actor).userId;
      await insertComment(connection, { id: newId(), elementId: id, authorId, body, createdAt: clock.now() });
      await updateElement(connection, element);
      return element;
    });
  }

  async function remove(actor: Actor, id: string): Promise<void> {
    const element = await findElement(read, id);
    const isOwn = element?.capturedById === requireSignedIn(actor).userId;
    const permission = isOwn ? "WRITE_ELEMENTS" : "DELETE_ELEMENTS";
    await change(actor, id, { kind: "DELETED", event: "element.deleted", permission }, async (connection, element) => {
      await deleteElement(connection, id);
      return element;
    });
  }

  async function image(actor: Actor, id: string): Promise<Image> {
    await get(actor, id);
    const image = await findImage(read, id);
    if (image === undefined) {
      throw new AppError("NOT_FOUND", `Element "${toGlobalId("Element", id)}" has no screenshot`);
    }
    return image;
  }
}

function inOrder<T, Absent>(ids: readonly string[], found: Map<string, T>, absent: Absent): (T | Absent)[] {
  return ids.map((id) => found.get(id) ?? absent);
}
