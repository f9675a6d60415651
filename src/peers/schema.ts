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
      id: t.exposeID("id", { description: "As the page names itself: an element's `pageId`." }),
      peerId: t.exposeID("peerId", { description: "In the room in which it connected." }),
      url: t.exposeString("url"),
      title: t.exposeString("title"),
      user: t.loadable({
        type: types.User,
        nullable: true,
        description: "null: the account was deleted.",
        load: async (ids: string[]) => orDeleted(await users.byIds(ids)),
        loaderOptions: { cache: false },
        resolve: (page) => page.userId,
      }),
      connectedAt: t.expose("connectedAt", { type: "DateTime" }),
    }),
  });
  builder.queryFields((t) => ({
    livePages: t.field({
      type: [LivePageType],
      description: "The connected pages of one project, or of all that one is a member of, oldest first. " +
        "`NOT_FOUND`, `FORBIDDEN`.",
      args: { projectId: t.arg.id() },
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
