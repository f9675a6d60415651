import type { Data, RunningApp } from "./running_app.ts";
import { subscribe } from "./subscription.ts";

/** A peer that joined a room over graphql-transport-ws. */
export interface RoomPeer extends AsyncDisposable {
  /** Its RoomJoined. */
  joined: Data;
  id: string;
  /** The next event after RoomJoined. Throws with the code of an error. */
  next(): Promise<Data>;
  /** Sends a signal and returns its payload. */
  send(input: Record<string, unknown>): Promise<Data>;
  /** Ends the subscription and with it the stay. */
  leave(): Promise<void>;
}

const PEER_FIELDS = `id label kind user { id } joinedAt`;

/** The subscription of a room with everything that a peer is told. */
export const SIGNALS = `subscription ($input: JoinRoomInput!) { signals(input: $input) {
  __typename
  ... on RoomJoined { self { ${PEER_FIELDS} } peers { ${PEER_FIELDS} } iceServers { urls } resumeToken lastSequence resumed }
  ... on PeerJoined { peer { ${PEER_FIELDS} } }
  ... on PeerLeft { peerId }
  ... on Signal { sequence from negotiationId kind payload }
  ... on SignalExpired { to negotiationId kind }
} }`;

/** The mutation that sends a signal. */
export const SEND =
  `mutation ($input: SendSignalInput!) { sendSignal(input: $input) { sequence delivered expiresAt } }`;

/** Joins a room. Throws with the code of an error. */
export async function joinRoom(
  app: Pick<RunningApp, "url" | "ask">,
  token: string,
  input: { projectId: string } & Record<string, unknown>,
): Promise<RoomPeer> {
  const variables = { input: { label: "A peer", kind: "EXTENSION", ...input } };
  const events = subscribe(app, { query: SIGNALS, variables, token });
  const leave = async () => await events[Symbol.asyncDispose]();
  try {
    const joined = await events.next();
    const { id } = joined.self;
    const send: RoomPeer["send"] = async (signal) =>
      (await app.ask(SEND, { input: { from: id, negotiationId: "n1", kind: "BYE", ...signal } }, token)).sendSignal;
    return { joined, id, next: events.next, send, leave, [Symbol.asyncDispose]: leave };
  } catch (error) {
    await leave();
    throw error;
  }
}

/** The server's peer in a room that was joined. */
export function serverPeerOf({ joined }: RoomPeer): Data {
  return joined.peers.find((peer: Data) => peer.kind === "SERVER");
}
