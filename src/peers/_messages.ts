import { z } from "zod";
import type { Actor, SignedInActor } from "../base/actor.ts";
import { AppError } from "../base/errors.ts";
import { toGlobalId } from "../base/ids.ts";
import { roomLog } from "../base/log.ts";
import { captureSchema, pageIdSchema, pageTitleSchema, pageUrlSchema } from "../elements/capture_input.ts";
import type { Elements } from "../elements/elements.ts";
import { localId } from "../graphql/nodes.ts";
import type { Projects } from "../projects/projects.ts";

const log = roomLog("peers");

/** Which tab a page is, as it says. */
export type PageFacts = z.output<typeof pageSchema>;

/** Who said a message, and what can be done for it. */
export interface Speaker {
  actor: SignedInActor;
  projectId: string;
  /** It says which tab it is. */
  isPage(page: PageFacts): void;
}

/** A message from the server. */
export type Answer = Record<string, unknown>;

/** Answers one message; null where it asks for no answer. Never throws: what fails is answered with `error`. */
export type AnswerMessage = (speaker: Speaker, message: string) => Promise<Answer | null>;

const envelopeSchema = z.object({ type: z.string(), id: z.string().min(1).max(200) });
const pageSchema = z.object({ pageId: pageIdSchema, url: pageUrlSchema, title: pageTitleSchema });

/** What answers to messages are built on. */
export interface MessagesDependencies {
  elements: Elements;
  projects: Projects;
  /** Has the audit log tell that something was refused, where `error` is that. */
  noteRefusal: (actor: Actor, error: unknown, operation: string) => void;
}

/** Builds what answers a page's messages with the rights of who negotiated. */
export function createMessages({ elements, projects, noteRefusal }: MessagesDependencies): AnswerMessage {
  const handlers: Record<string, (speaker: Speaker, message: unknown) => Promise<Answer | null>> = {
    capture,
    page,
    ping: () => Promise.resolve({ type: "pong" }),
  };
  return async function answer(speaker, text) {
    let id: string | null = null;
    try {
      const message = parseJson(text);
      const envelope = read(envelopeSchema, message);
      id = envelope.id;
      const handle = Object.hasOwn(handlers, envelope.type) ? handlers[envelope.type] : undefined;
      if (handle === undefined) throw new AppError("INVALID_INPUT", "Cannot answer a message of this type");
      const answer = await handle(speaker, message).catch((error) => {
        noteRefusal(speaker.actor, error, `channel.${envelope.type}`);
        throw error;
      });
      return answer && { ...answer, id };
    } catch (error) {
      return errorMessage(error, id);
    }
  };

  async function capture({ actor }: Speaker, message: unknown): Promise<Answer> {
    const input = read(captureSchema, message);
    const projectId = input.projectId === null ? null : localId("Project", input.projectId);
    const { id, revision } = await elements.capture(actor, { ...input, projectId });
    return { type: "captured", elementId: toGlobalId("Element", id), revision };
  }

  async function page({ actor, projectId, isPage }: Speaker, message: unknown): Promise<null> {
    const facts = read(pageSchema, message);
    await projects.authorize(actor, { projectId, permission: "JOIN_ROOMS" });
    isPage(facts);
    return null;
  }
}

/** What the other side is told of a failure; `id` is its message's, null where there was none to read. */
export function errorMessage(error: unknown, id: string | null): Answer {
  if (error instanceof AppError) return { type: "error", id, code: error.code, message: error.message };
  log.error("Unexpected error on a data channel: {error}", { error });
  return { type: "error", id, code: "INTERNAL", message: "Unexpected error" };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new AppError("INVALID_INPUT", "Cannot read a message that is not JSON");
  }
}

function read<Schema extends z.ZodType>(schema: Schema, message: unknown): z.output<Schema> {
  const result = schema.safeParse(message);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new AppError("INVALID_INPUT", `Cannot accept the message: ${issue?.path.join(".")} ${issue?.message}`);
}
