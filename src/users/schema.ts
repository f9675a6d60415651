import type { USER_ROLES } from "../base/actor.ts";
import type { addAuditSchema } from "../audit/schema.ts";
import type { Builder } from "../graphql/builder.ts";
import { loadVisible, localId } from "../graphql/nodes.ts";
import { readPage, toConnection } from "../graphql/pages.ts";
import { newUserSchema, type USER_STATUSES } from "./user_input.ts";
import type { User, Users } from "./users.ts";

/** Adds `User`, `viewer`, `user`, `users` and `createUser`, and a security event's actor. */
export function addUsersSchema(builder: Builder, users: Users, { SecurityEvent }: ReturnType<typeof addAuditSchema>) {
  const types = addUserType(builder, users);
  builder.objectField(SecurityEvent, "actor", (t) =>
    t.loadable({
      type: types.User,
      nullable: true,
      description: "Who did it, also by an access token; null for a guest, the server, and a deleted account.",
      load: (ids: string[]) => users.byIds(ids),
      loaderOptions: { cache: false },
      resolve: ({ actorId }) => actorId,
    }));
  builder.queryFields((t) => ({
    viewer: t.field({
      type: types.User,
      nullable: true,
      description: "Who is asking: the signed-in user or an access token's owner; null for a guest.",
      resolve: (_root, _args, { actor }) => "userId" in actor ? users.get(actor, actor.userId) : null,
    }),
    user: t.field({
      type: types.User,
      nullable: true,
      description: "A user by id: oneself, or anyone for an admin's session. `UNAUTHENTICATED`, `NOT_FOUND` else.",
      args: { id: t.arg.id({ required: true, description: "The user's global id." }) },
      resolve: (_root, { id }, { actor }) => users.get(actor, localId("User", id)),
    }),
  }));
  addUserList(builder, users, types);
  addCreateUser(builder, users, types);
  return types;
}

function addUserType(builder: Builder, users: Users) {
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
    values: {
      ACTIVE: { description: "It may." },
      DISABLED: { description: "It may not: nobody signs in, and its sessions and access tokens are refused." },
    } satisfies Record<(typeof USER_STATUSES)[number], object>,
  });
  const UserNode = builder.node(builder.objectRef<User>("User"), {
    description: "An account of the instance.",
    id: { resolve: (user) => user.id },
    loadMany: (ids, context) => loadVisible(context, ids, (id) => users.get(context.actor, id)),
    fields: (t) => ({
      email: t.exposeString("email", {
        description: "The address to sign in with, as it was given; compared in NFKC lower case.",
      }),
      name: t.exposeString("name", { description: "The name that others see, 1 to 200 characters." }),
      role: t.expose("role", {
        type: UserRole,
        description: "What it may do in the instance; a project's role is its own.",
      }),
      status: t.expose("status", { type: UserStatus, description: "Whether it may be used." }),
      lockedUntil: t.expose("lockedUntil", {
        type: "DateTime",
        nullable: true,
        description:
          "Until then sign-in is refused, because of five wrong passwords within 15 minutes: for 15 minutes, the next " +
          "time 30, then 60. `unlockUser` ends it.",
      }),
      lastSignInAt: t.expose("lastSignInAt", {
        type: "DateTime",
        nullable: true,
        description: "When somebody last signed in with its password; null: nobody did yet.",
      }),
      createdAt: t.expose("createdAt", { type: "DateTime", description: "When it was made." }),
      updatedAt: t.expose("updatedAt", {
        type: "DateTime",
        description: "When its name, role, status or password was last changed.",
      }),
    }),
  });
  return { User: UserNode, UserRole, UserStatus };
}

type UserTypes = ReturnType<typeof addUserType>;

function addUserList(builder: Builder, users: Users, { User, UserRole, UserStatus }: UserTypes): void {
  const UserFilter = builder.inputType("UserFilter", {
    description: "Which accounts a list has: those that fit all that is set.",
    fields: (t) => ({
      role: t.field({ type: [UserRole], description: "One of these roles; absent: any." }),
      status: t.field({ type: [UserStatus], description: "One of these; absent: any." }),
    }),
  });
  builder.queryField("users", (t) =>
    t.connection(
      {
        type: User,
        description:
          "All accounts, newest first; `first` or `last` 1 to 100, 20 where neither is given. For an admin's session. " +
          "`UNAUTHENTICATED`, `FORBIDDEN`, `INVALID_INPUT`.",
        args: {
          filter: t.arg({ type: UserFilter, description: "Absent: all of them." }),
          search: t.arg.string({ description: "A part of the e-mail or the name, in whatever case." }),
        },
        resolve: async (_root, { filter, search, ...args }, { actor, signal }) => {
          const page = readPage(args);
          const chosen = { role: filter?.role ?? null, status: filter?.status ?? null };
          const listing = { ...chosen, search: search || null, signal: signal() };
          return toConnection(page, await users.list(actor, listing, page));
        },
      },
      { name: "UserConnection", description: "A page of accounts." },
      { name: "UserEdge", description: "An account in a list." },
    ));
}

function addCreateUser(builder: Builder, users: Users, { User, UserRole }: UserTypes): void {
  const CreateUserInput = builder.inputType("CreateUserInput", {
    description: "What an account is made from.",
    fields: (t) => ({
      email: t.string({ required: true, description: "3 to 254 characters; compared in NFKC lower case." }),
      name: t.string({ required: true, description: "1 to 200 characters." }),
      password: t.string({
        required: true,
        description: "At least 12 characters and at most 72 bytes; not the e-mail or name, and not a common one.",
      }),
      role: t.field({ type: UserRole, required: true, description: "What it may do in the instance." }),
    }),
  });
  builder.mutationField("createUser", (t) =>
    t.field({
      type: User,
      description: "Makes an account. For an admin's session. `UNAUTHENTICATED`, `FORBIDDEN`, `INVALID_INPUT`, " +
        "`CONFLICT` for an e-mail that has one, `UNAVAILABLE` when too many passwords are checked at once.",
      args: {
        input: t.arg({
          type: CreateUserInput.validate(newUserSchema),
          required: true,
          description: "The account to be.",
        }),
      },
      resolve: (_root, { input }, { actor }) => users.create(actor, input),
    }));
}
