import { FingerpostError, type GraphqlSocket, openGraphqlSocket } from "./graphql_socket.ts";
import { createOutgoingSignals } from "./outgoing_signals.ts";
import { type JoinedRoom, type OutgoingSignal, type Peer, type RoomEvent, type Signal, SIGNALS } from "./signals.ts";

/** What a room tells its owner. */
export interface RoomHandlers {
  joined(room: JoinedRoom): void;
  peerJoined(peer: Peer): void;
  peerLeft(peerId: string): void;
  signal(signal: Signal): void;
  /** A signal does not reach its receiver. */
  undelivered(signal: Pick<OutgoingSignal, "to" | "negotiationId">): void;
  /** The server does not let us in, and trying again is no use. */
  refused(error: FingerpostError): void;
}

/** Which room to enter, and as what. */
export interface RoomOptions {
  url: string;
  token: string;
  projectId: string;
  room: string | undefined;
  label: string;
  kind: Exclude<Peer["kind"], "SERVER">;
}

/** A stay in a room that outlasts its sockets. */
export interface Room {
  /** Sends a signal after those before it; what can't be sent now waits for the socket. */
  send(signal: OutgoingSignal): void;
  /** The socket on which the room was joined, while it is. */
  socket(): GraphqlSocket | null;
  /** Leaves for good. */
  close(): void;
}

const FATAL = [
  "UNAUTHENTICATED",
  "FORBIDDEN",
  "NOT_FOUND",
  "INVALID_INPUT",
  "GRAPHQL_VALIDATION_FAILED",
  "BAD_USER_INPUT",
];
const FIRST_DELAY_MS = 100;
/** A server that restarts is found within this, also after a while. */
const SHORT_DELAY_MS = 3_000;
const LONG_DELAY_MS = 30_000;
const SHORT_ATTEMPTS = 20;

/** Enters the room and comes back into it by itself, at first at once, later after growing pauses. */
export function stayInRoom(options: RoomOptions, handlers: RoomHandlers): Room {
  const closed = new AbortController();
  let socket: GraphqlSocket | null = null;
  let selfId = "";
  let resumption: { resumeToken: string; afterSequence: number } | null = null;
  let failures = 0;
  const signals = createOutgoingSignals({
    way: () => socket && { socket, from: selfId },
    undelivered: handlers.undelivered,
  });
  void stay();
  return { send: signals.send, socket: () => socket, close };

  async function stay(): Promise<void> {
    while (!closed.signal.aborted) {
      const error = await joinOnce();
      socket = null;
      if (closed.signal.aborted) return;
      if (FATAL.includes(error.code)) return handlers.refused(error);
      await pause(Math.max(delayAfter(failures++), (error.retryAfterSeconds ?? 0) * 1_000));
    }
  }

  /** Joins and settles with what ended it. */
  async function joinOnce(): Promise<FingerpostError> {
    try {
      const opened = await openGraphqlSocket(options.url, options.token);
      const { projectId, room, label, kind } = options;
      const ended = Promise.withResolvers<FingerpostError>();
      const leave = () => opened.close();
      closed.signal.addEventListener("abort", leave);
      if (closed.signal.aborted) leave();
      opened.subscribe(SIGNALS, { input: { projectId, room, label, kind, ...resumption } }, {
        next: (data) => receive(opened, data.signals),
        ended: (error) => ended.resolve(error ?? new FingerpostError("UNAVAILABLE", "The stay in the room ended")),
      });
      const error = await ended.promise;
      closed.signal.removeEventListener("abort", leave);
      opened.close();
      return error;
    } catch (error) {
      return error instanceof FingerpostError ? error : new FingerpostError("UNAVAILABLE", String(error));
    }
  }

  function receive(opened: GraphqlSocket, event: RoomEvent): void {
    if (event.__typename === "RoomJoined") enter(opened, event);
    else if (event.__typename === "PeerJoined") handlers.peerJoined(event.peer);
    else if (event.__typename === "PeerLeft") handlers.peerLeft(event.peerId);
    else if (event.__typename === "SignalExpired") handlers.undelivered(event);
    else if (resumption === null || event.sequence > resumption.afterSequence) {
      if (resumption !== null) resumption.afterSequence = event.sequence;
      handlers.signal(event);
    }
  }

  function enter(opened: GraphqlSocket, joined: RoomEvent & { __typename: "RoomJoined" }): void {
    const { resumeToken, lastSequence, resumed } = joined;
    const afterSequence = resumed && resumption !== null ? resumption.afterSequence : lastSequence;
    resumption = { resumeToken, afterSequence };
    selfId = joined.self.id;
    socket = opened;
    failures = 0;
    if (!resumed) signals.forget();
    handlers.joined(joined);
    signals.resume();
  }

  /** Waits; a network that comes back ends the pause. */
  async function pause(milliseconds: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, milliseconds);
    const wake = () => resolve();
    closed.signal.addEventListener("abort", wake);
    addEventListener("online", wake);
    await promise;
    clearTimeout(timer);
    closed.signal.removeEventListener("abort", wake);
    removeEventListener("online", wake);
  }

  function close(): void {
    signals.forget();
    closed.abort();
  }
}

// Full jitter on half of it: pages that lost the same server do not come back in step.
function delayAfter(failures: number): number {
  const longest = failures < SHORT_ATTEMPTS ? SHORT_DELAY_MS : LONG_DELAY_MS;
  return Math.min(longest, FIRST_DELAY_MS * 2 ** Math.min(failures, 20)) * (0.5 + Math.random() / 2);
}
