import type { addElementsSchema } from "../elements/schema.ts";
import type { Builder } from "../graphql/builder.ts";
import { localId, orDeleted } from "../graphql/nodes.ts";
import type { addUsersSchema } from "../users/schema.ts";
import type { Users } from "../users/users.ts";
import type { LivePage, Peers } from "./peers.ts";

type LowerTypes = ReturnType<typeof addUsersSchema> & ReturnType<typeof addElementsSchema>;

/** Adds `LivePage`, `livePages` and whether an element is live. */
export function addPeersSchema(
  builder: Builder,
  { peers, users }: { peers: Peers; users: Users },
  types: LowerTypes,
): void {
  const LivePageType = builder.objectRef<LivePage>("LivePage").implement({
    description: "A connected page: one tab of one browser.",
    fields: (t) => ({
      id: t.exposeID("id", { description: "As the page names itself, 1 to 200 characters: an element's `pageId`." }),
      peerId: t.exposeID("peerId", { description: "Its peer in the room in which it connected." }),
      url: t.exposeString("url", { description: "Its absolute URL, at most 32,768 characters." }),
      title: t.exposeString("title", { description: "Its title, at most 10,000 characters." }),
      user: t.loadable({
        type: types.User,
        nullable: true,
        description: "Whose page it is; null: the account was deleted.",
        load: async (ids: string[]) => orDeleted(await users.byIds(ids)),
        loaderOptions: { cache: false },
        resolve: (page) => page.userId,
      }),
      connectedAt: t.expose("connectedAt", { type: "DateTime", description: "When its data channel opened." }),
    }),
  });
  builder.queryFields((t) => ({
    livePages: t.field({
      type: [LivePageType],
      description: "The connected pages of one project, or of all that one is a member of, oldest first. " +
        "`UNAUTHENTICATED`, `FORBIDDEN`, `NOT_FOUND`.",
      args: { projectId: t.arg.id({ description: "A project's global id; absent: all that one is a member of." }) },
      resolve: (_root, { projectId }, { actor }) =>
        peers.livePages(actor, projectId ? localId("Project", projectId) : null),
    }),
  }));
  builder.objectField(types.Element, "live", (t) =>
    t.boolean({
      description: "Whether a connected page holds it now.",
      resolve: (element) => peers.isLive(element),
    }));
}
