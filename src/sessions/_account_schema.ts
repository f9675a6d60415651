import type { Builder } from "../graphql/builder.ts";
import { localId } from "../graphql/nodes.ts";
import type { addUsersSchema } from "../users/schema.ts";
import { userChangeSchema } from "../users/user_input.ts";
import type { Sessions } from "./sessions.ts";

/** Adds the changes of accounts that end sessions or a lock. */
export function addAccounts(
  builder: Builder,
  sessions: Sessions,
  types: ReturnType<typeof addUsersSchema>,
): void {
  const UpdateUserInput = builder.inputType("UpdateUserInput", {
    description: "What to change of an account; what is absent or null stays.",
    fields: (t) => ({
      id: t.id({ required: true, description: "The user's global id." }),
      name: t.string({ description: "1 to 200 characters." }),
      role: t.field({ type: types.UserRole, description: "What it may do in the instance from then on." }),
      status: t.field({ type: types.UserStatus, description: "Whether it may be used from then on." }),
    }),
  });
  builder.mutationFields((t) => ({
    updateUser: t.field({
      type: types.User,
      description:
        "Changes an account; what is absent stays. Another role or `DISABLED` ends what the user has open within a second. " +
        "For an admin's session. `UNAUTHENTICATED`, `NOT_FOUND`, `FORBIDDEN`, `INVALID_INPUT`, `CONFLICT` for the last admin.",
      args: {
        input: t.arg({
          type: UpdateUserInput.validate(userChangeSchema),
          required: true,
          description: "The account and its changes.",
        }),
      },
      resolve: (_root, { input: { id, name, role, status } }, { actor }) =>
        sessions.updateUser(actor, {
          id: localId("User", id),
          name: name ?? null,
          role: role ?? null,
          status: status ?? null,
        }),
    }),
    unlockUser: t.field({
      type: types.User,
      description:
        "Ends a lock after wrong passwords. For an admin's session. `UNAUTHENTICATED`, `NOT_FOUND`, `FORBIDDEN`.",
      args: { id: t.arg.id({ required: true, description: "The user's global id." }) },
      resolve: (_root, { id }, { actor }) => sessions.unlockUser(actor, localId("User", id)),
    }),
    deleteUser: t.boolean({
      description:
        "Deletes an account with its sessions, access tokens and memberships; what it captured stays, without " +
        "its name. For an admin's session. `UNAUTHENTICATED`, `NOT_FOUND`, `FORBIDDEN`, `CONFLICT` for the last admin.",
      args: { id: t.arg.id({ required: true, description: "The user's global id." }) },
      resolve: async (_root, { id }, { actor }) => {
        await sessions.deleteUser(actor, localId("User", id));
        return true;
      },
    }),
    revokeUserSessions: t.int({
      description: "Ends all sessions of a user but the one of this request and says how many; for the user itself " +
        "and admins, in a session only. `UNAUTHENTICATED`, `NOT_FOUND`, `FORBIDDEN`.",
      args: { userId: t.arg.id({ required: true, description: "The user's global id." }) },
      resolve: (_root, { userId }, { actor }) => sessions.revokeAll(actor, localId("User", userId)),
    }),
  }));
}
