import { z } from "zod";
import { AppError } from "../base/errors.ts";
import { liveFieldsSchema, screenshotSchema } from "../elements/capture_input.ts";
import type { Elements } from "../elements/elements.ts";
import { localId } from "../graphql/nodes.ts";
import type { Projects } from "../projects/projects.ts";
import { type AskedCommand, toRefusal, unavailable } from "./_commands.ts";
import type { LiveChange } from "./_live_updates.ts";
import { type MessageHandler, read, type Speaker } from "./_messages.ts";

/** What answers are built on that pages give of elements that they hold. */
export interface LiveMessagesDependencies {
  elements: Elements;
  projects: Projects;
}

const idSchema = z.object({ id: z.string(), elementId: z.string().transform((id) => localId("Element", id)) });
const errorSchema = z.object({ id: z.string(), code: z.string().max(100), message: z.string().max(1_000) });
const imageSchema = z.object({ screenshot: screenshotSchema });

/** Builds what takes `update`, `stale`, `result` and `error`: none of them is answered unless it fails. */
export function createLiveMessages({ elements, projects }: LiveMessagesDependencies) {
  const handlers: Record<"update" | "stale" | "result" | "error", MessageHandler> = {
    update: (speaker, message, size) => change(speaker, message, { fields: read(liveFieldsSchema, message), size }),
    stale: (speaker, message, size) => change(speaker, message, { fields: {}, isStale: true, size }),
    result,
    error,
  };
  return { handlers, store };

  async function change(
    { actor, projectId, updates }: Speaker,
    message: unknown,
    said: Pick<LiveChange, "fields" | "size"> & { isStale?: boolean },
  ): Promise<null> {
    const { id, elementId } = read(idSchema, message);
    // Asked now too: what waits together is stored with the rights of who said the last of it.
    await projects.authorize(actor, { projectId, permission: "WRITE_ELEMENTS" });
    await updates.take(elementId, { messageId: id, actor, isStale: false, ...said });
    return null;
  }

  async function store(
    { projectId, isRecorded }: { projectId: string; isRecorded: boolean },
    elementId: string,
    { actor, fields, isStale }: LiveChange,
  ): Promise<void> {
    const facts = { projectId, isRecorded };
    const hasFields = Object.keys(fields).length > 0;
    if (hasFields || !isStale) await elements.see(actor, elementId, { ...facts, fields, screenshot: null });
    if (isStale) await elements.markStale(actor, elementId, { projectId, isRecorded: isRecorded && !hasFields });
  }

  async function result(speaker: Speaker, message: unknown): Promise<null> {
    const { id, elementId } = read(idSchema, message);
    const asked = speaker.commands.take(id);
    if (asked === null) throw new AppError("INVALID_INPUT", "Cannot take a result: no command waits for it");
    try {
      if (elementId !== asked.elementId) {
        throw new AppError("INVALID_INPUT", "Cannot take a result for another element");
      }
      await storeResult(speaker, asked, message);
      asked.settle(null);
    } catch (error) {
      // What is wrong with it is the page's to know, and not the fault of who asked.
      asked.settle(unavailable("its answer could not be taken"));
      throw error;
    }
    return null;
  }

  async function storeResult(
    { actor, projectId, updates, holds }: Speaker,
    { elementId, command }: AskedCommand,
    message: unknown,
  ): Promise<void> {
    if (command === "HIGHLIGHT") return;
    const fields = command === "INSPECT" ? read(liveFieldsSchema, message) : {};
    const { screenshot } = command === "SCREENSHOT" ? read(imageSchema, message) : { screenshot: null };
    if (screenshot === null && Object.keys(fields).length === 0) {
      throw new AppError("INVALID_INPUT", `Cannot take a result of ${command} without anything in it`);
    }
    // What the page said before is older.
    await updates.flush(elementId);
    await elements.see(actor, elementId, { projectId, fields, screenshot, isRecorded: true });
    holds(elementId, null);
  }

  // Never answered with an error: two sides that do would not end.
  function error({ commands }: Speaker, message: unknown): Promise<null> {
    const said = errorSchema.safeParse(message);
    const { data: envelope } = z.object({ id: z.string() }).safeParse(message);
    const asked = envelope === undefined ? null : commands.take(envelope.id);
    asked?.settle(said.success ? toRefusal(said.data) : unavailable("its answer could not be taken"));
    return Promise.resolve(null);
  }
}
