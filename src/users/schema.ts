import type { USER_ROLES } from "../base/actor.ts";
import type { Builder } from "../graphql/builder.ts";
import { loadVisible, localId } from "../graphql/nodes.ts";
import type { User, Users } from "./users.ts";

/** Adds `User`, `viewer` and `user`. */
export function addUsersSchema(builder: Builder, users: Users) {
  const UserRole = builder.enumType("UserRole", {
    description: "What a person may do in the instance.",
    values: {
      ADMIN: { description: "Manages people, limits, settings and the audit log; may have projects too." },
      DEVELOPER: { description: "Has projects of its own and captures elements." },
      VIEWER: { description: "Reads the projects it is in and changes nothing but its own account." },
    } satisfies Record<(typeof USER_ROLES)[number], object>,
  });
  const UserStatus = builder.enumType("UserStatus", {
    description: "Whether an account may be used.",
    values: ["ACTIVE", "DISABLED"] as const,
  });
  const UserNode = builder.node(builder.objectRef<User>("User"), {
    description: "An account of the instance.",
    id: { resolve: (user) => user.id },
    loadMany: (ids, { actor }) => loadVisible(ids, (id) => users.get(actor, id)),
    fields: (t) => ({
      email: t.exposeString("email", { description: "The address to sign in with." }),
      name: t.exposeString("name"),
      role: t.expose("role", { type: UserRole }),
      status: t.expose("status", { type: UserStatus }),
      lockedUntil: t.expose("lockedUntil", {
        type: "DateTime",
        nullable: true,
        description: "Until then sign-in is refused after too many wrong passwords.",
      }),
      lastSignInAt: t.expose("lastSignInAt", { type: "DateTime", nullable: true }),
      createdAt: t.expose("createdAt", { type: "DateTime" }),
      updatedAt: t.expose("updatedAt", { type: "DateTime" }),
    }),
  });
  builder.queryFields((t) => ({
    viewer: t.field({
      type: UserNode,
      nullable: true,
      description: "Who is asking: the signed-in user or an access token's owner; null for a guest.",
      resolve: (_root, _args, { actor }) => "userId" in actor ? users.get(actor, actor.userId) : null,
    }),
    user: t.field({
      type: UserNode,
      nullable: true,
      description: "A user by id: oneself, or anyone for an admin. `NOT_FOUND` else.",
      args: { id: t.arg.id({ required: true }) },
      resolve: (_root, { id }, { actor }) => users.get(actor, localId("User", id)),
    }),
  }));
  return { User: UserNode, UserRole };
}
