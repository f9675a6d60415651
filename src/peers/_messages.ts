import { z } from "zod";
import type { Actor, SignedInActor } from "../base/actor.ts";
import { AppError } from "../base/errors.ts";
import { toGlobalId } from "../base/ids.ts";
import { roomLog } from "../base/log.ts";
import { captureSchema, pageIdSchema, pageTitleSchema, pageUrlSchema } from "../elements/capture_input.ts";
import type { Elements } from "../elements/elements.ts";
import { maskText } from "../../clients/masking/masking.ts";
import { localId } from "../graphql/nodes.ts";
import type { Projects } from "../projects/projects.ts";
import type { Commands } from "./_commands.ts";
import { createLiveMessages } from "./_live_messages.ts";
import type { LiveChange, LiveUpdates } from "./_live_updates.ts";
import type { Turn } from "./_turns.ts";

const log = roomLog("peers");

/** Which tab a page is, as it says. */
export type PageFacts = z.output<typeof pageSchema>;

/** Who said a message, and what can be done for it. */
export interface Speaker {
  actor: SignedInActor;
  projectId: string;
  turn: Turn;
  updates: LiveUpdates;
  commands: Commands;
  /** It says which tab it is. */
  isPage(page: PageFacts): void;
  /** It has shown that it holds an element, as the page that it named, if it named one. */
  holds(elementId: string, pageId: string | null): void;
}

/** A message from the server. */
export type Answer = Record<string, unknown>;

/** Handles the messages of one type, of so many characters; null where there is nothing to answer. */
export type MessageHandler = (speaker: Speaker, message: unknown, size: number) => Promise<Answer | null>;

/** What is done about messages. */
export interface Messages {
  /** Answers one message; null where it asks for no answer. Never throws: what fails is answered with `error`. */
  answer(speaker: Speaker, message: string): Promise<Answer | null>;
  /** Stores what waited of an element. */
  store(where: { projectId: string; isRecorded: boolean }, elementId: string, change: LiveChange): Promise<void>;
  /** What the page is told where that failed. */
  refuse(change: LiveChange, error: unknown): Answer;
}

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
export function createMessages({ elements, projects, noteRefusal }: MessagesDependencies): Messages {
  const live = createLiveMessages({ elements, projects });
  const handlers: Record<string, MessageHandler> = {
    capture,
    page,
    ping: () => Promise.resolve({ type: "pong" }),
    ...live.handlers,
  };
  return { answer, store: live.store, refuse };

  async function answer(speaker: Speaker, text: string): Promise<Answer | null> {
    let id: string | null = null;
    try {
      const message = parseJson(text);
      const envelope = read(envelopeSchema, message);
      id = envelope.id;
      const handle = Object.hasOwn(handlers, envelope.type) ? handlers[envelope.type] : undefined;
      if (handle === undefined) throw new AppError("INVALID_INPUT", "Cannot answer a message of this type");
      if (envelope.type === "capture") speaker.turn.overlap();
      else await speaker.turn.alone();
      const work = async () => await handle(speaker, message, text.length);
      const answer = await work().catch((error: unknown) => {
        noteRefusal(speaker.actor, error, `channel.${envelope.type}`);
        throw error;
      });
      return answer && { ...answer, id };
    } catch (error) {
      return errorMessage(error, id);
    }
  }

  function refuse({ actor, messageId }: LiveChange, error: unknown): Answer {
    noteRefusal(actor, error, "channel.update");
    return errorMessage(error, messageId);
  }

  async function capture(speaker: Speaker, message: unknown): Promise<Answer> {
    const input = read(captureSchema, message);
    const projectId = input.projectId === null ? null : localId("Project", input.projectId);
    const { id, revision, ...stored } = await elements.capture(speaker.actor, { ...input, projectId }, speaker.turn);
    if (stored.projectId === speaker.projectId) speaker.holds(id, input.pageId);
    return { type: "captured", elementId: toGlobalId("Element", id), revision };
  }

  async function page({ actor, projectId, isPage }: Speaker, message: unknown): Promise<null> {
    const facts = read(pageSchema, message);
    await projects.authorize(actor, { projectId, permission: "JOIN_ROOMS" });
    isPage({ ...facts, url: maskText(facts.url), title: facts.title && maskText(facts.title) });
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

/** A message of this shape. Throws `INVALID_INPUT`. */
export function read<Schema extends z.ZodType>(schema: Schema, message: unknown): z.output<Schema> {
  const result = schema.safeParse(message);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new AppError("INVALID_INPUT", `Cannot accept the message: ${issue?.path.join(".")} ${issue?.message}`);
}
