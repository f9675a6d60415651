import type { Clock } from "../base/clock.ts";
import { newId } from "../base/ids.ts";
import type { LeftPeer, Peer, RelayedSignal } from "../signalling/signalling.ts";
import type { ConnectionKey, ConnectionReport, ConnectionState, WebrtcConnection } from "./connections.ts";

/** The negotiations under way, and what each has come to by the signals that were relayed and what the server says of its own. */
export interface Negotiations {
  relayed(signal: RelayedSignal): void;
  peerLeft(peer: LeftPeer): void;
  report(key: ConnectionKey, report: ConnectionReport): void;
  /** Ends those that were abandoned. */
  sweep(): void;
  /** Ends all. */
  endAll(): void;
}

/** What negotiations are built on. */
export interface NegotiationsDependencies {
  clock: Clock;
  isInRoom: (peerId: string) => boolean;
  /** Told of each that is new or has changed. The object is the same each time. */
  onChanged: (connection: WebrtcConnection) => void;
}

interface Negotiation {
  key: string;
  /** Its clients: two, or the one that talks to the server. */
  peerIds: string[];
  connection: WebrtcConnection;
  /** When it was last heard of. */
  heardAt: number;
  /** When its numbers were last passed on. */
  passedOnAt: number;
  /** Its client has ended it; the server is about to say what it came to. */
  isEnding: boolean;
}

/** Somebody who does not answer in this time has not seen the offer. */
const ANSWER_TIMEOUT_MS = 60_000;
/** Of the server's own there is news every few seconds; between pages none is needed, as long as both are there. */
const SILENCE_MS = 600_000;
/** Numbers alone are passed on no more often. */
const REFRESH_MS = 4_000;
/** About 1 kB each; those beyond leave no record. */
const MAX_OPEN = 10_000;
/** A peer that talks to all others of its room has 64; one that floods leaves no more records. */
const MAX_OPEN_PER_PEER = 256;

/** Builds an empty set of negotiations. */
export function createNegotiations({ clock, isInRoom, onChanged }: NegotiationsDependencies): Negotiations {
  const open = new Map<string, Negotiation>();
  const byPeer = new Map<string, Set<Negotiation>>();
  return { relayed, peerLeft, report, sweep, endAll };

  function relayed(signal: RelayedSignal): void {
    const { from, to, negotiationId, kind } = signal;
    const key = keyOf(idOf(from), idOf(to), negotiationId);
    const found = open.get(key);
    if (found === undefined) return kind === "OFFER" ? begin(key, signal) : undefined;
    found.heardAt = clock.now();
    if (kind === "ANSWER" && found.connection.state === "NEW") change(found, "CONNECTING");
    if (kind !== "BYE") return;
    // The server says BYE itself, after its last report.
    if (to.kind === "SERVER") found.isEnding = true;
    else end(found, "CLOSED");
  }

  function begin(key: string, { projectId, from, to }: RelayedSignal): void {
    const peerIds = [from, to].filter(({ kind }) => kind !== "SERVER").map(({ id }) => id);
    if (open.size >= MAX_OPEN || peerIds.some((id) => (byPeer.get(id)?.size ?? 0) >= MAX_OPEN_PER_PEER)) return;
    const createdAt = clock.now();
    const connection: WebrtcConnection = {
      id: newId(),
      projectId,
      initiatorId: from.userId,
      state: "NEW",
      bytesReceived: 0,
      bytesSent: 0,
      roundTripMs: null,
      openedAt: null,
      closedAt: null,
      createdAt,
    };
    const negotiation = { key, peerIds, connection, heardAt: createdAt, passedOnAt: createdAt, isEnding: false };
    open.set(key, negotiation);
    for (const id of peerIds) byPeer.getOrInsertComputed(id, () => new Set()).add(negotiation);
    onChanged(connection);
  }

  function peerLeft({ peerId }: LeftPeer): void {
    for (const negotiation of [...byPeer.get(peerId) ?? []]) {
      if (isWithServer(negotiation)) negotiation.isEnding = true;
      else end(negotiation, "CLOSED");
    }
  }

  function report({ peerId, negotiationId }: ConnectionKey, { state, ...numbers }: ConnectionReport): void {
    const found = open.get(keyOf(SERVER, peerId, negotiationId));
    if (found === undefined) return;
    found.heardAt = clock.now();
    Object.assign(found.connection, toStorable(numbers));
    if (state === "FAILED" || state === "CLOSED") end(found, found.isEnding ? "CLOSED" : state);
    else if (state !== "NEW" && state !== found.connection.state) change(found, state);
    else if (found.heardAt - found.passedOnAt >= REFRESH_MS) passOn(found);
  }

  function sweep(): void {
    const now = clock.now();
    for (const negotiation of [...open.values()]) {
      const { connection, heardAt, peerIds } = negotiation;
      const isGone = () => isWithServer(negotiation) || !peerIds.every(isInRoom);
      if (connection.state === "NEW" && now - connection.createdAt >= ANSWER_TIMEOUT_MS) end(negotiation, "FAILED");
      else if (now - heardAt >= SILENCE_MS && isGone()) end(negotiation, "CLOSED");
    }
  }

  function endAll(): void {
    for (const negotiation of [...open.values()]) end(negotiation, "CLOSED");
  }

  function change(negotiation: Negotiation, state: ConnectionState): void {
    const { connection } = negotiation;
    // It was open before, and is being opened no more.
    if (state === "CONNECTING" && connection.openedAt !== null) return;
    connection.state = state;
    if (state === "CONNECTED") connection.openedAt ??= clock.now();
    passOn(negotiation);
  }

  function end(negotiation: Negotiation, state: "FAILED" | "CLOSED"): void {
    Object.assign(negotiation.connection, { state, closedAt: clock.now() });
    open.delete(negotiation.key);
    for (const id of negotiation.peerIds) {
      const others = byPeer.get(id);
      others?.delete(negotiation);
      if (others?.size === 0) byPeer.delete(id);
    }
    passOn(negotiation);
  }

  function passOn(negotiation: Negotiation): void {
    negotiation.passedOnAt = clock.now();
    onChanged(negotiation.connection);
  }
}

/** Stands for the server's peer: a client's room has one. */
const SERVER = "";

function idOf({ id, kind }: Peer): string {
  return kind === "SERVER" ? SERVER : id;
}

// Whoever offered first.
function keyOf(one: string, other: string, negotiationId: string): string {
  return one < other ? `${one}\0${other}\0${negotiationId}` : `${other}\0${one}\0${negotiationId}`;
}

function isWithServer({ peerIds }: Negotiation): boolean {
  return peerIds.length === 1;
}

// They are counted elsewhere, and one that the table refuses would take the others of its group along.
function toStorable({ bytesReceived, bytesSent, roundTripMs }: Omit<ConnectionReport, "state">) {
  const count = (bytes: number) => Math.min(Math.max(0, Math.trunc(bytes) || 0), Number.MAX_SAFE_INTEGER);
  const isTime = roundTripMs !== null && Number.isFinite(roundTripMs) && roundTripMs >= 0;
  return { bytesReceived: count(bytesReceived), bytesSent: count(bytesSent), roundTripMs: isTime ? roundTripMs : null };
}
