import type { SignedInActor } from "../base/actor.ts";
import type { Clock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import { type Commands, createCommands } from "./_commands.ts";
import { createLiveUpdates, type LiveChange } from "./_live_updates.ts";
import { type Answer, errorMessage, type Messages, type PageFacts } from "./_messages.ts";
import { createTurns } from "./_turns.ts";
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
  /** Who opened the channel. */
  actor: SignedInActor;
  channel: Channel;
  /** Questions to the page. */
  commands: Pick<Commands, "ask">;
  /** Takes a message after those before it; settles when its turn comes. Throws `UNAVAILABLE` where too many wait, `PEER_UNAVAILABLE` once closed. */
  take(text: string, actor: SignedInActor): Promise<void>;
  /** Whether something was heard of the page lately. */
  isHeard(): boolean;
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
  messages: Messages;
  /** The page has shown that it holds an element, as the page that it named, if it named one. */
  onHeld(elementId: string, pageId: string | null): void;
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
/** With more elements than this, the audit log is told of one again. */
const MAX_RECORDED = 10_000;

/** Opens a conversation; messages are answered one after the other, but that captures overlap. */
export function openConversation<Channel extends MessageChannel>(
  { projectId, peerId, actor, openChannel, clock, messages, onHeld, onClosed }: ConversationDependencies<Channel>,
): Conversation<Channel> {
  const { userId } = actor;
  const waiting: Waiting[] = [];
  const turns = createTurns();
  let waitingCharacters = 0;
  let isAnswering = false;
  let isClosed = false;
  let page: LivePage | null = null;
  /** Elements of whose live updates the audit log has been told. */
  const recorded = new Set<string>();
  const channel = openChannel({ message, malformed, closed });
  const commands = createCommands((command) => channel.send(command));
  const updates = createLiveUpdates({ store, failed: (change, error) => channel.send(messages.refuse(change, error)) });
  return { peerId, actor, channel, commands, take, isHeard, livePage };

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
      const { actor, text } = next;
      await turns.take(async (turn) => {
        const speaker = { actor, projectId, turn, updates, commands, isPage, holds: onHeld };
        const answered = await messages.answer(speaker, text);
        if (answered !== null) await channel.send(answered);
      });
    }
    isAnswering = false;
  }

  async function store(elementId: string, change: LiveChange): Promise<void> {
    await messages.store({ projectId, isRecorded: !recorded.has(elementId) }, elementId, change);
    if (recorded.size >= MAX_RECORDED) recorded.clear();
    recorded.add(elementId);
    onHeld(elementId, null);
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
    commands.close();
    // What the page said last is stored, whether or not it is still there.
    onClosed(Promise.all([freed, updates.close()]).then(() => {}));
  }

  function isHeard(): boolean {
    const heardAt = channel.heardAt();
    return !isClosed && heardAt !== null && clock.now() - heardAt < SILENCE_MS;
  }

  function livePage(): LivePage | null {
    return isHeard() ? page : null;
  }
}

function closedError(): AppError {
  return new AppError("PEER_UNAVAILABLE", "Cannot take the message: its channel was closed");
}
