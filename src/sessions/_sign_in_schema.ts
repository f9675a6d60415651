import { z } from "zod";
import { requireSession } from "../base/actor.ts";
import type { Builder } from "../graphql/builder.ts";
import type { addUsersSchema } from "../users/schema.ts";
import { passwordSchema } from "../users/user_input.ts";
import type { SignedIn } from "./_sign_in.ts";
import { clearedSessionCookie, sessionCookie } from "./cookies.ts";
import type { addSessionType } from "./_session_type.ts";
import type { Sessions } from "./sessions.ts";

type SignInTypes = ReturnType<typeof addUsersSchema> & {
  Session: ReturnType<typeof addSessionType>;
  secureCookies: boolean;
};

const passwordChange = z.object({ currentPassword: z.string(), newPassword: passwordSchema });

/** Adds sign-in, sign-out, and the end of sessions. */
export function addSignIn(
  builder: Builder,
  sessions: Sessions,
  types: SignInTypes,
): void {
  const SignInInput = builder.inputType("SignInInput", {
    description: "How somebody proves who they are.",
    fields: (t) => ({
      email: t.string({ required: true, description: "Compared in NFKC lower case, without white space around it." }),
      password: t.string({ required: true, description: "Compared byte by byte." }),
    }),
  });
  const ChangePasswordInput = builder.inputType("ChangePasswordInput", {
    description: "One's present password and the one that replaces it.",
    fields: (t) => ({
      currentPassword: t.string({
        required: true,
        description: "The present one: a session alone does not change it.",
      }),
      newPassword: t.string({
        required: true,
        description: "At least 12 characters and at most 72 bytes; not the e-mail or name, and not a common one.",
      }),
    }),
  });
  const SignInPayload = builder.objectRef<SignedIn>("SignInPayload").implement({
    description: "A new session. The token is shown here and nowhere else.",
    fields: (t) => ({
      token: t.exposeString("token", { description: "For `Authorization: Bearer …`." }),
      session: t.expose("session", { type: types.Session, description: "What stays known of it." }),
      user: t.expose("user", { type: types.User, description: "Who signed in." }),
    }),
  });
  builder.mutationFields((t) => ({
    signIn: t.field({
      type: SignInPayload,
      description:
        "Starts a session and ends the one that this request came in; a browser on the server's own origin gets it as " +
        "a cookie too. `INVALID_CREDENTIALS`, alike for an unknown e-mail, a wrong password, a disabled account and a lock (five " +
        "wrong passwords within 15 minutes: for 15 minutes, the next time 30, then 60); `RATE_LIMITED`; `UNAVAILABLE` when too " +
        "many try at once. With one more than 100 sessions the oldest ends.",
      args: { input: t.arg({ type: SignInInput, required: true, description: "Who, and how they prove it." }) },
      resolve: async (_root, { input }, context) => {
        const signedIn = await sessions.signIn(context.actor, input);
        if (context.sameOrigin()) {
          context.responseHeaders().append("set-cookie", sessionCookie(signedIn.token, types.secureCookies));
        }
        return signedIn;
      },
    }),
    signOut: t.boolean({
      description: "Ends the session of this request. `UNAUTHENTICATED`, `FORBIDDEN` for access tokens.",
      resolve: async (_root, _args, context) => {
        await sessions.signOut(context.actor);
        context.responseHeaders().append("set-cookie", clearedSessionCookie(types.secureCookies));
        return true;
      },
    }),
    revokeSession: t.boolean({
      description:
        "Ends one of one's own sessions, anybody's for an admin, and within a second what is open with it; in a " +
        "session only. `UNAUTHENTICATED`, `FORBIDDEN`, `NOT_FOUND`.",
      args: { id: t.arg.id({ required: true, description: "`Session.id`." }) },
      resolve: async (_root, { id }, { actor }) => {
        await sessions.revoke(actor, id);
        return true;
      },
    }),
    revokeOtherSessions: t.int({
      description: "Ends one's other sessions and says how many; in a session only. `UNAUTHENTICATED`, `FORBIDDEN`.",
      resolve: (_root, _args, { actor }) => sessions.revokeAll(actor, requireSession(actor).userId),
    }),
    changePassword: t.boolean({
      description: "Changes one's own password and ends one's other sessions; in a session only. " +
        "`UNAUTHENTICATED`; `FORBIDDEN` for access tokens; `INVALID_CREDENTIALS` for a wrong present one, which counts towards the lock, and in a lock; `INVALID_INPUT`; " +
        "`CONFLICT` if it was changed meanwhile; `UNAVAILABLE` when too many passwords are checked at once.",
      args: {
        input: t.arg({
          type: ChangePasswordInput.validate(passwordChange),
          required: true,
          description: "The present and the new one.",
        }),
      },
      resolve: async (_root, { input }, { actor }) => {
        await sessions.changePassword(actor, input);
        return true;
      },
    }),
  }));
}
