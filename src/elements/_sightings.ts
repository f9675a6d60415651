import type { Actor } from "../base/actor.ts";
import type { Connection, Transaction } from "../database/database.ts";
import { type Access, notFound } from "./_access.ts";
import type { CaptureInput, LiveFields } from "./capture_input.ts";
import { announceChange, type ElementChange, recordChange } from "./_feed.ts";
import { deleteFeedRow } from "./_feed_rows.ts";
import { decodeImage } from "./_images.ts";
import { maskCapture } from "../../clients/masking/masking.ts";
import { findElement } from "./_rows.ts";
import { findStale, type Place, updateContents, updateFields, upsertImage } from "./_sighting_rows.ts";
import type { Element, Elements, ElementsDependencies } from "./elements.ts";

/** Where a live page speaks from. */
export interface SightingFacts {
  /** Of the room that the page is in: elements of others do not exist there. */
  projectId: string;
  /** Whether the audit log is to tell of it: once for each page and element, and not ten times a second. */
  isRecorded: boolean;
}

/** What a live page says of an element. */
export interface Sighting extends SightingFacts {
  fields: LiveFields;
  screenshot: CaptureInput["screenshot"];
}

/** Elements of which it is known that their last change was a live one. */
const MAX_REMEMBERED = 10_000;
/** Elements of one place that are captured again at once: a page has one, as a rule. */
const MAX_SEEN_AGAIN = 100;

/** Builds what keeps elements as their live pages have them. */
export function createSightings(
  { database, audit, events, projects, clock }: ElementsDependencies,
  find: Access["find"],
): Pick<Elements, "see" | "markStale"> {
  /** The revisions of live updates that no other change of their element has come after, in the order of writing. */
  const lastUpdates = new Map<string, number>();
  return { see, markStale };

  async function see(actor: Actor, id: string, { fields, screenshot, ...facts }: Sighting): Promise<Element> {
    await requireHere(actor, id, facts);
    const image = screenshot && await decodeImage(screenshot.mimeType, screenshot.bytes);
    const { html, computedStyles, ...changes } = maskCapture(fields);
    const bytes = html === undefined ? null : new TextEncoder().encode(html);
    const contents = { html: bytes, computedStyles: computedStyles ?? null };
    const measures = bytes === null ? changes : { ...changes, htmlByteSize: bytes.length };
    const hasContents = contents.html !== null || contents.computedStyles !== null;
    return await write(actor, id, facts, async (connection, current) => {
      const seen: Element = { ...current, ...measures, staleSince: null };
      if (image === null && !hasContents && changedFields(current, seen).length === 0) return null;
      const element = await nextRevision(connection, seen);
      await updateFields(connection, element, changedFields(current, element));
      if (hasContents) await updateContents(connection, id, contents);
      if (image !== null) await upsertImage(connection, id, image);
      await replaceLastUpdate(connection, current, element);
      return { element, kind: "UPDATED", details: { live: true } };
    });
  }

  async function markStale(actor: Actor, id: string, facts: SightingFacts): Promise<Element> {
    await requireHere(actor, id, facts);
    return await write(actor, id, facts, async (connection, current) => {
      if (current.staleSince !== null) return null;
      const element = await nextRevision(connection, { ...current, staleSince: clock.now() });
      await updateFields(connection, element, changedFields(current, element));
      await replaceLastUpdate(connection, current, element);
      return { element, kind: "STALE", details: { live: true, stale: true } };
    });
  }

  async function requireHere(actor: Actor, id: string, { projectId }: SightingFacts): Promise<void> {
    const element = await find(actor, id, "WRITE_ELEMENTS", new Set(["projectId"]));
    if (element.projectId !== projectId) throw notFound(id);
  }

  async function write(
    actor: Actor,
    id: string,
    { projectId, isRecorded }: SightingFacts,
    work: (connection: Connection, current: Element) => Promise<Omit<ElementChange, "event"> | null>,
  ): Promise<Element> {
    try {
      const element = await database.write(async (connection) => {
        const current = await findElement(connection, id);
        if (current === undefined) throw notFound(id);
        const change = await work(connection, current);
        if (change === null) return current;
        await recordChange({ connection, audit }, actor, { ...change, event: isRecorded ? "element.updated" : null });
        return change.element;
      });
      announceChange(events, projectId);
      return element;
    } catch (error) {
      lastUpdates.delete(id);
      throw error;
    }
  }

  async function nextRevision(connection: Connection, element: Element): Promise<Element> {
    const revision = await projects.takeRevision(connection, element.projectId);
    return { ...element, revision, updatedAt: clock.now() };
  }

  // Where nothing else happened to the element in between, the feed keeps the last of many live updates, stale or not: who is behind gets the
  // newest, and the feed does not grow by ten rows a second.
  async function replaceLastUpdate(connection: Connection, before: Element, after: Element): Promise<void> {
    const { id, projectId } = after;
    if (lastUpdates.get(id) === before.revision) await deleteFeedRow(connection, projectId, before.revision);
    lastUpdates.delete(id);
    lastUpdates.set(id, after.revision);
    const [oldest] = lastUpdates.keys();
    if (lastUpdates.size > MAX_REMEMBERED && oldest !== undefined) lastUpdates.delete(oldest);
  }
}

/** Un-marks the stale elements of a place in which one was captured again, in the caller's transaction. */
export async function seeAgain(
  connection: Transaction,
  { audit, projects, clock }: Pick<ElementsDependencies, "audit" | "projects" | "clock">,
  { actor, place }: { actor: Actor; place: Place },
): Promise<void> {
  if (place.pageId === null) return;
  for (const stale of await findStale(connection, place, MAX_SEEN_AGAIN)) {
    const revision = await projects.takeRevision(connection, place.projectId);
    const element = { ...stale, staleSince: null, revision, updatedAt: clock.now() };
    await updateFields(connection, element, changedFields(stale, element));
    const change = { element, kind: "UPDATED", event: "element.updated", details: { live: true } } as const;
    await recordChange({ connection, audit }, actor, change);
  }
}

function changedFields(before: Element, after: Element): (keyof Element)[] {
  return fieldsOf(after).filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]));
}

function fieldsOf(element: Element): (keyof Element)[] {
  return Object.keys(element).filter((name): name is keyof Element => name in element);
}
