import type { Actor, SignedInActor } from "../base/actor.ts";
import type { Clock } from "../base/clock.ts";
import type { TurnConfig } from "../base/config.ts";
import { AppError } from "../base/errors.ts";
import { roomLog } from "../base/log.ts";
import type { MemberChange, Projects } from "../projects/projects.ts";
import type { RateLimits } from "../rate_limits/rate_limits.ts";
import type { Settings } from "../settings/settings.ts";
import { createIceServers } from "./_ice_servers.ts";
import { createRelay } from "./_relay.ts";
import { createRooms } from "./_rooms.ts";
import { readStay } from "./_stay.ts";

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
  /** Of the last signal that it got; null: it starts anew. */
  afterSequence: number | null;
}

/** What a peer sends to another of its room. */
export interface SendRequest {
  from: string;
  to: string;
  negotiationId: string;
  kind: SignalKind;
  payload: string | null;
  /** A UUID of the client's for this signal: the same again is relayed once, and answered alike. */
  clientId: string | null;
}

/** What became of a signal; the receiver's sequence. */
export interface SentSignal {
  sequence: number;
  /** false: it is queued until `expiresAt`; where that is now, it was refused because enough is queued. */
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
   * Enters a room until the reader returns; where `signal` ends, the peer has 10 s to come back. A reader that is too slow or
   * loses its right is dropped with an error. Throws `UNAUTHENTICATED`, `NOT_FOUND`, `FORBIDDEN`, `CONFLICT`.
   */
  join(actor: Actor, request: JoinRequest, signal: AbortSignal): Promise<AsyncIterableIterator<SignalEvent, undefined>>;
  /**
   * Passes a signal on, each sender's in their order. Throws `UNAUTHENTICATED`, `NOT_FOUND`, `FORBIDDEN`, `INVALID_INPUT`, `TOO_LARGE`,
   * `RATE_LIMITED`, `PEER_UNAVAILABLE`.
   */
  send(actor: Actor, request: SendRequest): Promise<SentSignal>;
  /** ICE servers with credentials made now. Throws `UNAUTHENTICATED`, `NOT_FOUND`, `FORBIDDEN`. */
  iceServers(actor: Actor, projectId: string): Promise<IceServer[]>;
  /** Has the server take part in each room that opens from now on. */
  serve(server: ServerPeer): void;
  /** Has `listener` told of each signal once it was accepted, the server's own replies too. It may not throw. */
  onRelayed(listener: (fact: RelayedSignal) => void): void;
  /** Has `listener` told of each peer that is gone for good. It may not throw. */
  onPeerLeft(listener: (fact: LeftPeer) => void): void;
  /** Whether a client's peer is in a room, or in its grace. */
  isInRoom(peerId: string): boolean;
  /** The caller's own peer in a room. Throws `UNAUTHENTICATED`, `FORBIDDEN`, and `NOT_FOUND` for any other. */
  ownPeer(actor: Actor, peerId: string): Promise<OwnPeer>;
}

/** What the signalling room is built on. */
export interface SignallingDependencies {
  projects: Projects;
  rateLimits: RateLimits;
  settings: Pick<Settings, "get">;
  /** ICE servers where the settings name none. */
  turn: TurnConfig;
  clock: Clock;
}

const failed = (error: unknown) => roomLog("signalling").error("Cannot ask for rights again: {error}", { error });

/** How late the end of a grace, a queue or a wait may be noticed. */
const SWEEP_INTERVAL_MS = 250;

/** Builds the signalling room; disposing it ends every subscription. */
export function createSignalling({ projects, rateLimits, settings, turn, clock }: SignallingDependencies): Signalling {
  let server: ServerPeer | null = null;
  let sweeper: ReturnType<typeof setInterval> | undefined;
  const serverPeer = () => server;
  const relayed: ((fact: RelayedSignal) => void)[] = [];
  const left: ((fact: LeftPeer) => void)[] = [(fact) => server?.peerLeft(fact.peerId)];
  const tellAll = <Fact>(listeners: ((fact: Fact) => void)[]) => (fact: Fact) => {
    for (const listener of listeners) listener(fact);
  };
  const rooms = createRooms(clock, { serverPeer, onLeft: tellAll(left) });
  const relay = createRelay({ rooms, projects, rateLimits, clock, serverPeer, onRelayed: tellAll(relayed) });
  const makeIceServers = createIceServers({ settings, turn, clock });
  const authorize = (actor: Actor, projectId: string) =>
    projects.authorize(actor, { projectId, permission: "JOIN_ROOMS" });
  projects.onMemberChanged((change) => void dropUnwelcome(change).catch(failed));
  return {
    join,
    send: relay.send,
    ownPeer: relay.ownPeer,
    iceServers: async (actor, projectId) => await makeIceServers((await authorize(actor, projectId)).userId),
    isInRoom: (peerId) => rooms.find(peerId) !== undefined,
    serve: (peer) => server = peer,
    onRelayed: (listener) => void relayed.push(listener),
    onPeerLeft: (listener) => void left.push(listener),
    [Symbol.dispose]: endAll,
  };

  async function join(actor: Actor, request: JoinRequest, signal: AbortSignal) {
    const { userId } = await authorize(actor, request.projectId);
    const iceServers = await makeIceServers(userId);
    // Asked again, as for each event: it may have gone meanwhile.
    const signedIn = await authorize(actor, request.projectId);
    // The client may have gone meanwhile: nobody would ever take the peer out again.
    signal.throwIfAborted();
    const stay = rooms.enter(signedIn, { request, iceServers });
    sweeper ??= setInterval(sweep, SWEEP_INTERVAL_MS);
    return readStay(stay, { rooms, signal, authorize: () => authorize(actor, request.projectId) });
  }

  function sweep(): void {
    relay.sweep();
    if (rooms.sweep()) return;
    clearInterval(sweeper);
    sweeper = undefined;
  }

  async function dropUnwelcome({ projectId, userId }: MemberChange): Promise<void> {
    for (const member of rooms.all()) {
      if (member.room.projectId !== projectId || member.actor.userId !== userId) continue;
      try {
        await authorize(member.actor, projectId);
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        rooms.leave(member, error);
      }
    }
  }

  function endAll(): void {
    clearInterval(sweeper);
    for (const member of rooms.all()) rooms.leave(member, null);
  }
}
