import { z } from "zod";
import { TOKEN_SCOPES } from "../base/actor.ts";
import type { Builder } from "../graphql/builder.ts";
import { localId } from "../graphql/nodes.ts";
import { requiredText } from "../graphql/text_input.ts";
import type { AccessToken, CreatedAccessToken, Sessions } from "./sessions.ts";

/** Adds `AccessToken` and `TokenScope`. */
export function addAccessTokenType(builder: Builder) {
  const TokenScope = builder.enumType("TokenScope", {
    description: "What an access token may be used for.",
    values: {
      ELEMENTS_READ: { description: "Read elements; any token sees its owner's projects." },
      ELEMENTS_WRITE: { description: "Capture, change and delete elements." },
      SIGNALS: { description: "Join rooms and relay signals." },
      LIVE_COMMANDS: { description: "Ask a connected page to highlight, inspect or take a screenshot." },
      AUDIT_READ: { description: "Read security events, for an admin's token." },
    } satisfies Record<(typeof TOKEN_SCOPES)[number], object>,
  });
  const AccessTokenType = builder.objectRef<AccessToken>("AccessToken").implement({
    description: "A credential (`fp_…`) for the extension or an AI tool: its owner's rights, cut to its scopes.",
    fields: (t) => ({
      id: t.exposeID("id", { description: "For `revokeAccessToken`; it opens nothing." }),
      name: t.exposeString("name", { description: "What its owner calls it, 1 to 200 characters." }),
      scopes: t.expose("scopes", {
        type: [TokenScope],
        description: "What it may be used for, as far as its owner may.",
      }),
      prefix: t.exposeString("prefix", { description: "How the token begins, to tell it from others." }),
      expiresAt: t.expose("expiresAt", {
        type: "DateTime",
        nullable: true,
        description: "From then on it is refused; null: good until revoked.",
      }),
      lastUsedAt: t.expose("lastUsedAt", {
        type: "DateTime",
        nullable: true,
        description: "To the minute; null: never.",
      }),
      createdAt: t.expose("createdAt", { type: "DateTime", description: "When it was made." }),
    }),
  });
  return { AccessTokenType, TokenScope };
}

type AccessTokenTypes = ReturnType<typeof addAccessTokenType>;

const newAccessToken = z.object({
  name: requiredText(200),
  scopes: z.array(z.enum(TOKEN_SCOPES)).min(1).transform((scopes) => [...new Set(scopes)]),
  projectId: z.string().nullish().transform((id) => id ?? null),
  expiresAt: z.number().nullish().transform((at) => at ?? null),
});

/** Adds `currentToken` and the mutations of access tokens. */
export function addAccessTokens(
  builder: Builder,
  sessions: Sessions,
  types: { AccessToken: AccessTokenTypes["AccessTokenType"]; TokenScope: AccessTokenTypes["TokenScope"] },
): void {
  const CreateAccessTokenInput = builder.inputType("CreateAccessTokenInput", {
    description: "What an access token shall be.",
    fields: (t) => ({
      name: t.string({ required: true, description: "1 to 200 characters." }),
      scopes: t.field({ type: [types.TokenScope], required: true, description: "At least one." }),
      projectId: t.id({ description: "Set: good for this project alone." }),
      expiresAt: t.field({ type: "DateTime", description: "In the future; absent: good until revoked." }),
    }),
  });
  const CreateAccessTokenPayload = builder.objectRef<CreatedAccessToken>("CreateAccessTokenPayload").implement({
    description: "A new access token. The token is shown here and nowhere else.",
    fields: (t) => ({
      token: t.exposeString("token", { description: "`fp_…`, for `Authorization: Bearer …`." }),
      accessToken: t.expose("accessToken", { type: types.AccessToken, description: "What stays known of it." }),
    }),
  });
  builder.queryField("currentToken", (t) =>
    t.field({
      type: types.AccessToken,
      nullable: true,
      description: "The access token with which this is asked; null for a session. `UNAUTHENTICATED`.",
      resolve: (_root, _args, { actor }) => sessions.currentToken(actor),
    }));
  builder.mutationFields((t) => ({
    createAccessToken: t.field({
      type: CreateAccessTokenPayload,
      description: "Makes an access token for oneself, at most 50; in a session only. " +
        "`UNAUTHENTICATED`, `FORBIDDEN`, `NOT_FOUND`, `INVALID_INPUT`, `CONFLICT` for one more.",
      args: {
        input: t.arg({
          type: CreateAccessTokenInput.validate(newAccessToken),
          required: true,
          description: "The access token to be.",
        }),
      },
      resolve: (_root, { input }, { actor }) => {
        const projectId = input.projectId === null ? null : localId("Project", input.projectId);
        return sessions.createAccessToken(actor, { ...input, projectId });
      },
    }),
    revokeAccessToken: t.boolean({
      description:
        "Ends one of one's own access tokens at once, anybody's for an admin, and within a second what is open with " +
        "it; in a session only. `UNAUTHENTICATED`, `FORBIDDEN`, `NOT_FOUND`.",
      args: { id: t.arg.id({ required: true, description: "`AccessToken.id`." }) },
      resolve: async (_root, { id }, { actor }) => {
        await sessions.revokeAccessToken(actor, id);
        return true;
      },
    }),
  }));
}
