import type { Builder } from "../graphql/builder.ts";
import { orDeleted } from "../graphql/nodes.ts";
import type { addUsersSchema } from "../users/schema.ts";
import type { Users } from "../users/users.ts";
import type { IceServer, Peer, SignalEvent, Signalling } from "./signalling.ts";

/** The rooms whose objects peers show. */
export interface SignallingServices {
  signalling: Signalling;
  users: Users;
}

/** What the schema needs of lower rooms. */
export type SignallingSchemaTypes = ReturnType<typeof addUsersSchema>;

type EventOf<Type extends SignalEvent["type"]> = Extract<SignalEvent, { type: Type }>;

/** Adds what a peer is told, and the types inside it. */
export function addSignalEvent(builder: Builder, { users }: SignallingServices, lower: SignallingSchemaTypes) {
  const { PeerKind, SignalKind } = addKinds(builder);
  const PeerType = builder.objectRef<Peer>("Peer").implement({
    description: "Somebody in a room, for as long as its subscription lasts, and for 10 s after its socket broke.",
    fields: (t) => ({
      id: t.exposeID("id", { description: "For `SendSignalInput`; it is no global id." }),
      label: t.exposeString("label", { description: "What it called itself, 1 to 200 characters." }),
      kind: t.expose("kind", { type: PeerKind, description: "What it is for." }),
      user: t.loadable({
        type: lower.User,
        nullable: true,
        description: "Whose peer it is; null: the server's own, or the account was deleted.",
        load: async (ids: string[]) => orDeleted(await users.byIds(ids)),
        loaderOptions: { cache: false },
        resolve: (peer) => peer.userId,
      }),
      joinedAt: t.expose("joinedAt", {
        type: "DateTime",
        description: "When it entered the room: another time where it was told as left before it came back.",
      }),
    }),
  });
  const IceServer = addIceServer(builder);
  const types = [
    addRoomJoined(builder, { PeerType, IceServer }),
    ...addPresence(builder, PeerType),
    ...addSignals(builder, SignalKind),
  ];
  const SignalEventType = builder.unionType("SignalEvent", {
    description: "What a peer is told: RoomJoined first.",
    types,
    resolveType: (event) => event.type,
  });
  return { SignalEvent: SignalEventType, IceServer, PeerKind, SignalKind };
}

function addKinds(builder: Builder) {
  const PeerKind = builder.enumType("PeerKind", {
    description: "What a peer is for.",
    values: {
      EXTENSION: { description: "A page in which one can point." },
      VIEWER: { description: "Somebody who watches." },
      AGENT: { description: "A program, such as an AI tool." },
      SERVER: { description: "The server itself: each room with members has one." },
    },
  });
  const SignalKind = builder.enumType("SignalKind", {
    description: "What a signal tells the other side of a WebRTC connection (RFC 8829, RFC 8838).",
    values: {
      OFFER: { description: "SDP that offers a connection; the server answers, and offers nothing itself." },
      ANSWER: { description: "SDP that answers an offer." },
      CANDIDATE: { description: "One ICE candidate, or several." },
      END_OF_CANDIDATES: { description: "No more candidates of this generation." },
      RESTART: {
        description: "Asks the other side for an offer with new ICE credentials, under the same negotiation.",
      },
      BYE: { description: "The connection is over, or refused." },
    },
  });
  return { PeerKind, SignalKind };
}

type PeerRef = PothosSchemaTypes.ObjectRef<Builder["$inferSchemaTypes"], Peer>;

function addIceServer(builder: Builder) {
  return builder.objectRef<IceServer>("IceServer").implement({
    description: "A STUN or TURN server, as RTCIceServer has it.",
    fields: (t) => ({
      urls: t.exposeStringList("urls", { description: "`stun:`, `turn:` and `turns:` URIs (RFC 7064, RFC 7065)." }),
      username: t.exposeString("username", {
        nullable: true,
        description: "For TURN: until when it is good (seconds since the Unix epoch) and whose it is; null for STUN.",
      }),
      credential: t.exposeString("credential", { nullable: true, description: "For TURN; null for STUN." }),
    }),
  });
}

function addRoomJoined(
  builder: Builder,
  { PeerType, IceServer }: { PeerType: PeerRef; IceServer: ReturnType<typeof addIceServer> },
) {
  return builder.objectRef<EventOf<"RoomJoined">>("RoomJoined").implement({
    description: "The room as it is. In glare the peer that joined later yields (it is the polite one).",
    fields: (t) => ({
      self: t.expose("self", { type: PeerType, description: "Oneself." }),
      peers: t.expose("peers", { type: [PeerType], description: "The others, in the order in which they joined." }),
      iceServers: t.expose("iceServers", {
        type: [IceServer],
        description: "STUN and TURN servers to use, as the server's settings name them.",
      }),
      resumeToken: t.exposeString("resumeToken", { description: "For `JoinRoomInput`; good for oneself alone, once." }),
      lastSequence: t.exposeInt("lastSequence", { description: "Of the last signal to this peer; 0: none." }),
      resumed: t.exposeBoolean("resumed", {
        description:
          "Whether one goes on where one was: what was missed follows, up to `lastSequence`. false: one starts anew, " +
          "with signals counted from 1.",
      }),
    }),
  });
}

function addPresence(builder: Builder, PeerType: PeerRef) {
  const PeerJoined = builder.objectRef<EventOf<"PeerJoined">>("PeerJoined").implement({
    description: "Another peer came in.",
    fields: (t) => ({ peer: t.expose("peer", { type: PeerType, description: "Who it is." }) }),
  });
  const PeerLeft = builder.objectRef<EventOf<"PeerLeft">>("PeerLeft").implement({
    description: "Another peer left, or did not come back within 10 s.",
    fields: (t) => ({ peerId: t.exposeID("peerId", { description: "`Peer.id` of who left." }) }),
  });
  return [PeerJoined, PeerLeft] as const;
}

function addSignals(builder: Builder, SignalKind: ReturnType<typeof addKinds>["SignalKind"]) {
  const SignalType = builder.objectRef<EventOf<"Signal">>("Signal").implement({
    description: "What another peer sent.",
    fields: (t) => ({
      sequence: t.exposeInt("sequence", { description: "Counts this peer's signals from 1, without a gap." }),
      from: t.exposeID("from", { description: "`Peer.id` of the sender." }),
      negotiationId: t.exposeID("negotiationId", { description: "What the signals of one connection share." }),
      kind: t.expose("kind", { type: SignalKind, description: "What it is." }),
      payload: t.exposeString("payload", {
        nullable: true,
        description: "As it was sent: see `SendSignalInput.payload`.",
      }),
    }),
  });
  const SignalExpired = builder.objectRef<EventOf<"SignalExpired">>("SignalExpired").implement({
    description:
      "A queued signal of one's own that its receiver did not come back for, or for which the queue had no room.",
    fields: (t) => ({
      to: t.exposeID("to", { description: "`Peer.id` of the receiver." }),
      negotiationId: t.exposeID("negotiationId", { description: "What the signals of one connection share." }),
      kind: t.expose("kind", { type: SignalKind, description: "What it was." }),
    }),
  });
  return [SignalType, SignalExpired] as const;
}
