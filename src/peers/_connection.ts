import { Buffer } from "node:buffer";
import type { RTCDataChannel, RTCPeerConnection } from "werift";
import type { Clock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import { roomLog } from "../base/log.ts";
import { isDataOnly, keepReachable, readCandidates } from "./_candidates.ts";
import { createReassembler, toFrames } from "./_framing.ts";
import { closePeerConnection, openPeerConnection } from "./_werift.ts";
import type { ConnectionReport, ConnectionState } from "./connections.ts";

const log = roomLog("peers");

/** What a connection tells its owner. */
export interface ConnectionEvents {
  /** What it has come to: when it opened, at each sweep, and when it is closed. */
  changed(report: ConnectionReport): void;
  /** A whole message came. */
  message(text: string): void;
  /** Something came that is no message. */
  malformed(error: AppError): void;
  /** It is closed, by either side; its sockets are free when `freed` settles. */
  closed(freed: Promise<void>): void;
}

/** One WebRTC connection of the server, answered, with its one data channel. */
export interface Connection {
  /** The answer to the one offer; null if it was closed meanwhile. Throws `INVALID_INPUT` for what can't be answered. */
  answer(offer: string): Promise<string | null>;
  /** Adds the candidates of a CANDIDATE signal. */
  addCandidates(payload: string): void;
  /** Sends a message; closes the connection instead if the other side does not read. */
  send(message: Record<string, unknown>): void;
  /** Closes it if nothing was heard for too long, and drops what stayed incomplete. */
  sweep(): void;
  /** When a frame came last; the opening counts. null until the channel is open. */
  heardAt(): number | null;
  /** Closes it, once, and frees its sockets. */
  close(): Promise<void>;
}

/** The data channel's name and the version of what is said on it. */
const CHANNEL_LABEL = "fingerpost.v1";
/** Twice what a page on a busy machine needs. */
const CONNECT_TIMEOUT_MS = 15_000;
/** A page says `ping` every 3 s. */
const IDLE_TIMEOUT_MS = 120_000;
/** Answers are small: who leaves this much unread does not read. */
const MAX_UNSENT_BYTES = 1_048_576;

/** Builds a connection; it opens with the offer. */
export function createConnection(clock: Clock, events: ConnectionEvents): Connection {
  const createdAt = clock.now();
  const reassembler = createReassembler(clock);
  let negotiation: Promise<unknown> = Promise.resolve();
  let connection: RTCPeerConnection | null = null;
  let channel: RTCDataChannel | null = null;
  let heardAt: number | null = null;
  let sentMessages = 0;
  let closing: Promise<void> | null = null;
  let isBroken = false;
  let stats: Omit<ConnectionReport, "state"> = { bytesReceived: 0, bytesSent: 0, roundTripMs: null };
  return { answer, addCandidates, send, sweep, heardAt: () => heardAt, close };

  function answer(offer: string): Promise<string | null> {
    return inOrder(async () => {
      if (!isDataOnly(offer)) throw new AppError("INVALID_INPUT", "Cannot answer an offer of more than data channels");
      connection = watch(await openPeerConnection());
      if (closing !== null) return null;
      await connection.setRemoteDescription({ type: "offer", sdp: keepReachable(offer) });
      await connection.setLocalDescription(await connection.createAnswer());
      return closing === null ? connection.localDescription?.sdp ?? null : null;
    });
  }

  function addCandidates(payload: string): void {
    const added = inOrder(async () => {
      for (const candidate of readCandidates(payload)) await connection?.addIceCandidate(candidate);
    });
    added.catch((error: unknown) => log.debug("Cannot add a candidate: {error}", { error }));
  }

  // A candidate may come while its offer is still being answered.
  function inOrder<T>(work: () => Promise<T>): Promise<T> {
    const done = negotiation.then(work);
    negotiation = done.catch(() => {});
    return done;
  }

  function watch(opened: RTCPeerConnection): RTCPeerConnection {
    opened.connectionStateChange.subscribe((state) => {
      isBroken ||= state === "failed";
      if (state === "failed" || state === "closed") void close();
    });
    opened.onDataChannel.subscribe((offered) => {
      // Others are not closed but left alone: closing one with data under way can break the whole association (werift #495).
      if (channel === null && isOurs(offered)) take(offered);
    });
    return opened;
  }

  function take(opened: RTCDataChannel): void {
    channel = opened;
    heardAt = clock.now();
    opened.onMessage.subscribe(receive);
    opened.stateChanged.subscribe((state) => {
      if (state === "closed") void close();
    });
    report();
  }

  function receive(frame: string | Uint8Array): void {
    if (closing !== null) return;
    heardAt = clock.now();
    try {
      if (typeof frame === "string") throw new AppError("INVALID_INPUT", "Cannot read text: send binary frames");
      const message = reassembler.accept(frame);
      if (message !== null) events.message(decode(message));
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      events.malformed(error);
    }
  }

  function send(message: Record<string, unknown>): void {
    if (closing !== null || channel?.readyState !== "open") return;
    if (channel.bufferedAmount > MAX_UNSENT_BYTES) return void close();
    const bytes = new TextEncoder().encode(JSON.stringify(message));
    for (const frame of toFrames(sentMessages++ >>> 0, bytes)) channel.send(Buffer.from(frame.buffer));
  }

  function sweep(): void {
    const isLost = heardAt === null
      ? clock.now() - createdAt >= CONNECT_TIMEOUT_MS
      : clock.now() - heardAt >= IDLE_TIMEOUT_MS;
    if (isLost) return void close();
    report();
    for (let left = reassembler.dropStale(); left > 0; left--) {
      events.malformed(new AppError("INVALID_INPUT", "Cannot wait longer for the rest of a message"));
    }
  }

  function report(): void {
    const pair = connection?.iceTransports[0]?.connection.nominated;
    // Once the pair is gone, what it carried still counts.
    if (pair !== undefined) {
      const { bytesReceived, bytesSent, rtt } = pair;
      stats = { bytesReceived, bytesSent, roundTripMs: rtt === undefined ? null : rtt * 1_000 };
    }
    events.changed({ state: state(), ...stats });
  }

  function state(): ConnectionState {
    if (closing !== null) return heardAt === null || isBroken ? "FAILED" : "CLOSED";
    if (heardAt === null) return "CONNECTING";
    return connection?.connectionState === "disconnected" ? "DISCONNECTED" : "CONNECTED";
  }

  function close(): Promise<void> {
    if (closing === null) {
      closing = free();
      report();
      events.closed(closing);
    }
    return closing;
  }

  async function free(): Promise<void> {
    // An offer that is being answered opens sockets: only after it they can all be closed.
    await negotiation;
    if (connection !== null) await closePeerConnection(connection);
    connection = channel = null;
  }
}

function isOurs({ label, ordered, maxRetransmits, maxPacketLifeTime }: RTCDataChannel): boolean {
  return label === CHANNEL_LABEL && ordered && maxRetransmits === null && maxPacketLifeTime === null;
}

function decode(message: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(message);
  } catch {
    throw new AppError("INVALID_INPUT", "Cannot read a message that is not UTF-8");
  }
}
