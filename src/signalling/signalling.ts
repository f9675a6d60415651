import { type Actor, requireSignedIn, type SignedInActor } from "../base/actor.ts";
import type { Clock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import { roomLog } from "../base/log.ts";
import type { MemberChange, Projects } from "../projects/projects.ts";
import type { RateLimits } from "../rate_limits/rate_limits.ts";
import { createRooms, type Member, type Room } from "./_rooms.ts";

/** What a peer is for. */
export type PeerKind = "EXTENSION" | "VIEWER" | "AGENT" | "SERVER";

/** Somebody in a room, for as long as the subscription lasts. */
export interface Peer {
  id: string;
  label: string;
  kind: PeerKind;
  /** null: the server itself. */
  userId: string | null;
  /** Milliseconds since the Unix epoch. */
  joinedAt: number;
}

/** A STUN or TURN server. */
export interface IceServer {
  urls: string[];
  username: string | null;
  credential: string | null;
}

/** What a signal is. OFFER and ANSWER carry SDP, CANDIDATE JSON, the others nothing. */
export type SignalKind = "OFFER" | "ANSWER" | "CANDIDATE" | "END_OF_CANDIDATES" | "RESTART" | "BYE";

/** A signal as its receiver gets it; `sequence` counts the receiver's signals from 1. */
export interface Signal {
  type: "Signal";
  sequence: number;
  from: string;
  negotiationId: string;
  kind: SignalKind;
  payload: string | null;
}

/** What a peer is told: RoomJoined first. */
export type SignalEvent =
  | {
    type: "RoomJoined";
    self: Peer;
    peers: Peer[];
    iceServers: IceServer[];
    resumeToken: string;
    lastSequence: number;
    resumed: boolean;
  }
  | { type: "PeerJoined"; peer: Peer }
  | { type: "PeerLeft"; peerId: string }
  | Signal
  | { type: "SignalExpired"; to: string; negotiationId: string; kind: SignalKind };

/** How somebody enters a room. */
export interface JoinRequest {
  projectId: string;
  room: string;
  label: string;
  kind: Exclude<PeerKind, "SERVER">;
  /** Of the peer that comes back. */
  resumeToken: string | null;
}

/** What a peer sends to another of its room. */
export interface SendRequest {
  from: string;
  to: string;
  negotiationId: string;
  kind: SignalKind;
  payload: string | null;
}

/** What became of a signal; the receiver's sequence. */
export interface SentSignal {
  sequence: number;
  delivered: boolean;
  expiresAt: number | null;
}

/** A signal to the server's own peer, sent with rights that were just checked. */
export interface ServedSignal {
  projectId: string;
  from: Peer;
  /** Who sent it. */
  actor: SignedInActor;
  negotiationId: string;
  kind: SignalKind;
  payload: string | null;
  /** Sends a signal of the same negotiation back; does nothing if the peer left meanwhile. */
  reply(kind: SignalKind, payload: string | null): void;
}

/** The server's own peer, which is in each room that has members. Neither method may throw. */
export interface ServerPeer {
  label: string;
  receive(signal: ServedSignal): void;
  /** A peer of any room left it. */
  peerLeft(peerId: string): void;
}

/** A signal that was accepted, to a client or the server's own peer, or from it. */
export interface RelayedSignal {
  projectId: string;
  from: Peer;
  to: Peer;
  negotiationId: string;
  kind: SignalKind;
}

/** A peer that is gone for good, after its grace. */
export interface LeftPeer {
  projectId: string;
  peerId: string;
}

/** A peer of the one who asks, with rights that were just checked. */
export interface OwnPeer {
  peer: Peer;
  projectId: string;
  actor: SignedInActor;
}

/** Rooms in which peers find each other and pass on what WebRTC needs to connect; in memory. */
export interface Signalling extends Disposable {
  /**
   * Enters a room until the reader returns or `signal` ends; a reader that is too slow or loses its right is dropped with
   * an error. Throws `UNAUTHENTICATED`, `NOT_FOUND`, `FORBIDDEN`, `CONFLICT`.
   */
  join(actor: Actor, request: JoinRequest, signal: AbortSignal): Promise<AsyncIterableIterator<SignalEvent, undefined>>;
  /** Passes a signal on. Throws `UNAUTHENTICATED`, `NOT_FOUND`, `FORBIDDEN`, `TOO_LARGE`, `RATE_LIMITED`, `PEER_UNAVAILABLE`. */
  send(actor: Actor, request: SendRequest): Promise<SentSignal>;
  /** Has the server take part in each room that opens from now on. */
  serve(server: ServerPeer): void;
  /** Has `listener` told of each signal once it was accepted, the server's own replies too. It may not throw. */
  onRelayed(listener: (fact: RelayedSignal) => void): void;
  /** Has `listener` told of each peer that is gone for good. It may not throw. */
  onPeerLeft(listener: (fact: LeftPeer) => void): void;
  /** The caller's own peer in a room. Throws `UNAUTHENTICATED`, `FORBIDDEN`, and `NOT_FOUND` for any other. */
  ownPeer(actor: Actor, peerId: string): Promise<OwnPeer>;
}

/** What the signalling room is built on. */
export interface SignallingDependencies {
  projects: Projects;
  rateLimits: RateLimits;
  clock: Clock;
}

const failed = (error: unknown) => roomLog("signalling").error("Cannot ask for rights again: {error}", { error });

/** An SDP with hundreds of candidates has 30 kB. */
const MAX_PAYLOAD_BYTES = 65_536;

/** Builds the signalling room; disposing it ends every subscription. */
export function createSignalling({ projects, rateLimits, clock }: SignallingDependencies): Signalling {
  let server: ServerPeer | null = null;
  const relayedListeners: ((fact: RelayedSignal) => void)[] = [];
  const leftListeners: ((fact: LeftPeer) => void)[] = [];
  const rooms = createRooms(clock, { serverPeer: () => server, onLeft });
  projects.onMemberChanged((change) => void dropUnwelcome(change).catch(failed));
  return {
    join,
    send,
    ownPeer,
    serve: (peer) => server = peer,
    onRelayed: (listener) => void relayedListeners.push(listener),
    onPeerLeft: (listener) => void leftListeners.push(listener),
    [Symbol.dispose]: endAll,
  };

  function onLeft(fact: LeftPeer): void {
    server?.peerLeft(fact.peerId);
    for (const listener of leftListeners) listener(fact);
  }

  async function join(actor: Actor, request: JoinRequest, signal: AbortSignal) {
    const authorize = () => projects.authorize(actor, { projectId: request.projectId, permission: "JOIN_ROOMS" });
    const signedIn = await authorize();
    // The client may have gone meanwhile: nobody would ever take the peer out again.
    signal.throwIfAborted();
    return readInbox(rooms.enter(signedIn, request), authorize, signal);
  }

  function readInbox(
    member: Member,
    authorize: () => Promise<unknown>,
    signal: AbortSignal,
  ): AsyncIterableIterator<SignalEvent, undefined> {
    const leave = () => {
      signal.removeEventListener("abort", leave);
      rooms.leave(member, null);
    };
    signal.addEventListener("abort", leave);
    return {
      async next() {
        try {
          const result = await member.inbox.next();
          // Asked again for each event: the right may have gone since.
          if (result.done !== true) await authorize();
          else leave();
          return result;
        } catch (error) {
          leave();
          throw error;
        }
      },
      return() {
        leave();
        return Promise.resolve({ done: true, value: undefined });
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  async function ownPeer(actor: Actor, peerId: string): Promise<OwnPeer> {
    const { userId } = requireSignedIn(actor);
    const hiddenAs = () => new AppError("NOT_FOUND", `Cannot find peer "${peerId}" of your own`);
    const member = rooms.find(peerId);
    if (member?.actor.userId !== userId) throw hiddenAs();
    const { projectId } = member.room;
    const signedIn = await projects.authorize(actor, { projectId, permission: "JOIN_ROOMS", hiddenAs });
    if (rooms.find(peerId) !== member) throw hiddenAs();
    return { peer: member.peer, projectId, actor: signedIn };
  }

  async function send(actor: Actor, request: SendRequest): Promise<SentSignal> {
    const { userId } = requireSignedIn(actor);
    const hiddenAs = () => new AppError("NOT_FOUND", `Cannot find peer "${request.from}" of your own`);
    const sender = rooms.find(request.from);
    if (sender?.actor.userId !== userId) throw hiddenAs();
    // One after the other: while one waits for its checks, the next must not overtake it.
    const sent = sender.sent.then(async () => {
      await rateLimits.take("send_signal", userId);
      const { projectId } = sender.room;
      const signedIn = await projects.authorize(actor, { projectId, permission: "JOIN_ROOMS", hiddenAs });
      if (rooms.find(request.from) !== sender) throw hiddenAs();
      return { sequence: deliver({ ...sender, actor: signedIn }, request), delivered: true, expiresAt: null };
    });
    sender.sent = sent.catch(() => {});
    return await sent;
  }

  function deliver({ peer, actor, room }: Member, { to, negotiationId, kind, payload }: SendRequest): number {
    if (new TextEncoder().encode(payload ?? "").length > MAX_PAYLOAD_BYTES) {
      throw new AppError("TOO_LARGE", `Cannot send a signal with more than ${MAX_PAYLOAD_BYTES} bytes`);
    }
    const { projectId, serverPeer } = room;
    if (server !== null && to === serverPeer?.id) {
      relayed({ projectId, from: peer, to: serverPeer, negotiationId, kind });
      const signal = { projectId, from: peer, actor, negotiationId, kind, payload };
      server.receive({ ...signal, reply: replyTo(room, peer.id, negotiationId) });
      return ++room.serverSequence;
    }
    const receiver = room.members.get(to);
    const sequence = receiver && rooms.deliver(receiver, { from: peer.id, negotiationId, kind, payload });
    if (receiver === undefined || sequence === undefined || sequence === null) {
      throw new AppError("PEER_UNAVAILABLE", `Cannot reach peer "${to}": it is not in the room`);
    }
    relayed({ projectId, from: peer, to: receiver.peer, negotiationId, kind });
    return sequence;
  }

  function replyTo(room: Room, peerId: string, negotiationId: string): ServedSignal["reply"] {
    const member = room.members.get(peerId);
    return (kind, payload) => {
      const from = room.serverPeer;
      if (member === undefined || from === null || rooms.find(peerId) !== member) return;
      if (rooms.deliver(member, { from: from.id, negotiationId, kind, payload }) === null) return;
      relayed({ projectId: room.projectId, from, to: member.peer, negotiationId, kind });
    };
  }

  function relayed(fact: RelayedSignal): void {
    for (const listener of relayedListeners) listener(fact);
  }

  async function dropUnwelcome({ projectId, userId }: MemberChange): Promise<void> {
    for (const member of rooms.all()) {
      if (member.room.projectId !== projectId || member.actor.userId !== userId) continue;
      try {
        await projects.authorize(member.actor, { projectId, permission: "JOIN_ROOMS" });
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        rooms.leave(member, error);
      }
    }
  }

  function endAll(): void {
    for (const member of rooms.all()) rooms.leave(member, null);
  }
}
