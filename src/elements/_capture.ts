import { type Actor, requireSignedIn } from "../base/actor.ts";
import { newId } from "../base/ids.ts";
import { requirePermission } from "../base/permissions.ts";
import { announceChange, recordChange } from "./_feed.ts";
import { decodeImage } from "./_images.ts";
import { maskCapture } from "../../clients/masking/masking.ts";
import { findByClientId, insertElement } from "./_rows.ts";
import { seeAgain } from "./_sightings.ts";
import type { Capture, CaptureOptions, Element, Elements, ElementsDependencies } from "./elements.ts";

/** Stores a capture, its secrets masked; see `Elements.capture`. What is stale is seen again by it. */
export async function captureElement(
  dependencies: ElementsDependencies & Pick<Elements, "see">,
  actor: Actor,
  capture: Capture,
  { store = (write) => write() }: CaptureOptions = {},
): Promise<Element> {
  const { database, audit, events, rateLimits, projects, clock } = dependencies;
  // Where a project is named, one that the actor may not see is `NOT_FOUND` before it is anything else.
  const { userId } = capture.projectId === null ? requirePermission(actor, "WRITE_ELEMENTS") : requireSignedIn(actor);
  await rateLimits.take("capture_element", userId);
  const { clientId, html, computedStyles, screenshot, ...fields } = maskCapture(capture);
  const stored = await findByClientId(database.read, userId, clientId);
  const projectId = stored?.projectId ?? capture.projectId ?? await projects.firstOwn(actor);
  await projects.authorize(actor, { projectId, permission: "WRITE_ELEMENTS" });
  if (stored !== undefined) return stored.staleSince === null ? stored : await seeStored(stored);
  const image = screenshot && await decodeImage(screenshot.mimeType, screenshot.bytes);
  const bytes = new TextEncoder().encode(html);
  const write = () =>
    database.write(async (connection) => {
      // Asked again in the transaction: of two retries at once, the later one must find the first.
      const raced = await findByClientId(connection, userId, clientId);
      if (raced !== undefined) return raced;
      const now = clock.now();
      const revision = await projects.takeRevision(connection, projectId);
      const facts = { id: newId(), projectId, capturedById: userId, revision, htmlByteSize: bytes.length };
      const times = { staleSince: null, createdAt: now, updatedAt: now };
      const element: Element = { ...fields, ...facts, ...times, status: "OPEN" };
      await insertElement(connection, { element, clientId, html: bytes, computedStyles, image });
      await recordChange({ connection, audit }, actor, { element, kind: "CAPTURED", event: "element.captured" });
      await seeAgain(connection, { audit, projects, clock }, { actor, place: element });
      return element;
    });
  const element = await store(write);
  announceChange(events, projectId);
  return element;

  function seeStored({ id, projectId }: Element): Promise<Element> {
    return dependencies.see(actor, id, { projectId, fields: {}, screenshot: null, isRecorded: true });
  }
}
