import type { Audit, SecurityEvent } from "../audit/audit.ts";
import type { Actor, SignedInActor } from "../base/actor.ts";
import { invalidInput } from "../base/errors.ts";
import type { Connection, Database } from "../database/database.ts";
import type { Events, Topic } from "../events/events.ts";
import { createNews, followTail, type TailNews } from "../events/tail.ts";
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
const ELEMENT_CHANGED: Topic<TailNews<ElementEvent>> = { name: "element_changed" };

/** Events read at once: what a late watcher missed comes in such portions. */
const FEED_PAGE_SIZE = 100;

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
      after: await startingRevision(projects, request),
      read: (after) => readPortion(database.read, projectId, after),
      portion: FEED_PAGE_SIZE,
      placeOf: ({ revision }) => revision,
      authorize: (news) => news?.authorize(rights, authorize) ?? authorize(),
    });
  } catch (error) {
    changed.end();
    throw error;
  }
}

/** Alike for those whom a project allows the same: an access token may less than its owner. */
function rightsOf(actor: SignedInActor): string {
  return actor.kind === "token" ? `token ${actor.tokenId} ${actor.role}` : `user ${actor.userId} ${actor.role}`;
}

async function startingRevision(projects: Projects, request: WatchRequest) {
  const [project] = await projects.byIds([request.projectId]);
  const current = project?.revision ?? 0;
  const after = request.after ?? current;
  if (after >= 0 && after <= current) return after;
  throw invalidInput(["after"], `Cannot watch from revision ${after}: the project is at ${current}`);
}

async function readPortion(connection: Connection, projectId: string, after: number): Promise<ElementEvent[]> {
  const changes = await listFeedRows(connection, projectId, { after, limit: FEED_PAGE_SIZE });
  if (changes.length === 0) return [];
  const ids = [...new Set(changes.map((change) => change.elementId))];
  const elements = new Map((await findElements(connection, ids)).map((element) => [element.id, element]));
  return changes.map((change) => ({ ...change, element: elements.get(change.elementId) ?? null }));
}
