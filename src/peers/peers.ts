import type { Actor } from "../base/actor.ts";
import type { Clock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import { roomLog } from "../base/log.ts";
import type { Element, Elements } from "../elements/elements.ts";
import type { Projects } from "../projects/projects.ts";
import type { Sessions } from "../sessions/sessions.ts";
import type { ServedSignal, Signalling } from "../signalling/signalling.ts";
import type { CommandRequest } from "./_commands.ts";
import { type Connection, createConnection } from "./_connection.ts";
import type { Conversation } from "./_conversation.ts";
import { createConversations } from "./_conversations.ts";
import { createGraphqlChannel, type GraphqlChannel, toMessageText } from "./_graphql_channel.ts";
import type { HeldElement } from "./_holders.ts";
import { createLivePages } from "./_live_pages.ts";
import { type Answer, createMessages, type MessagesDependencies } from "./_messages.ts";
import { createMemoryBudget } from "./_memory_budget.ts";
import type { RtcSettings } from "./_werift.ts";
import type { ConnectionReport, Connections } from "./connections.ts";

const log = roomLog("peers");

/** A connected page: one tab of one browser. */
export interface LivePage {
  /** As the page names itself. */
  id: string;
  projectId: string;
  peerId: string;
  userId: string;
  url: string;
  title: string;
  /** Milliseconds since the Unix epoch. */
  connectedAt: number;
}

/** What to ask of the page that holds an element. */
export type ElementCommand = Pick<CommandRequest, "elementId" | "command">;

/** What to ask of a page; what is null may be any. */
export interface PageCommand extends Pick<CommandRequest, "command"> {
  elementId: string | null;
  pageId: string | null;
  projectId: string | null;
}

/** A message of a page over GraphQL. */
export interface ChannelMessage {
  /** The page's own peer. */
  from: string;
  /** As it would go over a data channel. */
  message: unknown;
}

/**
 * The server as a WebRTC peer: in each room it answers offers and listens to what pages say on their data channel, or over
 * GraphQL where UDP is blocked. A channel lasts at most as long as its peer stays in the room.
 */
export interface Peers extends AsyncDisposable {
  /** The connected pages of a project, or of all (null) whose elements the actor may read, oldest first. Throws `UNAUTHENTICATED`, `NOT_FOUND`, `FORBIDDEN`. */
  livePages(actor: Actor, projectId: string | null): Promise<LivePage[]>;
  /** Whether a connected page holds the element, which the caller was already shown. */
  isLive(element: HeldElement): Promise<boolean>;
  /**
   * Asks the page that holds the element, stores what it answers, and returns the element. Throws `UNAUTHENTICATED`, `FORBIDDEN`,
   * `NOT_FOUND`, `PEER_UNAVAILABLE`, the codes of the page's refusal (`NOT_FOUND`, `TOO_LARGE`, `UNAVAILABLE`), and the signal's reason.
   */
  command(actor: Actor, command: ElementCommand, signal: AbortSignal): Promise<Element>;
  /**
   * The same for what was captured last and is still held, where no element is named: on a page, or on any page of a project, or of all
   * whose pages the actor may ask. Throws also `INVALID_INPUT` where element, page and project do not belong together.
   */
  commandPage(actor: Actor, command: PageCommand, signal: AbortSignal): Promise<Element>;
  /** What was captured last of live pages that the caller was shown, where they still hold it. */
  pointedElements(pages: readonly LivePage[]): Promise<(Element | null)[]>;
  /**
   * Opens the one channel over GraphQL between the actor's own peer and the server, until its reader returns or `signal` ends: what
   * the server says, `opened` first. Another one ends it. Throws `UNAUTHENTICATED`, `FORBIDDEN`, `NOT_FOUND`, `CONFLICT` where there are enough.
   */
  openMessages(actor: Actor, from: string, signal: AbortSignal): Promise<AsyncIterableIterator<Answer, undefined>>;
  /**
   * Says something on that channel; settles when its turn came. Throws `UNAUTHENTICATED`, `FORBIDDEN`, `NOT_FOUND`, `INVALID_INPUT`,
   * `TOO_LARGE`, `UNAVAILABLE`, and `PEER_UNAVAILABLE` where no channel is open.
   */
  sendMessage(actor: Actor, message: ChannelMessage): Promise<void>;
}

/** What the peers room is built on. */
export interface PeersDependencies {
  signalling: Signalling;
  elements: Elements;
  projects: Projects;
  sessions: Pick<Sessions, "follow">;
  /** Where records of its connections are kept. */
  connections: Pick<Connections, "report">;
  noteRefusal: MessagesDependencies["noteRefusal"];
  clock: Clock;
  /** Where its connections are. */
  rtc: RtcSettings;
}

/** Builds the peers room and has the server take part in every room; disposing it closes all connections. */
export function createPeers(
  { signalling, elements, projects, sessions, connections: records, noteRefusal, clock, rtc }: PeersDependencies,
): Peers {
  const messages = createMessages({ elements, projects, noteRefusal });
  const conversations = createConversations({ clock, messages });
  const { all, open } = conversations;
  const memory = createMemoryBudget();
  const connections = new Map<string, Conversation<Connection>>();
  /** By their peers' ids. */
  const spoken = new Map<string, Conversation<GraphqlChannel>>();
  signalling.serve({ label: "Fingerpost", receive, peerLeft });
  const disposal = { [Symbol.asyncDispose]: () => conversations[Symbol.asyncDispose]() };
  const pages = createLivePages({ elements, projects }, conversations);
  return { ...pages, openMessages, sendMessage, ...disposal };

  function receive(signal: ServedSignal): void {
    const channel = connections.get(keyOf(signal))?.channel;
    const { kind, payload } = signal;
    // A second offer restarts ICE. RFC 8839 §4.4.1.1.1
    if (kind === "OFFER") void answerOffer(signal, channel ?? connect(signal));
    else if (kind === "CANDIDATE") channel?.addCandidates(payload ?? "");
    else if (kind === "BYE") void channel?.close();
  }

  async function answerOffer(signal: ServedSignal, channel: Connection | null): Promise<void> {
    if (channel === null) return signal.reply("BYE", null);
    try {
      const answer = await channel.answer(signal.payload ?? "");
      if (answer !== null) signal.reply("ANSWER", answer);
    } catch (error) {
      log.debug("Cannot answer an offer: {error}", { error });
      await channel.close();
    }
  }

  /** A new connection, or null where there are enough. */
  function connect(signal: ServedSignal): Connection | null {
    const { projectId, from, actor } = signal;
    const key = keyOf(signal);
    const changed = (report: ConnectionReport) =>
      records.report({ peerId: from.id, negotiationId: signal.negotiationId }, report);
    const conversation = open(connections, key, {
      projectId,
      peerId: from.id,
      actor,
      openChannel: (events) => createConnection({ clock, rtc, memory }, { ...events, changed }),
      onClosed: () => {
        following[Symbol.dispose]();
        signal.reply("BYE", null);
      },
    });
    if (conversation === null) return null;
    const { channel } = conversation;
    const following = sessions.follow(actor, () => void channel.close());
    return channel;
  }

  async function openMessages(actor: Actor, from: string, signal: AbortSignal): Promise<GraphqlChannel["messages"]> {
    const own = await signalling.ownPeer(actor, from);
    // The client may have gone meanwhile: nobody would ever close the channel.
    signal.throwIfAborted();
    // Without a pause before the next one is open: of two that open at once, one would be left over, and never end.
    void spoken.get(from)?.channel.close();
    const conversation = open(spoken, from, {
      projectId: own.projectId,
      peerId: from,
      actor: own.actor,
      openChannel: ({ closed }) => createGraphqlChannel(clock, { closed, signal }),
      onClosed: () => {},
    });
    if (conversation !== null) return conversation.channel.messages;
    throw new AppError("CONFLICT", "Cannot open a channel: there are as many connections as there may be");
  }

  async function sendMessage(actor: Actor, { from, message }: ChannelMessage): Promise<void> {
    const own = await signalling.ownPeer(actor, from);
    const conversation = spoken.get(from);
    if (conversation === undefined) {
      throw new AppError("PEER_UNAVAILABLE", "Cannot take a message: subscribe to channelMessages first");
    }
    conversation.channel.hear();
    const text = toMessageText(message);
    // As over a data channel: what waits for its turn has its place in the memory that all share.
    if (!memory.take(text.length)) {
      throw new AppError("UNAVAILABLE", "Cannot take more before earlier messages are answered");
    }
    await conversation.take(text, own.actor).finally(() => memory.give(text.length));
  }

  function peerLeft(peerId: string): void {
    for (const conversation of all()) if (conversation.peerId === peerId) void conversation.channel.close();
  }
}

function keyOf({ from, negotiationId }: ServedSignal): string {
  return `${from.id}\0${negotiationId}`;
}
