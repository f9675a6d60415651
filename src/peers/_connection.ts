import type { RTCDataChannel, RTCPeerConnection } from "werift";
import type { Clock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import { roomLog } from "../base/log.ts";
import { isDataOnly, keepReachable, readCandidates } from "./_candidates.ts";
import { createReassembler, type WholeMessage } from "./_framing.ts";
import { createMemoryBudget, MAX_CHANNEL_BYTES, type MemoryBudget } from "./_memory_budget.ts";
import { delaySacks } from "./_delayed_sack.ts";
import { createReceiveWindow, type ReceiveWindow } from "./_receive_window.ts";
import { createSender, type Sender } from "./_sender.ts";
import {
  closePeerConnection,
  openPeerConnection,
  restartPeerConnection,
  type RtcSettings,
  slimPeerConnection,
} from "./_werift.ts";
import type { ConnectionReport, ConnectionState } from "./connections.ts";

const log = roomLog("peers");

/** What a connection tells its owner. */
export interface ConnectionEvents {
  /** What it has come to: when it opened, at each sweep, and when it is closed. */
  changed(report: ConnectionReport): void;
  /** A whole message came; settles when it is done with: the other side sends less as long as much is not. */
  message(text: string): void | Promise<void>;
  /** Something came that is no message. */
  malformed(error: AppError): void;
  /** It is closed, by either side; its sockets are free when `freed` settles. */
  closed(freed: Promise<void>): void;
}

/** One WebRTC connection of the server, answered, with its one data channel. */
export interface Connection {
  /**
   * The answer to an offer, of which a later one restarts ICE; null if it was closed meanwhile. Throws `INVALID_INPUT` for what
   * can't be answered, `UNAVAILABLE` where no port is free.
   */
  answer(offer: string): Promise<string | null>;
  /** Adds the candidates of a CANDIDATE signal. */
  addCandidates(payload: string): void;
  /** Sends a message; settles when it was handed over. Closes the connection instead if the other side does not read. */
  send(message: Record<string, unknown>): Promise<void>;
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
/** Those of all signals: a page has a few networks, and each of its restarts names them again. */
const MAX_CANDIDATES = 256;
/** One is used; to some the server says nothing. */
const MAX_CHANNELS = 8;

/** What a connection is built on. */
export interface ConnectionDependencies {
  clock: Clock;
  rtc: RtcSettings;
  /** That of all connections. */
  memory: MemoryBudget;
}

/** Builds a connection; it opens with the offer. */
export function createConnection({ clock, rtc, memory }: ConnectionDependencies, events: ConnectionEvents): Connection {
  const createdAt = clock.now();
  const share = createMemoryBudget(MAX_CHANNEL_BYTES, memory);
  const reassembler = createReassembler(clock, share);
  let negotiation: Promise<unknown> = Promise.resolve();
  let connection: RTCPeerConnection | null = null;
  let sender: Sender | null = null;
  let window: ReceiveWindow | null = null;
  let candidates = 0;
  let channels = 0;
  let heardAt: number | null = null;
  let closing: Promise<void> | null = null;
  let isBroken = false;
  let stats: Omit<ConnectionReport, "state"> = { bytesReceived: 0, bytesSent: 0, roundTripMs: null };
  return { answer, addCandidates, send, sweep, heardAt: () => heardAt, close };

  function answer(offer: string): Promise<string | null> {
    return inOrder(async () => {
      if (!isDataOnly(offer)) throw new AppError("INVALID_INPUT", "Cannot answer an offer of more than data channels");
      const isRestart = connection !== null;
      const opened = connection ??= watch(await openPeerConnection(rtc));
      if (closing !== null) return null;
      await opened.setRemoteDescription({ type: "offer", sdp: keepReachable(offer, rtc.hosts) });
      await opened.setLocalDescription(await opened.createAnswer());
      if (isRestart) restartPeerConnection(opened);
      const sdp = opened.localDescription?.sdp ?? "";
      if (!sdp.includes("a=candidate:")) throw new AppError("UNAVAILABLE", "Cannot answer: no UDP port is free");
      return closing === null ? sdp : null;
    });
  }

  function addCandidates(payload: string): void {
    const added = inOrder(async () => {
      for (const candidate of readCandidates(payload, rtc.hosts)) {
        if (candidates++ < MAX_CANDIDATES) await connection?.addIceCandidate(candidate);
      }
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
      if (sender === null && isOurs(offered)) take(opened, offered);
      else if (++channels >= MAX_CHANNELS) void close();
    });
    return opened;
  }

  function take(connection: RTCPeerConnection, channel: RTCDataChannel): void {
    sender = createSender(channel);
    const association = connection.sctpTransport?.sctp;
    if (association !== undefined) {
      window = createReceiveWindow(association);
      delaySacks(association);
    }
    slimPeerConnection(connection);
    heardAt = clock.now();
    channel.onMessage.subscribe(receive);
    channel.stateChanged.subscribe((state) => {
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
      if (message !== null) void hand(message);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      events.malformed(error);
    }
  }

  // Until it is done with, a message keeps its room, and the other side has less to send into.
  async function hand({ bytes, cost }: WholeMessage): Promise<void> {
    window?.hold(bytes.length);
    try {
      const text = decode(bytes);
      await events.message(text);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      events.malformed(error);
    } finally {
      share.give(cost);
      window?.release(bytes.length);
    }
  }

  async function send(message: Record<string, unknown>): Promise<void> {
    if (closing !== null || sender === null) return;
    try {
      if (!await sender.send(new TextEncoder().encode(JSON.stringify(message)))) void close();
    } catch (error) {
      // It closed under our hands.
      log.debug("Cannot send a message: {error}", { error });
      void close();
    }
  }

  function sweep(): void {
    const isLost = heardAt === null
      ? clock.now() - createdAt >= CONNECT_TIMEOUT_MS
      : clock.now() - heardAt >= IDLE_TIMEOUT_MS;
    if (isLost || window?.isOverrun()) return void close();
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
    reassembler.clear();
    sender?.close();
    if (connection !== null) await closePeerConnection(connection);
    connection = sender = window = null;
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
