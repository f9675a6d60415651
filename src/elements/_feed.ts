import type { Audit, SecurityEvent } from "../audit/audit.ts";
import type { Actor, SignedInActor } from "../base/actor.ts";
import { invalidInput } from "../base/errors.ts";
import type { Connection, Database } from "../database/database.ts";
import type { Events, Topic } from "../events/events.ts";
import { createNews, followTail, type TailNews } from "../events/tail.ts";
import { MAX_PAGE_SIZE } from "../graphql/pages.ts";
import type { Projects } from "../projects/projects.ts";
import { insertFeedRow, listFeedRows } from "./_feed_rows.ts";
import { findElements } from "./_rows.ts";
import type { Element, ElementEvent, ElementEventKind } from "./elements.ts";

/** A change to an element and how the feed and the audit log call it; the element has its new revision. */
export interface ElementChange {
  element: Element;
  kind: ElementEventKind;
  /** null: the audit log has it already. */
  event: SecurityEvent["kind"] | null;
  /** What the audit log tells beside project and revision. */
  details?: SecurityEvent["details"];
}

/** Tells a project's watchers that there is something new to read; the news itself lies in the table. */
export const ELEMENT_CHANGED: Topic<TailNews<ElementEvent>> = { name: "element_changed" };

/** Events read at once, by late watchers and for whoever waits: one more than a page has, which so tells whether there are more. */
const FEED_PORTION = MAX_PAGE_SIZE + 1;

/** Records a change for the feed and the audit log in the caller's transaction. */
export async function recordChange(
  { connection, audit }: { connection: Connection; audit: Audit },
  actor: Actor,
  { element, kind, event, details }: ElementChange,
): Promise<void> {
  const { id, projectId, revision } = element;
  await insertFeedRow(connection, projectId, { revision, kind, elementId: id });
  if (event === null) return;
  await audit.record(connection, actor, { kind: event, subjectId: id, details: { projectId, revision, ...details } });
}

/** Wakes the watchers of a project, after the commit. */
export function announceChange(events: Events, projectId: string): void {
  events.publish(ELEMENT_CHANGED, projectId, createNews());
}

/** What to watch, and until when. */
export interface WatchRequest {
  projectId: string;
  /** null: from now on. */
  after: number | null;
  /** Ends the watch, also where its reader went before it read anything. */
  signal: AbortSignal;
}

/** What the feed is built on. */
export interface FeedDependencies {
  database: Database;
  events: Events;
  projects: Projects;
}

/** The project's changes after a revision (absent: from now on), as `followTail` reads them. Throws `INVALID_INPUT`, and as `authorize` does. */
export async function watchChanges(
  { database, events, projects }: FeedDependencies,
  actor: Actor,
  request: WatchRequest,
): Promise<AsyncGenerator<ElementEvent, undefined>> {
  const { projectId, signal } = request;
  const authorize = () => projects.authorize(actor, { projectId, permission: "READ_ELEMENTS" });
  // Before the first check: a right that is taken away from then on wakes the reader, which asks again.
  const changed = events.subscribe(ELEMENT_CHANGED, projectId, { capacity: 1, whenFull: "keep_newest" });
  try {
    const rights = rightsOf(await authorize());
    return followTail({
      changed,
      signal,
      after: (await startingRevision(projects, request)).after,
      read: (after) => readFeed(database.read, projectId, { after }),
      portion: FEED_PORTION,
      placeOf: ({ revision }) => revision,
      authorize: (news) => news?.authorize(rights, authorize) ?? authorize(),
    });
  } catch (error) {
    changed.end();
    throw error;
  }
}

/** Alike for those whom a project allows the same: an access token may less than its owner. */
export function rightsOf(actor: SignedInActor): string {
  return actor.kind === "token" ? `token ${actor.tokenId} ${actor.role}` : `user ${actor.userId} ${actor.role}`;
}

/** The revision after which to begin; null: the project's own. Throws `INVALID_INPUT` for one that the project has not reached. */
export async function startingRevision(
  projects: Projects,
  { projectId, after }: Pick<WatchRequest, "projectId" | "after">,
): Promise<{ after: number; current: number }> {
  const [project] = await projects.byIds([projectId]);
  const current = project?.revision ?? 0;
  const from = after ?? current;
  if (from >= 0 && from <= current) return { after: from, current };
  throw invalidInput(["after"], `Cannot watch from revision ${from}: the project is at ${current}`);
}

/** The changes of a project after a revision, in order, with their elements as they are now. */
export async function readFeed(
  connection: Connection,
  projectId: string,
  { after, limit = FEED_PORTION }: { after: number; limit?: number },
): Promise<ElementEvent[]> {
  const changes = await listFeedRows(connection, projectId, { after, limit });
  if (changes.length === 0) return [];
  const ids = [...new Set(changes.map((change) => change.elementId))];
  const elements = new Map((await findElements(connection, ids)).map((element) => [element.id, element]));
  return changes.map((change) => ({ ...change, element: elements.get(change.elementId) ?? null }));
}
