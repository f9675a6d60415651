import type { SignedInActor } from "../base/actor.ts";
import type { Clock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import { type Answer, type AnswerMessage, errorMessage, type PageFacts } from "./_messages.ts";
import type { LivePage } from "./peers.ts";

/** What carries messages between a page and the server, whichever way they go. */
export interface MessageChannel {
  /** Sends a message; closes the channel instead if the other side does not read. */
  send(message: Answer): void | Promise<void>;
  /** Closes it if nothing was heard for too long. */
  sweep(): void;
  /** When something came last; the opening counts. null until the channel is open. */
  heardAt(): number | null;
  /** Closes it, once, and frees what it holds. */
  close(): Promise<void>;
}

/** What a channel tells the conversation on it. */
export interface ChannelEvents {
  /** A whole message came from who opened the channel. */
  message(text: string): void | Promise<void>;
  /** Something came that is no message. */
  malformed(error: AppError): void;
  /** It is closed, by either side; what it held is free when `freed` settles. */
  closed(freed: Promise<void>): void;
}

/** What is said on one channel of a page. */
export interface Conversation<Channel extends MessageChannel = MessageChannel> {
  peerId: string;
  userId: string;
  channel: Channel;
  /** Takes a message after those before it; settles when its turn comes. Throws `UNAVAILABLE` where too many wait, `PEER_UNAVAILABLE` once closed. */
  take(text: string, actor: SignedInActor): Promise<void>;
  /** The page at the other end, if it said which it is and was heard of lately. */
  livePage(): LivePage | null;
}

/** What a conversation is built on. */
export interface ConversationDependencies<Channel extends MessageChannel> {
  projectId: string;
  peerId: string;
  /** Who opened the channel. */
  actor: SignedInActor;
  openChannel: (events: ChannelEvents) => Channel;
  clock: Clock;
  answerMessage: AnswerMessage;
  /** Told once, with what settles when the channel is freed. */
  onClosed(freed: Promise<void>): void;
}

interface Waiting {
  text: string;
  actor: SignedInActor;
  turn: PromiseWithResolvers<void>;
}

/** A page says `ping` every 3 s: after three that did not come it is gone. */
const SILENCE_MS = 10_000;
/** Messages that wait for those before them: above, or with more text than this, the page is not waited for. What was under way when it was told to wait fits. */
const MAX_WAITING = 4_096;
const MAX_WAITING_CHARACTERS = 32 * 1_048_576;

/** Opens a conversation; each message is answered before the next is looked at. */
export function openConversation<Channel extends MessageChannel>(
  { projectId, peerId, actor, openChannel, clock, answerMessage, onClosed }: ConversationDependencies<Channel>,
): Conversation<Channel> {
  const { userId } = actor;
  const waiting: Waiting[] = [];
  let waitingCharacters = 0;
  let isAnswering = false;
  let isClosed = false;
  let page: LivePage | null = null;
  const channel = openChannel({ message, malformed, closed });
  return { peerId, userId, channel, take, livePage };

  function message(text: string): Promise<void> {
    // Too many wait: who does not wait for answers is not waited for.
    return take(text, actor).catch(() => channel.close());
  }

  async function take(text: string, speaker: SignedInActor): Promise<void> {
    if (isClosed) throw closedError();
    if (waiting.length >= MAX_WAITING || waitingCharacters + text.length > MAX_WAITING_CHARACTERS) {
      throw new AppError("UNAVAILABLE", "Cannot take another message: too many wait for their turn");
    }
    const turn = Promise.withResolvers<void>();
    waiting.push({ text, actor: speaker, turn });
    waitingCharacters += text.length;
    if (!isAnswering) void answerAll();
    await turn.promise;
  }

  async function answerAll(): Promise<void> {
    isAnswering = true;
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      waitingCharacters -= next.text.length;
      next.turn.resolve();
      const answered = await answerMessage({ actor: next.actor, projectId, isPage }, next.text);
      if (answered !== null) await channel.send(answered);
    }
    isAnswering = false;
  }

  function isPage({ pageId, url, title }: PageFacts): void {
    const connectedAt = page?.id === pageId ? page.connectedAt : clock.now();
    page = { id: pageId, projectId, peerId, userId, url, title, connectedAt };
  }

  function malformed(error: AppError): void {
    channel.send(errorMessage(error, null));
  }

  function closed(freed: Promise<void>): void {
    isClosed = true;
    for (const { turn } of waiting) turn.reject(closedError());
    waiting.length = waitingCharacters = 0;
    onClosed(freed);
  }

  function livePage(): LivePage | null {
    const heardAt = channel.heardAt();
    const isHeard = !isClosed && heardAt !== null && clock.now() - heardAt < SILENCE_MS;
    return isHeard ? page : null;
  }
}

function closedError(): AppError {
  return new AppError("PEER_UNAVAILABLE", "Cannot take the message: its channel was closed");
}
