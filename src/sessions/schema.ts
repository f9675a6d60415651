import type { Builder } from "../graphql/builder.ts";
import type { addUsersSchema } from "../users/schema.ts";
import { addAccessTokens, addAccessTokenType } from "./_access_token_schema.ts";
import { addAccounts } from "./_account_schema.ts";
import { addSessionType } from "./_session_type.ts";
import { addSignIn } from "./_sign_in_schema.ts";
import type { Sessions } from "./sessions.ts";

/** Adds sign-in, the end of sessions, changes of accounts, `Session`, `AccessToken` and the user's lists of them. */
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
      description:
        "The live sessions, at most 100, oldest first; for the user itself and admins, in a session only. `FORBIDDEN`.",
      resolve: (user, _args, { actor }) => sessions.ofUser(actor, user.id),
    }),
    accessTokens: t.loadableList({
      type: AccessTokenType,
      description: "The access tokens, at most 50; for the user itself and admins, in a session only. `FORBIDDEN`.",
      load: (ids: string[], { actor }) => sessions.accessTokensOf(actor, ids),
      loaderOptions: { cache: false },
      resolve: (user) => user.id,
    }),
  }));
  addSignIn(builder, sessions, { ...types, Session: SessionType });
  addAccounts(builder, sessions, types);
  addAccessTokens(builder, sessions, { AccessToken: AccessTokenType, TokenScope });
  return { AccessToken: AccessTokenType, TokenScope };
}
