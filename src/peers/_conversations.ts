import type { Clock } from "../base/clock.ts";
import { roomLog } from "../base/log.ts";
import {
  type Conversation,
  type ConversationDependencies,
  type MessageChannel,
  openConversation,
} from "./_conversation.ts";
import { createHolders, type Holders } from "./_holders.ts";
import type { Messages } from "./_messages.ts";

const log = roomLog("peers");

/** All conversations with pages, whatever carries them; disposing it closes them and lets no new one begin. */
export interface Conversations extends AsyncDisposable, Pick<Holders, "holdersOf" | "heldBy"> {
  /** Oldest first. */
  all(): Conversation[];
  /** A new conversation, which is in `own` under its key until it is closed; null where there are enough. */
  open<Channel extends MessageChannel>(
    own: Map<string, Conversation<Channel>>,
    key: string,
    channel: NewConversation<Channel>,
  ): Conversation<Channel> | null;
}

/** What a conversation needs of who opens it. */
export type NewConversation<Channel extends MessageChannel> = Omit<
  ConversationDependencies<Channel>,
  "clock" | "messages" | "onHeld"
>;

/** Each costs two sockets' worth of memory and timers. */
const MAX_CONNECTIONS = 200;
/** So that one person's tabs leave room for others. */
const MAX_CONNECTIONS_PER_USER = 8;
/** How late a timeout may be noticed. */
const SWEEP_INTERVAL_MS = 5_000;

/** Builds the conversations. */
export function createConversations({ clock, messages }: { clock: Clock; messages: Messages }): Conversations {
  const conversations = new Set<Conversation>();
  const closing = new Set<Promise<void>>();
  const { hold, release, ...holders } = createHolders(all);
  let sweeper: ReturnType<typeof setInterval> | undefined;
  let disposed = false;
  return { all, open, ...holders, [Symbol.asyncDispose]: closeAll };

  function all(): Conversation[] {
    return [...conversations];
  }

  function open<Channel extends MessageChannel>(
    own: Map<string, Conversation<Channel>>,
    key: string,
    { onClosed, ...channel }: NewConversation<Channel>,
  ): Conversation<Channel> | null {
    const { userId } = channel.actor;
    const ofUser = all().filter(({ actor }) => actor.userId === userId).length;
    if (disposed || conversations.size >= MAX_CONNECTIONS || ofUser >= MAX_CONNECTIONS_PER_USER) return null;
    const conversation = openConversation({
      ...channel,
      clock,
      messages,
      onHeld: (elementId, pageId) => hold(elementId, conversation, pageId),
      onClosed: (freed) => {
        own.delete(key);
        onClosed(freed);
        forget(conversation, freed);
      },
    });
    own.set(key, conversation);
    conversations.add(conversation);
    sweeper ??= setInterval(sweep, SWEEP_INTERVAL_MS);
    return conversation;
  }

  function sweep(): void {
    for (const { channel } of all()) channel.sweep();
  }

  function forget(conversation: Conversation, freed: Promise<void>): void {
    conversations.delete(conversation);
    release(conversation);
    const settled = freed.catch((error: unknown) => log.warn("Cannot close a connection cleanly: {error}", { error }));
    closing.add(settled);
    void settled.then(() => closing.delete(settled));
    if (conversations.size > 0) return;
    clearInterval(sweeper);
    sweeper = undefined;
  }

  async function closeAll(): Promise<void> {
    disposed = true;
    for (const { channel } of all()) void channel.close();
    await Promise.all(closing);
  }
}
