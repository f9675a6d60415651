import { z } from "zod";
import { TOKEN_SCOPES } from "../base/actor.ts";
import type { Builder } from "../graphql/builder.ts";
import { localId } from "../graphql/nodes.ts";
import { requiredText } from "../graphql/text_input.ts";
import type { addUsersSchema } from "../users/schema.ts";
import { clearedSessionCookie, sessionCookie } from "./cookies.ts";
import {
  type AccessToken,
  type CreatedAccessToken,
  type Session,
  sessionExpiresAt,
  type Sessions,
  type SignedIn,
} from "./sessions.ts";

/** Adds sign-in and sign-out, the end of an account, `Session`, `AccessToken` and the user's lists of them. */
export function addSessionsSchema(
  builder: Builder,
  sessions: Sessions,
  types: ReturnType<typeof addUsersSchema> & { secureCookies: boolean },
) {
  const SessionType = addSessionType(builder);
  const { AccessTokenType, TokenScope } = addAccessTokenType(builder);
  builder.objectFields(types.User, (t) => ({
    sessions: t.field({
      type: [SessionType],
      description: "The live sessions; for the user itself and admins.",
      resolve: (user, _args, { actor }) => sessions.ofUser(actor, user.id),
    }),
    accessTokens: t.field({
      type: [AccessTokenType],
      description: "The access tokens, at most 50; for the user itself and admins.",
      resolve: (user, _args, { actor }) => sessions.accessTokensOf(actor, user.id),
    }),
  }));
  addSignIn(builder, sessions, { ...types, Session: SessionType });
  addAccessTokens(builder, sessions, { AccessToken: AccessTokenType, TokenScope });
  return { AccessToken: AccessTokenType };
}

function addSessionType(builder: Builder) {
  return builder.objectRef<Session>("Session").implement({
    description: "A signed-in browser or client; never the token itself.",
    fields: (t) => ({
      id: t.exposeID("id"),
      createdAt: t.expose("createdAt", { type: "DateTime" }),
      lastUsedAt: t.expose("lastUsedAt", { type: "DateTime", description: "To the minute." }),
      expiresAt: t.field({
        type: "DateTime",
        description: "Ends then if it is not used again: 24 h after the last use, 30 days after sign-in at the latest.",
        resolve: sessionExpiresAt,
      }),
      ipAddress: t.exposeString("ipAddress", { nullable: true }),
      userAgent: t.exposeString("userAgent", { nullable: true }),
      current: t.boolean({
        description: "Whether this request came in it.",
        resolve: (session, _args, { actor }) => actor.kind === "user" && actor.sessionId === session.id,
      }),
    }),
  });
}

function addAccessTokenType(builder: Builder) {
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
      id: t.exposeID("id"),
      name: t.exposeString("name"),
      scopes: t.expose("scopes", { type: [TokenScope] }),
      prefix: t.exposeString("prefix", { description: "How the token begins, to tell it from others." }),
      expiresAt: t.expose("expiresAt", { type: "DateTime", nullable: true }),
      lastUsedAt: t.expose("lastUsedAt", { type: "DateTime", nullable: true, description: "To the minute." }),
      createdAt: t.expose("createdAt", { type: "DateTime" }),
    }),
  });
  return { AccessTokenType, TokenScope };
}

function addSignIn(
  builder: Builder,
  sessions: Sessions,
  types: ReturnType<typeof addUsersSchema> & {
    Session: ReturnType<typeof addSessionType>;
    secureCookies: boolean;
  },
): void {
  const SignInInput = builder.inputType("SignInInput", {
    fields: (t) => ({ email: t.string({ required: true }), password: t.string({ required: true }) }),
  });
  const SignInPayload = builder.objectRef<SignedIn>("SignInPayload").implement({
    description: "A new session. The token is shown here and nowhere else.",
    fields: (t) => ({
      token: t.exposeString("token", { description: "For `Authorization: Bearer …`." }),
      session: t.expose("session", { type: types.Session }),
      user: t.expose("user", { type: types.User }),
    }),
  });
  builder.mutationFields((t) => ({
    signIn: t.field({
      type: SignInPayload,
      description: "Starts a session; a browser on the server's own origin gets it as a cookie too. " +
        "`INVALID_CREDENTIALS`, `RATE_LIMITED`.",
      args: { input: t.arg({ type: SignInInput, required: true }) },
      resolve: async (_root, { input }, context) => {
        const signedIn = await sessions.signIn(context.actor, input);
        if (context.sameOrigin) {
          context.responseHeaders.append("set-cookie", sessionCookie(signedIn.token, types.secureCookies));
        }
        return signedIn;
      },
    }),
    signOut: t.boolean({
      description: "Ends the session of this request. `UNAUTHENTICATED`, `FORBIDDEN` for access tokens.",
      resolve: async (_root, _args, context) => {
        await sessions.signOut(context.actor);
        context.responseHeaders.append("set-cookie", clearedSessionCookie(types.secureCookies));
        return true;
      },
    }),
    deleteUser: t.boolean({
      description:
        "Deletes an account with its sessions, access tokens and memberships; what it captured stays, without " +
        "its name. For an admin's session. `NOT_FOUND`, `FORBIDDEN`, `CONFLICT` for the last admin.",
      args: { id: t.arg.id({ required: true }) },
      resolve: async (_root, { id }, { actor }) => {
        await sessions.deleteUser(actor, localId("User", id));
        return true;
      },
    }),
  }));
}

type AccessTokenTypes = ReturnType<typeof addAccessTokenType>;

const newAccessToken = z.object({
  name: requiredText(200),
  scopes: z.array(z.enum(TOKEN_SCOPES)).min(1).transform((scopes) => [...new Set(scopes)]),
  projectId: z.string().nullish().transform((id) => id ?? null),
  expiresAt: z.number().nullish().transform((at) => at ?? null),
});

function addAccessTokens(
  builder: Builder,
  sessions: Sessions,
  types: { AccessToken: AccessTokenTypes["AccessTokenType"]; TokenScope: AccessTokenTypes["TokenScope"] },
): void {
  const CreateAccessTokenInput = builder.inputType("CreateAccessTokenInput", {
    fields: (t) => ({
      name: t.string({ required: true, description: "1 to 200 characters." }),
      scopes: t.field({ type: [types.TokenScope], required: true, description: "At least one." }),
      projectId: t.id({ description: "Set: good for this project alone." }),
      expiresAt: t.field({ type: "DateTime", description: "Absent: good until revoked." }),
    }),
  });
  const CreateAccessTokenPayload = builder.objectRef<CreatedAccessToken>("CreateAccessTokenPayload").implement({
    description: "A new access token. The token is shown here and nowhere else.",
    fields: (t) => ({
      token: t.exposeString("token", { description: "`fp_…`, for `Authorization: Bearer …`." }),
      accessToken: t.expose("accessToken", { type: types.AccessToken }),
    }),
  });
  builder.mutationFields((t) => ({
    createAccessToken: t.field({
      type: CreateAccessTokenPayload,
      description: "Makes an access token for oneself, at most 50; in a session only. " +
        "`UNAUTHENTICATED`, `FORBIDDEN`, `NOT_FOUND`, `INVALID_INPUT`, `CONFLICT`.",
      args: { input: t.arg({ type: CreateAccessTokenInput.validate(newAccessToken), required: true }) },
      resolve: (_root, { input }, { actor }) => {
        const projectId = input.projectId === null ? null : localId("Project", input.projectId);
        return sessions.createAccessToken(actor, { ...input, projectId });
      },
    }),
    revokeAccessToken: t.boolean({
      description: "Ends one of one's own access tokens at once; in a session only. `NOT_FOUND`.",
      args: { id: t.arg.id({ required: true }) },
      resolve: async (_root, { id }, { actor }) => {
        await sessions.revokeAccessToken(actor, id);
        return true;
      },
    }),
  }));
}
