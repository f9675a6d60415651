import type { SignalKind } from "./negotiation.ts";

/** Somebody in the room. */
export interface Peer {
  id: string;
  label: string;
  kind: "EXTENSION" | "VIEWER" | "AGENT" | "SERVER";
  user: { id: string } | null;
  joinedAt: string;
}

/** The room as it is on entering it; `resumed`: it goes on where it broke off. */
export interface JoinedRoom {
  self: Peer;
  peers: Peer[];
  iceServers: RTCIceServer[];
  resumed: boolean;
}

/** What another peer sent. */
export interface Signal {
  from: string;
  negotiationId: string;
  kind: SignalKind;
  payload: string | null;
}

/** What is sent to another peer. */
export type OutgoingSignal = Omit<Signal, "from"> & { to: string };

/** What a peer is told: RoomJoined first. */
export type RoomEvent =
  | { __typename: "RoomJoined"; resumeToken: string; lastSequence: number } & JoinedRoom
  | { __typename: "PeerJoined"; peer: Peer }
  | { __typename: "PeerLeft"; peerId: string }
  | { __typename: "Signal"; sequence: number } & Signal
  | { __typename: "SignalExpired"; to: string; negotiationId: string };

const PEER = `id label kind user { id } joinedAt`;
/** Joins a room. */
export const SIGNALS = `subscription ($input: JoinRoomInput!) { signals(input: $input) {
  __typename
  ... on RoomJoined { self { ${PEER} } peers { ${PEER} } iceServers { urls username credential } resumeToken lastSequence resumed }
  ... on PeerJoined { peer { ${PEER} } }
  ... on PeerLeft { peerId }
  ... on Signal { sequence from negotiationId kind payload }
  ... on SignalExpired { to negotiationId }
} }`;
/** Sends a signal. */
export const SEND_SIGNAL = `mutation ($input: SendSignalInput!) { sendSignal(input: $input) { sequence } }`;
