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
    description: "Somebody in a room, for as long as its subscription lasts.",
    fields: (t) => ({
      id: t.exposeID("id"),
      label: t.exposeString("label"),
      kind: t.expose("kind", { type: PeerKind }),
      user: t.loadable({
        type: lower.User,
        nullable: true,
        description: "null: the server itself.",
        load: async (ids: string[]) => orDeleted(await users.byIds(ids)),
        loaderOptions: { cache: false },
        resolve: (peer) => peer.userId,
      }),
      joinedAt: t.expose("joinedAt", { type: "DateTime" }),
    }),
  });
  const types = [
    addRoomJoined(builder, PeerType),
    ...addPresence(builder, PeerType),
    ...addSignals(builder, SignalKind),
  ];
  const SignalEventType = builder.unionType("SignalEvent", {
    description: "What a peer is told: RoomJoined first.",
    types,
    resolveType: (event) => event.type,
  });
  return { SignalEvent: SignalEventType, PeerKind, SignalKind };
}

function addKinds(builder: Builder) {
  const PeerKind = builder.enumType("PeerKind", {
    values: {
      EXTENSION: { description: "A page in which one can point." },
      VIEWER: { description: "Somebody who watches." },
      AGENT: { description: "A program, such as an AI tool." },
      SERVER: { description: "The server itself: each room with members has one." },
    },
  });
  const SignalKind = builder.enumType("SignalKind", {
    values: {
      OFFER: { description: "SDP; the server answers, and offers nothing itself." },
      ANSWER: { description: "SDP." },
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

function addRoomJoined(builder: Builder, PeerType: PeerRef) {
  const IceServerType = builder.objectRef<IceServer>("IceServer").implement({
    description: "A STUN or TURN server, as RTCIceServer has it.",
    fields: (t) => ({
      urls: t.exposeStringList("urls"),
      username: t.exposeString("username", { nullable: true }),
      credential: t.exposeString("credential", { nullable: true }),
    }),
  });
  return builder.objectRef<EventOf<"RoomJoined">>("RoomJoined").implement({
    description: "The room as it is. In glare the peer that joined later yields (it is the polite one).",
    fields: (t) => ({
      self: t.expose("self", { type: PeerType }),
      peers: t.expose("peers", { type: [PeerType], description: "The others, in the order in which they joined." }),
      iceServers: t.expose("iceServers", { type: [IceServerType], description: "None yet." }),
      resumeToken: t.exposeString("resumeToken", { description: "For `JoinRoomInput`; good for oneself alone, once." }),
      lastSequence: t.exposeInt("lastSequence", { description: "Of the last signal to this peer; 0: none." }),
      resumed: t.exposeBoolean("resumed", {
        description:
          "Whether what was missed follows. Always false yet: a peer that comes back keeps its id and starts anew.",
      }),
    }),
  });
}

function addPresence(builder: Builder, PeerType: PeerRef) {
  const PeerJoined = builder.objectRef<EventOf<"PeerJoined">>("PeerJoined").implement({
    fields: (t) => ({ peer: t.expose("peer", { type: PeerType }) }),
  });
  const PeerLeft = builder.objectRef<EventOf<"PeerLeft">>("PeerLeft").implement({
    fields: (t) => ({ peerId: t.exposeID("peerId") }),
  });
  return [PeerJoined, PeerLeft] as const;
}

function addSignals(builder: Builder, SignalKind: ReturnType<typeof addKinds>["SignalKind"]) {
  const SignalType = builder.objectRef<EventOf<"Signal">>("Signal").implement({
    description: "What another peer sent.",
    fields: (t) => ({
      sequence: t.exposeInt("sequence", { description: "Counts this peer's signals from 1, without a gap." }),
      from: t.exposeID("from"),
      negotiationId: t.exposeID("negotiationId"),
      kind: t.expose("kind", { type: SignalKind }),
      payload: t.exposeString("payload", { nullable: true }),
    }),
  });
  const SignalExpired = builder.objectRef<EventOf<"SignalExpired">>("SignalExpired").implement({
    description: "A queued signal of one's own that its receiver did not come back for.",
    fields: (t) => ({
      to: t.exposeID("to"),
      negotiationId: t.exposeID("negotiationId"),
      kind: t.expose("kind", { type: SignalKind }),
    }),
  });
  return [SignalType, SignalExpired] as const;
}
