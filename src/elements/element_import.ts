import type { Audit } from "../audit/audit.ts";
import { systemActor } from "../base/actor.ts";
import { AppError } from "../base/errors.ts";
import { newIdAt } from "../base/ids.ts";
import type { Connection } from "../database/database.ts";
import { insertComment } from "./_content_rows.ts";
import { recordChange } from "./_feed.ts";
import { decodeImage } from "./_images.ts";
import { maskCapture } from "../../clients/masking/masking.ts";
import { findByClientId, insertElement, updateElement } from "./_rows.ts";
import type { Capture, Element, ElementStatus } from "./elements.ts";

/** A captured element to be, from a seed. */
export interface ImportedElement {
  capture: Omit<Capture, "projectId">;
  projectId: string;
  capturedById: string;
  status: ElementStatus;
  comments: { authorId: string; body: string }[];
  /** Milliseconds since the Unix epoch. */
  createdAt: number;
}

/** What an import is done with. */
export interface ImportTools {
  audit: Audit;
  /** The next revision of a project. */
  takeRevision(connection: Connection, projectId: string): Promise<number>;
}

/** What is wrong with a screenshot; null where nothing is. */
export async function findScreenshotFault(
  { mimeType, bytes }: NonNullable<Capture["screenshot"]>,
): Promise<string | null> {
  try {
    await decodeImage(mimeType, bytes);
    return null;
  } catch (error) {
    if (error instanceof AppError) return error.message;
    throw error;
  }
}

/** Time between a capture and its first comment, and from one to the next. */
const COMMENT_PAUSE_MS = 3_600_000;

/** Stores an element, its secrets masked, with its comments in the caller's transaction; false where its `clientId` is known. For seeds: nobody's permission is asked. */
export async function importElement(
  connection: Connection,
  { audit, takeRevision }: ImportTools,
  { capture, projectId, capturedById, status, comments, createdAt }: ImportedElement,
): Promise<boolean> {
  const { clientId, html, computedStyles, screenshot, ...fields } = maskCapture(capture);
  if (await findByClientId(connection, capturedById, clientId) !== undefined) return false;
  const image = screenshot && await decodeImage(screenshot.mimeType, screenshot.bytes);
  const bytes = new TextEncoder().encode(html);
  const facts = { id: newIdAt(createdAt), projectId, capturedById, htmlByteSize: bytes.length };
  const times = { staleSince: null, createdAt, updatedAt: createdAt };
  const revision = await takeRevision(connection, projectId);
  let element: Element = { ...fields, ...facts, ...times, revision, status: "OPEN" };
  await insertElement(connection, { element, clientId, html: bytes, computedStyles, image });
  await recordChange({ connection, audit }, systemActor, { element, kind: "CAPTURED", event: "element.captured" });
  for (const { authorId, body } of comments) {
    const updatedAt = element.updatedAt + COMMENT_PAUSE_MS;
    await insertComment(connection, {
      id: newIdAt(updatedAt),
      elementId: element.id,
      authorId,
      body,
      createdAt: updatedAt,
    });
    element = { ...element, updatedAt };
    await change("element.commented");
  }
  element = { ...element, status };
  if (status !== "OPEN") await change("element.updated");
  return true;

  async function change(event: "element.commented" | "element.updated"): Promise<void> {
    element = { ...element, revision: await takeRevision(connection, projectId) };
    await updateElement(connection, element);
    await recordChange({ connection, audit }, systemActor, { element, kind: "UPDATED", event });
  }
}
