import type { Clock } from "../base/clock.ts";
import type { AppError } from "../base/errors.ts";
import type { ServedSignal } from "../signalling/signalling.ts";
import { createConnection } from "./_connection.ts";
import { type AnswerMessage, errorMessage } from "./_messages.ts";
import type { LivePage } from "./peers.ts";

/** The server's side of one negotiation: a connection, who is at its other end, and what was said on it. */
export interface Conversation {
  peerId: string;
  userId: string;
  /** The answer to an offer; null if it was closed meanwhile. Throws `INVALID_INPUT`. */
  answer(offer: string): Promise<string | null>;
  addCandidates(payload: string): void;
  /** The page at the other end, if it said which it is and was heard of lately. */
  livePage(): LivePage | null;
  /** Closes what nobody uses any more. */
  sweep(): void;
  close(): Promise<void>;
}

/** What a conversation is built on. */
export interface ConversationDependencies {
  /** The offer that began it. */
  signal: ServedSignal;
  clock: Clock;
  answerMessage: AnswerMessage;
  /** Told once, with what settles when its sockets are free. */
  onClosed(freed: Promise<void>): void;
}

/** A page says `ping` every 3 s: after three that did not come it is gone. */
const SILENCE_MS = 10_000;
/** Messages that wait for those before them: above, or with more text than this, the page is not waited for. */
const MAX_WAITING = 256;
const MAX_WAITING_CHARACTERS = 32 * 1_048_576;

/** Opens a conversation with who sent the offer; each message is answered before the next is looked at. */
export function openConversation({ signal, clock, answerMessage, onClosed }: ConversationDependencies): Conversation {
  const { projectId, from, actor } = signal;
  const { userId } = actor;
  const waiting: string[] = [];
  let waitingCharacters = 0;
  let isAnswering = false;
  let isClosed = false;
  let page: LivePage | null = null;
  const connection = createConnection(clock, { message, malformed, closed });
  const { answer, addCandidates, sweep, close } = connection;
  return { peerId: from.id, userId, answer, addCandidates, livePage, sweep, close };

  function message(text: string): void {
    if (waiting.length >= MAX_WAITING || waitingCharacters + text.length > MAX_WAITING_CHARACTERS) return void close();
    waiting.push(text);
    waitingCharacters += text.length;
    if (!isAnswering) void answerAll();
  }

  async function answerAll(): Promise<void> {
    isAnswering = true;
    const speaker = { actor, projectId, isPage };
    for (let text = waiting.shift(); text !== undefined; text = waiting.shift()) {
      waitingCharacters -= text.length;
      const answered = await answerMessage(speaker, text);
      if (answered !== null) connection.send(answered);
    }
    isAnswering = false;
  }

  function isPage({ pageId, url, title }: { pageId: string; url: string; title: string }): void {
    const connectedAt = page?.id === pageId ? page.connectedAt : clock.now();
    page = { id: pageId, projectId, peerId: from.id, userId, url, title, connectedAt };
  }

  function malformed(error: AppError): void {
    connection.send(errorMessage(error, null));
  }

  function closed(freed: Promise<void>): void {
    isClosed = true;
    waiting.length = waitingCharacters = 0;
    onClosed(freed);
  }

  function livePage(): LivePage | null {
    const heardAt = connection.heardAt();
    const isHeard = !isClosed && heardAt !== null && clock.now() - heardAt < SILENCE_MS;
    return isHeard ? page : null;
  }
}
