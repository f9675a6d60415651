import { z } from "zod";
import { projectNameSchema } from "./project_input.ts";
import type { Builder } from "../graphql/builder.ts";
import { loadVisible, localId, orDeleted } from "../graphql/nodes.ts";
import { readPage, toConnection } from "../graphql/pages.ts";
import type { addSessionsSchema } from "../sessions/schema.ts";
import type { addUsersSchema } from "../users/schema.ts";
import type { Users } from "../users/users.ts";
import type { Project, ProjectMember, Projects } from "./projects.ts";

type LowerTypes = ReturnType<typeof addUsersSchema> & ReturnType<typeof addSessionsSchema>;

/** Adds `Project`, `project`, `projects` and `createProject`, and an access token's project. */
export function addProjectsSchema(
  builder: Builder,
  { projects, users }: { projects: Projects; users: Users },
  types: LowerTypes,
) {
  const { ProjectNode, ProjectRole } = addProjectType(builder, { projects, users }, types);
  builder.objectField(types.AccessToken, "project", (t) =>
    t.loadable({
      type: ProjectNode,
      nullable: true,
      description: "Set: the token is good for this project alone.",
      load: async (ids: string[]) => orDeleted(await projects.byIds(ids)),
      loaderOptions: { cache: false },
      resolve: (token) => token.projectId,
    }));
  builder.queryFields((t) => ({
    project: t.field({
      type: ProjectNode,
      nullable: true,
      description: "A project that one is a member of, or any for an admin. `UNAUTHENTICATED`, `NOT_FOUND`.",
      args: { id: t.arg.id({ required: true, description: "The project's global id." }) },
      resolve: (_root, { id }, { actor }) => projects.get(actor, localId("Project", id)),
    }),
    projects: t.connection(
      {
        type: ProjectNode,
        description:
          "The projects that one is a member of, all for an admin, newest first; `first` or `last` 1 to 100, 20 where " +
          "neither is given. `UNAUTHENTICATED`, `INVALID_INPUT`.",
        resolve: async (_root, args, { actor }) => {
          const page = readPage(args);
          return toConnection(page, await projects.list(actor, page));
        },
      },
      { name: "ProjectConnection", description: "A page of projects." },
      { name: "ProjectEdge", description: "A project in a list." },
    ),
  }));
  const CreateProjectInput = builder.inputType("CreateProjectInput", {
    description: "What a project is made from.",
    fields: (t) => ({ name: t.string({ required: true, description: "1 to 200 characters." }) }),
  });
  const SetProjectMemberInput = builder.inputType("SetProjectMemberInput", {
    description: "Who is what in a project from now on.",
    fields: (t) => ({
      projectId: t.id({ required: true, description: "The project's global id." }),
      userId: t.id({ required: true, description: "The user's global id." }),
      role: t.field({ type: ProjectRole, description: "Absent or null: out of the project." }),
    }),
  });
  builder.mutationFields((t) => ({
    setProjectMember: t.field({
      type: ProjectNode,
      description:
        "Puts somebody into a project, gives them another role, or takes them out; for its owners, and for " +
        "admins in any project; in a session only. What the role does not allow any more ends within a second. " +
        "`UNAUTHENTICATED`, `NOT_FOUND`, `FORBIDDEN`, `CONFLICT` for the last owner.",
      args: {
        input: t.arg({ type: SetProjectMemberInput, required: true, description: "The project, who, and the role." }),
      },
      resolve: (_root, { input }, { actor }) =>
        projects.setMember(actor, {
          projectId: localId("Project", input.projectId),
          userId: localId("User", input.userId),
          role: input.role ?? null,
        }),
    }),
    createProject: t.field({
      type: ProjectNode,
      description: "Makes a project that one owns; in a session only. `UNAUTHENTICATED`, `FORBIDDEN`, `INVALID_INPUT`.",
      args: {
        input: t.arg({
          type: CreateProjectInput.validate(newProject),
          required: true,
          description: "The project to be.",
        }),
      },
      resolve: (_root, { input }, { actor }) => projects.create(actor, input),
    }),
  }));
  return { Project: ProjectNode };
}

const newProject = z.object({ name: projectNameSchema });

function addProjectType(
  builder: Builder,
  { projects, users }: { projects: Projects; users: Users },
  types: LowerTypes,
) {
  const ProjectRole = builder.enumType("ProjectRole", {
    description: "What a member of a project may do.",
    values: {
      OWNER: { description: "All, members and deletion included." },
      EDITOR: { description: "Captures, comments, sets the status, gives live commands." },
      VIEWER: { description: "Reads and joins rooms." },
    },
  });
  const ProjectMemberType = builder.objectRef<ProjectMember>("ProjectMember").implement({
    description: "Somebody in a project.",
    fields: (t) => ({
      user: t.loadable({
        type: types.User,
        description: "Who it is, also for those who don't see the account by its id.",
        load: async (ids: string[]) => orDeleted(await users.byIds(ids)),
        loaderOptions: { cache: false },
        resolve: (member) => member.userId,
      }),
      role: t.expose("role", { type: ProjectRole, description: "What they may do in the project." }),
    }),
  });
  const ProjectNode = builder.node(builder.objectRef<Project>("Project"), {
    description: "What elements, rooms and tokens belong to.",
    id: { resolve: (project) => project.id },
    loadMany: (ids, context) => loadVisible(context, ids, (id) => projects.get(context.actor, id)),
    fields: (t) => ({
      name: t.exposeString("name", { description: "1 to 200 characters." }),
      revision: t.exposeInt("revision", { description: "The number of changes to its elements so far." }),
      members: t.loadableList({
        type: ProjectMemberType,
        description: "Who is in it, by the time they came in.",
        load: (ids: string[]) => projects.membersOf(ids),
        loaderOptions: { cache: false },
        resolve: (project) => project.id,
      }),
      createdAt: t.expose("createdAt", { type: "DateTime", description: "When it was made." }),
    }),
  });
  return { ProjectNode, ProjectRole };
}
