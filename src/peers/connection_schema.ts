import type { Builder } from "../graphql/builder.ts";
import { loadVisible, localId, orDeleted } from "../graphql/nodes.ts";
import { readPage, toConnection } from "../graphql/pages.ts";
import type { addProjectsSchema } from "../projects/schema.ts";
import type { Projects } from "../projects/projects.ts";
import type { addUsersSchema } from "../users/schema.ts";
import type { Users } from "../users/users.ts";
import type { Connections, ConnectionState, WebrtcConnection } from "./connections.ts";

/** The rooms whose objects a connection shows. */
export interface ConnectionServices {
  connections: Connections;
  projects: Projects;
  users: Users;
}

/** What the schema needs of lower rooms. */
export type ConnectionSchemaTypes = ReturnType<typeof addUsersSchema> & ReturnType<typeof addProjectsSchema>;

/** Adds `WebrtcConnection` and `webrtcConnections`. */
export function addConnectionSchema(
  builder: Builder,
  services: ConnectionServices,
  types: ConnectionSchemaTypes,
): void {
  const ConnectionNode = addConnectionType(builder, services, types);
  builder.queryField("webrtcConnections", (t) =>
    t.connection(
      {
        type: ConnectionNode,
        description:
          "Records of the WebRTC connections of one project's rooms, or of all that one is a member of, newest first; " +
          "`first` or `last` 1 to 100, 20 where neither is given. A connection is kept for 90 days after its end. " +
          "`UNAUTHENTICATED`, `FORBIDDEN`, `NOT_FOUND`, `INVALID_INPUT`.",
        args: { projectId: t.arg.id({ description: "A project's global id; absent: all that one is a member of." }) },
        resolve: async (_root, { projectId, ...paging }, { actor }) => {
          const page = readPage(paging);
          const request = { projectId: projectId ? localId("Project", projectId) : null, page };
          return toConnection(page, await services.connections.list(actor, request));
        },
      },
      { name: "WebrtcConnectionConnection", description: "A page of WebRTC connections." },
      { name: "WebrtcConnectionEdge", description: "A WebRTC connection in a list." },
    ));
}

const NUMBERS =
  "As the server counts on a connection of its own, with what the protocols add; refreshed every few seconds";

function addConnectionType(
  builder: Builder,
  { connections, projects, users }: ConnectionServices,
  types: ConnectionSchemaTypes,
) {
  const State = addState(builder);
  return builder.node(builder.objectRef<WebrtcConnection>("WebrtcConnection"), {
    description:
      "What became of one negotiation: of all signals between two peers of a room under one `negotiationId`, up to its end. " +
      "For who may join the room.",
    id: { resolve: (connection) => connection.id },
    loadMany: (ids, context) => loadVisible(context, ids, (id) => connections.get(context.actor, id)),
    fields: (t) => ({
      project: t.loadable({
        type: types.Project,
        description: "In whose room it was.",
        load: async (ids: string[]) => orDeleted(await projects.byIds(ids)),
        loaderOptions: { cache: false },
        resolve: (connection) => connection.projectId,
      }),
      state: t.expose("state", { type: State, description: "How far it came." }),
      initiator: t.loadable({
        type: types.User,
        nullable: true,
        description: "Who sent the first offer; null: the account was deleted.",
        load: async (ids: string[]) => orDeleted(await users.byIds(ids)),
        loaderOptions: { cache: false },
        resolve: (connection) => connection.initiatorId,
      }),
      bytesReceived: t.exposeFloat("bytesReceived", { description: `${NUMBERS}. 0 between two pages.` }),
      bytesSent: t.exposeFloat("bytesSent", { description: `${NUMBERS}. 0 between two pages.` }),
      roundTripMs: t.exposeFloat("roundTripMs", {
        nullable: true,
        description: "The last round trip that the server measured, in milliseconds; null: none, as between two pages.",
      }),
      openedAt: t.expose("openedAt", {
        type: "DateTime",
        nullable: true,
        description: "When its data channel opened; null: it did not, or it is between two pages.",
      }),
      closedAt: t.expose("closedAt", {
        type: "DateTime",
        nullable: true,
        description: "When it ended; null: it has not.",
      }),
      createdAt: t.expose("createdAt", { type: "DateTime", description: "When the first offer was sent." }),
    }),
  });
}

function addState(builder: Builder) {
  return builder.enumType("ConnectionState", {
    description: "How far a WebRTC connection is. Between two pages the server knows of their signals alone.",
    values: {
      NEW: { description: "It was offered." },
      CONNECTING: { description: "The offer was answered; between two pages it stays so until its end." },
      CONNECTED: { description: "The server's data channel to a page is open." },
      DISCONNECTED: { description: "The server does not hear the page, which may come back." },
      FAILED: { description: "No answer came in 60 s, or the server could not open it, or lost it." },
      CLOSED: { description: "One side ended it or left the room, or the server stopped." },
    } satisfies Record<ConnectionState, object>,
  });
}
