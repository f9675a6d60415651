import { z } from "zod";
import type { addElementsSchema } from "../elements/schema.ts";
import type { Builder } from "../graphql/builder.ts";
import { localId, orDeleted } from "../graphql/nodes.ts";
import type { addUsersSchema } from "../users/schema.ts";
import type { Users } from "../users/users.ts";
import type { Answer } from "./_messages.ts";
import type { LivePage, Peers } from "./peers.ts";

type LowerTypes = ReturnType<typeof addUsersSchema> & ReturnType<typeof addElementsSchema>;

/** The rooms whose objects live pages show. */
export interface PeersServices {
  peers: Peers;
  users: Users;
}

/** Adds live pages, whether an element is live, and the channel over GraphQL. */
export function addPeersSchema(builder: Builder, services: PeersServices, types: LowerTypes): void {
  addLivePages(builder, services, types);
  addChannel(builder, services.peers);
  addCommand(builder, services.peers, types);
  builder.objectField(types.Element, "live", (t) =>
    t.boolean({
      description: "Whether a connected page holds it now.",
      resolve: (element) => services.peers.isLive(element),
    }));
}

function addLivePages(builder: Builder, { peers, users }: PeersServices, types: LowerTypes): void {
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
}

const channelMessage = z.object({ from: z.string(), message: z.unknown() });

function addChannel(builder: Builder, peers: Peers): void {
  const SendChannelMessageInput = builder.inputType("SendChannelMessageInput", {
    description: "What a page says to the server. A request with it may have 12 MiB.",
    validate: channelMessage,
    fields: (t) => ({
      from: t.id({ required: true, description: "A peer of one's own whose `channelMessages` are open." }),
      message: t.field({
        type: "JSON",
        required: true,
        description:
          "A message as it would go over the data channel, at most 8 MiB as JSON: an object with `type` and `id`.",
      }),
    }),
  });
  builder.mutationFields((t) => ({
    sendChannelMessage: t.boolean({
      description:
        "Says something to the server over the channel of `channelMessages`; true when its turn came. Its answer comes on the " +
        "channel. What is sent before that may overtake it. `UNAUTHENTICATED`, `FORBIDDEN`, `NOT_FOUND` for a peer that is not one's own, " +
        "`INVALID_INPUT`, `TOO_LARGE`, `UNAVAILABLE` where too many messages wait, `PEER_UNAVAILABLE` where no channel is open.",
      args: { input: t.arg({ type: SendChannelMessageInput, required: true, description: "The message." }) },
      resolve: async (_root, { input: { from, message } }, { actor }) => {
        await peers.sendMessage(actor, { from, message });
        return true;
      },
    }),
  }));
  builder.subscriptionFields((t) => ({
    channelMessages: t.field({
      type: "JSON",
      description:
        "Opens a channel between a peer of one's own and the server that carries the messages of the data channel, for where " +
        "UDP is blocked: what the server says, `opened` first. Ending it closes the channel; a peer has one, and another ends it. " +
        "`UNAUTHENTICATED`, `FORBIDDEN`, `NOT_FOUND` for a peer that is not one's own, `CONFLICT` where one has 8 connections or the " +
        "server has 200; `UNAVAILABLE` ends it for who reads too slowly.",
      args: { from: t.arg.id({ required: true, description: "`Peer.id` of one's own, from `RoomJoined.self`." }) },
      subscribe: (_root, { from }, { actor, signal }) => peers.openMessages(actor, from, signal()),
      resolve: (message: Answer) => message,
    }),
  }));
}

function addCommand(builder: Builder, peers: Peers, types: LowerTypes): void {
  const LiveCommand = builder.enumType("LiveCommand", {
    description: "What to ask of the page that holds an element.",
    values: {
      HIGHLIGHT: { description: "Show the person at the page which element it is. Nothing is stored." },
      INSPECT: { description: "Say anew what the element is like." },
      SCREENSHOT: { description: "Take a screenshot of it." },
    },
  });
  const CommandElementInput = builder.inputType("CommandElementInput", {
    description: "What to ask of which element's page.",
    fields: (t) => ({
      elementId: t.id({ required: true, description: "The element's global id." }),
      command: t.field({ type: LiveCommand, required: true, description: "What to ask." }),
    }),
  });
  builder.mutationFields((t) => ({
    commandElement: t.field({
      type: types.Element,
      description:
        "Asks the page that holds the element, waits at most 5 s, stores its answer with the rights of the page's user, and gives the element back. " +
        "For editors of the project. `UNAUTHENTICATED`, `FORBIDDEN` also for a token without `LIVE_COMMANDS`, `NOT_FOUND`, " +
        "`PEER_UNAVAILABLE` where no page holds it, or where it does not answer or not as it should; `NOT_FOUND`, `TOO_LARGE` and " +
        "`UNAVAILABLE` also where the page says so.",
      args: {
        input: t.arg({ type: CommandElementInput, required: true, description: "The element and the question." }),
      },
      resolve: (_root, { input: { elementId, command } }, { actor, signal }) =>
        peers.command(actor, { elementId: localId("Element", elementId), command }, signal()),
    }),
  }));
}
