import type { Actor } from "../base/actor.ts";
import type { Clock } from "../base/clock.ts";
import { roomLog } from "../base/log.ts";
import { requirePermission } from "../base/permissions.ts";
import type { Element, Elements } from "../elements/elements.ts";
import type { Projects } from "../projects/projects.ts";
import type { Sessions } from "../sessions/sessions.ts";
import type { ServedSignal, Signalling } from "../signalling/signalling.ts";
import { type Conversation, openConversation } from "./_conversation.ts";
import { createMessages, type MessagesDependencies } from "./_messages.ts";

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

/** What decides whether a page holds an element. */
export type HeldElement = Pick<Element, "projectId" | "pageId" | "staleSince">;

/**
 * The server as a WebRTC peer: in each room it answers offers and listens to what pages say on their data channel. A
 * connection lasts at most as long as its peer stays in the room.
 */
export interface Peers extends AsyncDisposable {
  /** The connected pages of a project, or of all (null) whose elements the actor may read, oldest first. Throws `UNAUTHENTICATED`, `NOT_FOUND`, `FORBIDDEN`. */
  livePages(actor: Actor, projectId: string | null): Promise<LivePage[]>;
  /** Whether a connected page holds the element, which the caller was already shown. */
  isLive(element: HeldElement): Promise<boolean>;
}

/** What the peers room is built on. */
export interface PeersDependencies {
  signalling: Signalling;
  elements: Elements;
  projects: Projects;
  sessions: Pick<Sessions, "follow">;
  noteRefusal: MessagesDependencies["noteRefusal"];
  clock: Clock;
}

/** Each costs two sockets' worth of memory and timers. */
const MAX_CONNECTIONS = 200;
/** So that one person's tabs leave room for others. */
const MAX_CONNECTIONS_PER_USER = 8;
/** How late a timeout may be noticed. */
const SWEEP_INTERVAL_MS = 5_000;

/** Builds the peers room and has the server take part in every room; disposing it closes all connections. */
export function createPeers(
  { signalling, elements, projects, sessions, noteRefusal, clock }: PeersDependencies,
): Peers {
  const answerMessage = createMessages({ elements, projects, noteRefusal });
  const conversations = new Map<string, Conversation>();
  const closing = new Set<Promise<void>>();
  let sweeper: ReturnType<typeof setInterval> | undefined;
  let disposed = false;
  signalling.serve({ label: "Fingerpost", receive, peerLeft });
  return { livePages, isLive, [Symbol.asyncDispose]: closeAll };

  function receive(signal: ServedSignal): void {
    const conversation = conversations.get(keyOf(signal));
    const { kind, payload } = signal;
    if (kind === "OFFER" && conversation === undefined) void answerOffer(signal, payload ?? "");
    else if (kind === "CANDIDATE") conversation?.addCandidates(payload ?? "");
    // A second offer restarts ICE, which werift does not survive: with BYE the page knows to start anew.
    else if (kind === "OFFER" || kind === "BYE") void conversation?.close();
  }

  async function answerOffer(signal: ServedSignal, offer: string): Promise<void> {
    const conversation = open(signal);
    if (conversation === null) return signal.reply("BYE", null);
    try {
      const answer = await conversation.answer(offer);
      if (answer !== null) signal.reply("ANSWER", answer);
    } catch (error) {
      log.debug("Cannot answer an offer: {error}", { error });
      await conversation.close();
    }
  }

  /** A new conversation, or null where there are enough. */
  function open(signal: ServedSignal): Conversation | null {
    const { userId } = signal.actor;
    const own = [...conversations.values()].filter((conversation) => conversation.userId === userId).length;
    if (disposed || conversations.size >= MAX_CONNECTIONS || own >= MAX_CONNECTIONS_PER_USER) return null;
    const key = keyOf(signal);
    const following = sessions.follow(signal.actor, () => void conversation.close());
    const onClosed = (freed: Promise<void>) => {
      following[Symbol.dispose]();
      signal.reply("BYE", null);
      forget(key, freed);
    };
    const conversation = openConversation({ signal, clock, answerMessage, onClosed });
    conversations.set(key, conversation);
    sweeper ??= setInterval(sweep, SWEEP_INTERVAL_MS);
    return conversation;
  }

  function sweep(): void {
    for (const conversation of conversations.values()) conversation.sweep();
  }

  function forget(key: string, freed: Promise<void>): void {
    conversations.delete(key);
    const settled = freed.catch((error: unknown) => log.warn("Cannot close a connection cleanly: {error}", { error }));
    closing.add(settled);
    void settled.then(() => closing.delete(settled));
    if (conversations.size > 0) return;
    clearInterval(sweeper);
    sweeper = undefined;
  }

  function peerLeft(peerId: string): void {
    for (const conversation of conversations.values()) if (conversation.peerId === peerId) void conversation.close();
  }

  async function livePages(actor: Actor, projectId: string | null): Promise<LivePage[]> {
    requirePermission(actor, "READ_ELEMENTS");
    const authorize = (id: string) => projects.authorize(actor, { projectId: id, permission: "READ_ELEMENTS" });
    if (projectId !== null) await authorize(projectId);
    const pages = [...conversations.values()].flatMap((conversation) => conversation.livePage() ?? [])
      .sort((one, other) => one.connectedAt - other.connectedAt);
    if (projectId !== null) return pages.filter((page) => page.projectId === projectId);
    const projectIds = [...new Set(pages.map((page) => page.projectId))];
    const readable = await Promise.allSettled(projectIds.map(authorize));
    return pages.filter((page) => readable[projectIds.indexOf(page.projectId)]?.status === "fulfilled");
  }

  function isLive({ projectId, pageId, staleSince }: HeldElement): Promise<boolean> {
    const isHeld = pageId !== null && staleSince === null && [...conversations.values()].some((conversation) => {
      const page = conversation.livePage();
      return page?.id === pageId && page.projectId === projectId;
    });
    return Promise.resolve(isHeld);
  }

  async function closeAll(): Promise<void> {
    disposed = true;
    for (const conversation of conversations.values()) void conversation.close();
    await Promise.all(closing);
  }
}

function keyOf({ from, negotiationId }: ServedSignal): string {
  return `${from.id}\0${negotiationId}`;
}
