import { z } from "zod";
import { TOKEN_SCOPES } from "../base/actor.ts";
import type { Builder } from "../graphql/builder.ts";
import { localId } from "../graphql/nodes.ts";
import { requiredText } from "../graphql/text_input.ts";
import type { addSessionsSchema } from "../sessions/schema.ts";
import type { Pairing, PairingOutcome, PairingState, StartedPairing, WaitingClient } from "./pairing.ts";

type LowerTypes = ReturnType<typeof addSessionsSchema>;

/** Signs that turn a line around or break it, and marks that pile up over the lines beside it: what a person reads is not what was sent. */
const DECEIVING = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]|\p{M}{5}/u;
/** White space, what nobody draws, and the blank of Braille. UAX #44, Default_Ignorable_Code_Point */
const UNSEEN = /[\s\p{Default_Ignorable_Code_Point}\u2800]/gu;
const newPairing = z.object({
  clientName: requiredText(100).refine((name) => name.replace(UNSEEN, "") !== "" && !DECEIVING.test(name), {
    message: "must be one line of plain text",
  }),
  scopes: z.array(z.enum(TOKEN_SCOPES)).min(1).transform((scopes) => [...new Set(scopes)]),
});

/** Adds `startPairing`, `pollPairing`, `approvePairing` and `pairing`. */
export function addPairingSchema(
  builder: Builder,
  pairing: Pairing,
  { publicUrl, ...types }: LowerTypes & { publicUrl: () => string },
): void {
  addAsking(builder, pairing, { ...types, verificationUrl: () => `${publicUrl()}/pair` });
  addDeciding(builder, pairing, types);
}

function addAsking(
  builder: Builder,
  pairing: Pairing,
  { AccessToken, TokenScope, verificationUrl }: LowerTypes & { verificationUrl: () => string },
): void {
  const StartPairingInput = builder.inputType("StartPairingInput", {
    description: "What a client says of itself.",
    fields: (t) => ({
      clientName: t.string({
        required: true,
        description: "What the person reads, and the token is called: one line of 1 to 100 characters.",
      }),
      scopes: t.field({ type: [TokenScope], required: true, description: "What it asks for; at least one." }),
    }),
  });
  const StartPairingPayload = builder.objectRef<StartedPairing>("StartPairingPayload").implement({
    description: "The codes of a client that asks to be paired.",
    fields: (t) => ({
      deviceCode: t.exposeString("deviceCode", { description: "The client's secret, for `pollPairing`." }),
      userCode: t.exposeString("userCode", { description: "`XXXX-XXXX`, which the client shows." }),
      verificationUrl: t.string({
        description: "The page on which somebody signed in types it.",
        resolve: () => verificationUrl(),
      }),
      verificationUrlComplete: t.string({
        description: "The same page with the code filled in.",
        resolve: ({ userCode }) => `${verificationUrl()}?code=${userCode}`,
      }),
      intervalSeconds: t.exposeInt("intervalSeconds", { description: "To wait before each `pollPairing`." }),
      expiresAt: t.expose("expiresAt", { type: "DateTime", description: "10 minutes from now." }),
    }),
  });
  const PairingStateType = builder.enumType("PairingState", {
    description: "Where a client that asks stands.",
    values: {
      PENDING: { description: "Nobody decided yet." },
      APPROVED: { description: "It was approved; this is told once, with the token." },
      DENIED: { description: "It was refused." },
      EXPIRED: { description: "Its code expired, its token was handed out, or there never was such a code." },
    } satisfies Record<PairingState, object>,
  });
  const PollPairingPayload = builder.objectRef<PairingOutcome>("PollPairingPayload").implement({
    description: "What became of a client that asked.",
    fields: (t) => ({
      state: t.expose("state", { type: PairingStateType, description: "Where it stands." }),
      token: t.string({
        nullable: true,
        description: "`fp_…`, where it was approved: shown here and nowhere else.",
        resolve: ({ created }) => created?.token ?? null,
      }),
      accessToken: t.field({
        type: AccessToken,
        nullable: true,
        description: "What stays known of the token.",
        resolve: ({ created }) => created?.accessToken ?? null,
      }),
    }),
  });
  builder.mutationFields((t) => ({
    startPairing: t.field({
      type: StartPairingPayload,
      description:
        "Asks, as anybody may, to be given an access token by a person who sees neither password nor token " +
        "(device flow, RFC 8628). The codes are good for 10 minutes and once. `INVALID_INPUT`, `RATE_LIMITED`, `UNAVAILABLE`.",
      args: {
        input: t.arg({ type: StartPairingInput.validate(newPairing), required: true, description: "Who asks." }),
      },
      resolve: (_root, { input }, { actor }) => pairing.start(actor, input),
    }),
    pollPairing: t.field({
      type: PollPairingPayload,
      description: "Asks whether the person decided; the first time after the approval the token is made and told. " +
        "`RATE_LIMITED` for asking sooner than after the interval, which is 5 s longer from then on (RFC 8628 §3.5); `CONFLICT` " +
        "where the person has 50 access tokens by now.",
      args: { deviceCode: t.arg.string({ required: true, description: "Of `startPairing`." }) },
      resolve: (_root, { deviceCode }, { actor }) => pairing.poll(actor, deviceCode),
    }),
  }));
}

function addDeciding(builder: Builder, pairing: Pairing, { TokenScope }: LowerTypes): void {
  const PairingType = builder.objectRef<WaitingClient>("Pairing").implement({
    description: "A client that asks to be paired. What it calls itself is its own word.",
    fields: (t) => ({
      userCode: t.exposeString("userCode", {
        description: "`XXXX-XXXX`: the client shows the same, or it is another.",
      }),
      clientName: t.exposeString("clientName", { description: "What it calls itself." }),
      scopes: t.expose("scopes", { type: [TokenScope], description: "What its token would be good for." }),
      ipAddress: t.exposeString("ipAddress", { nullable: true, description: "Whence it asked." }),
      userAgent: t.exposeString("userAgent", {
        nullable: true,
        description: "The browser or program, by its own word.",
      }),
      createdAt: t.expose("createdAt", { type: "DateTime", description: "When it asked." }),
      expiresAt: t.expose("expiresAt", { type: "DateTime", description: "Until when it can be approved." }),
    }),
  });
  const ApprovePairingInput = builder.inputType("ApprovePairingInput", {
    description: "What a person decides.",
    fields: (t) => ({
      userCode: t.string({ required: true, description: "What the client shows, in whatever case." }),
      projectId: t.id({ description: "Set: the token will be good for this project alone." }),
      approve: t.boolean({ required: true, description: "false: the client is refused." }),
      expiresAt: t.field({ type: "DateTime", description: "The token's end; absent: good until revoked." }),
    }),
  });
  builder.queryField("pairing", (t) =>
    t.field({
      type: PairingType,
      nullable: true,
      description: "The client that shows this code, until somebody decided; in a session only. `UNAUTHENTICATED`, " +
        "`FORBIDDEN`, `NOT_FOUND`, `RATE_LIMITED` after 20 codes in a minute.",
      args: { userCode: t.arg.string({ required: true, description: "What the client shows, in whatever case." }) },
      resolve: (_root, { userCode }, { actor }) => pairing.find(actor, userCode),
    }));
  builder.mutationField("approvePairing", (t) =>
    t.boolean({
      description: "Approves or refuses the client that shows this code; its token will be one's own, with one's own " +
        "rights cut to its scopes. In a session only. `UNAUTHENTICATED`, `FORBIDDEN`, `NOT_FOUND`, `INVALID_INPUT`, `CONFLICT` with 50 " +
        "access tokens, `RATE_LIMITED` after 20 codes in a minute.",
      args: { input: t.arg({ type: ApprovePairingInput, required: true, description: "Which client, and what." }) },
      resolve: async (_root, { input }, { actor }) => {
        const { userCode, approve, expiresAt = null } = input;
        const projectId = input.projectId ? localId("Project", input.projectId) : null;
        await pairing.decide(actor, { userCode, approve, projectId, expiresAt });
        return true;
      },
    }));
}
