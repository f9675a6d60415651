import { z } from "zod";
import type { Builder } from "../graphql/builder.ts";
import { localId } from "../graphql/nodes.ts";
import { requiredText, text } from "../graphql/text_input.ts";
import { addSignalEvent, type SignallingSchemaTypes, type SignallingServices } from "./_event_types.ts";
import type { SentSignal, SignalEvent, SignalKind, Signalling } from "./signalling.ts";

type EventTypes = ReturnType<typeof addSignalEvent>;

/** Adds rooms, their peers, `signals` and `sendSignal`. */
export function addSignallingSchema(
  builder: Builder,
  services: SignallingServices,
  lower: SignallingSchemaTypes,
): void {
  const types = addSignalEvent(builder, services, lower);
  addJoin(builder, services.signalling, types);
  addSend(builder, services.signalling, types);
  addIceServers(builder, services.signalling, types);
}

const joinRoom = z.object({
  projectId: z.string(),
  room: requiredText(100).nullish().transform((room) => room ?? "main"),
  label: requiredText(200),
  kind: z.enum(["EXTENSION", "VIEWER", "AGENT"], "must not be SERVER: that is the server itself"),
  resumeToken: z.string().max(200).nullish().transform((token) => token ?? null),
  afterSequence: z.int().min(0).nullish().transform((sequence) => sequence ?? null),
});

function addJoin(builder: Builder, signalling: Signalling, types: EventTypes): void {
  const JoinRoomInput = builder.inputType("JoinRoomInput", {
    description: "Which room to enter, and as what.",
    fields: (t) => ({
      projectId: t.id({ required: true, description: "The project's global id." }),
      room: t.string({ description: "1 to 100 characters; absent: `main`." }),
      label: t.string({ required: true, description: "What the others call it, 1 to 200 characters." }),
      kind: t.field({ type: types.PeerKind, required: true, description: "What it is for: any but SERVER." }),
      resumeToken: t.string({
        description: "From the last RoomJoined of one's own, at most 60 s after its socket broke: keeps the peer's id.",
      }),
      afterSequence: t.int({
        description:
          "With it: the last signal received, 0 for none. What came behind it is sent again, if all of it is " +
          "still there and label and kind are the same; absent: the peer starts anew.",
      }),
    }),
  }).validate(joinRoom);
  builder.subscriptionFields((t) => ({
    signals: t.field({
      type: types.SignalEvent,
      description:
        "Joins a room of a project: RoomJoined first, then its peers and their signals. Ending it leaves the room at once; " +
        "where the socket breaks, the peer has 10 s to come back before the others are told. `UNAUTHENTICATED`, `FORBIDDEN`, `NOT_FOUND`, `INVALID_INPUT`, `CONFLICT` for a room that has 64 peers and for a peer that joined again elsewhere; " +
        "`UNAVAILABLE` ends it for who reads too slowly.",
      args: { input: t.arg({ type: JoinRoomInput, required: true, description: "The room." }) },
      subscribe: (_root, { input }, { actor, signal }) =>
        signalling.join(actor, { ...input, projectId: localId("Project", input.projectId) }, signal()),
      resolve: (event: SignalEvent) => event,
    }),
  }));
}

/** Kinds whose payload says something; the others have none. */
const KINDS_WITH_PAYLOAD: SignalKind[] = ["OFFER", "ANSWER", "CANDIDATE"];

const sendSignal = z.object({
  from: z.string(),
  to: z.string(),
  negotiationId: requiredText(200),
  kind: z.enum(["OFFER", "ANSWER", "CANDIDATE", "END_OF_CANDIDATES", "RESTART", "BYE"]),
  // How many bytes it may have is `TOO_LARGE`, and the room's to say.
  payload: text(Infinity).nullish().transform((payload) => payload ?? null),
  clientId: z.uuid("must be a UUID").nullish().transform((id) => id?.toLowerCase() ?? null),
}).superRefine(({ kind, payload }, context) => {
  const wanted = KINDS_WITH_PAYLOAD.includes(kind);
  if (wanted ? payload : payload === null) return;
  const message = wanted ? `must hold something for ${kind}` : `must be null for ${kind}`;
  context.addIssue({ code: "custom", path: ["payload"], message });
});

function addSend(builder: Builder, signalling: Signalling, types: EventTypes): void {
  const SendSignalInput = builder.inputType("SendSignalInput", {
    description: "What to tell another peer.",
    fields: (t) => ({
      from: t.id({ required: true, description: "A peer of one's own." }),
      to: t.id({ required: true, description: "Another peer of its room." }),
      negotiationId: t.id({
        required: true,
        description: "What the signals of one connection share, 1 to 200 characters.",
      }),
      kind: t.field({ type: types.SignalKind, required: true, description: "What it is." }),
      payload: t.string({
        description:
          "At most 65,536 bytes of UTF-8. OFFER and ANSWER: the SDP; CANDIDATE: an RTCIceCandidateInit as JSON, or an array " +
          "of them; else null. What is not what it should be is `INVALID_INPUT`.",
      }),
      clientId: t.id({
        description:
          "A UUID of the client's for this signal: sent again with the same one, it is relayed once and answered alike.",
      }),
    }),
  }).validate(sendSignal);
  const SendSignalPayload = builder.objectRef<SentSignal>("SendSignalPayload").implement({
    description: "What became of a signal.",
    fields: (t) => ({
      sequence: t.exposeInt("sequence", { description: "The receiver's number for it." }),
      delivered: t.exposeBoolean("delivered", {
        description:
          "false: the receiver's socket broke, and it is queued until `expiresAt`; SignalExpired tells if it expires.",
      }),
      expiresAt: t.expose("expiresAt", {
        type: "DateTime",
        nullable: true,
        description: "Until when it waits for its receiver; null: it does not.",
      }),
    }),
  });
  builder.mutationFields((t) => ({
    sendSignal: t.field({
      type: SendSignalPayload,
      description:
        "Passes a signal on to another peer; those of one peer to another arrive in the order sent, each once, a description " +
        "before its candidates. " +
        "`UNAUTHENTICATED`, `FORBIDDEN`, `NOT_FOUND` for a peer that is not one's own, `INVALID_INPUT`, `TOO_LARGE`, " +
        "`RATE_LIMITED`, `PEER_UNAVAILABLE`.",
      args: { input: t.arg({ type: SendSignalInput, required: true, description: "The signal." }) },
      resolve: (_root, { input }, { actor }) => signalling.send(actor, input),
    }),
  }));
}

function addIceServers(builder: Builder, signalling: Signalling, types: EventTypes): void {
  builder.queryFields((t) => ({
    iceServers: t.field({
      type: [types.IceServer],
      description:
        "STUN and TURN servers as RoomJoined tells them, with credentials made now: for when ICE restarts. " +
        "`UNAUTHENTICATED`, `FORBIDDEN`, `NOT_FOUND`.",
      args: { projectId: t.arg.id({ required: true, description: "The project's global id." }) },
      resolve: (_root, { projectId }, { actor }) => signalling.iceServers(actor, localId("Project", projectId)),
    }),
  }));
}
