import { z } from "zod";
import type { Element } from "../elements/elements.ts";
import type { addElementsSchema } from "../elements/schema.ts";
import type { Builder } from "../graphql/builder.ts";
import { localId, orDeleted } from "../graphql/nodes.ts";
import type { addProjectsSchema } from "../projects/schema.ts";
import type { Projects } from "../projects/projects.ts";
import type { addUsersSchema } from "../users/schema.ts";
import type { Users } from "../users/users.ts";
import type { Answer } from "./_messages.ts";
import type { LivePage, Peers } from "./peers.ts";

type LowerTypes =
  & ReturnType<typeof addUsersSchema>
  & ReturnType<typeof addProjectsSchema>
  & ReturnType<typeof addElementsSchema>;

/** A page in a list, whose elements are looked for once for all of it. */
type ListedPage = LivePage & { pointedElement(): Promise<Element | null> };

/** The rooms whose objects live pages show. */
export interface PeersServices {
  peers: Peers;
  projects: Projects;
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

function addLivePages(builder: Builder, services: PeersServices, types: LowerTypes): void {
  const { peers } = services;
  const LivePageType = addLivePageType(builder, services, types);
  builder.queryFields((t) => ({
    livePages: t.field({
      type: [LivePageType],
      description: "The connected pages of one project, or of all that one is a member of, oldest first. " +
        "`UNAUTHENTICATED`, `FORBIDDEN`, `NOT_FOUND`.",
      args: { projectId: t.arg.id({ description: "A project's global id; absent: all that one is a member of." }) },
      resolve: async (_root, { projectId }, { actor }) => {
        const pages = await peers.livePages(actor, projectId ? localId("Project", projectId) : null);
        let found: ReturnType<Peers["pointedElements"]> | undefined;
        const elementAt = async (index: number) => (await (found ??= peers.pointedElements(pages)))[index] ?? null;
        return pages.map((page, index): ListedPage => ({ ...page, pointedElement: () => elementAt(index) }));
      },
    }),
  }));
}

function addLivePageType(builder: Builder, { projects, users }: PeersServices, types: LowerTypes) {
  return builder.objectRef<ListedPage>("LivePage").implement({
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
      project: t.loadable({
        type: types.Project,
        description: "Whose room it is in.",
        load: async (ids: string[]) => orDeleted(await projects.byIds(ids)),
        loaderOptions: { cache: false },
        resolve: (page) => page.projectId,
      }),
      pointedElement: t.field({
        type: types.Element,
        nullable: true,
        description:
          "What was captured of it last and it still holds, about which `commandPage` asks it; null: there is nothing.",
        resolve: (page) => page.pointedElement(),
      }),
    }),
  });
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

const COMMAND_CODES = "`UNAUTHENTICATED`, `FORBIDDEN` also for a token without `LIVE_COMMANDS`, `NOT_FOUND`, " +
  "`PEER_UNAVAILABLE` where no page holds it, or where it does not answer or not as it should; `NOT_FOUND`, `TOO_LARGE` and " +
  "`UNAVAILABLE` also where the page says so.";

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
  const CommandPageInput = builder.inputType("CommandPageInput", {
    description: "What to ask of which page.",
    fields: (t) => ({
      command: t.field({ type: LiveCommand, required: true, description: "What to ask." }),
      elementId: t.id({
        description:
          "An element's global id, of that page and project where these are given too. Absent: what was captured last.",
      }),
      pageId: t.id({ description: "`LivePage.id` of a connected page; absent: any." }),
      projectId: t.id({ description: "A project's global id; absent: any whose pages one may ask." }),
    }),
  });
  builder.mutationFields((t) => ({
    commandElement: t.field({
      type: types.Element,
      description:
        "Asks the page that holds the element, waits at most 5 s, stores its answer with the rights of the page's user, and gives the element back. " +
        `For editors of the project. ${COMMAND_CODES}`,
      args: {
        input: t.arg({ type: CommandElementInput, required: true, description: "The element and the question." }),
      },
      resolve: (_root, { input: { elementId, command } }, { actor, signal }) =>
        peers.command(actor, { elementId: localId("Element", elementId), command }, signal()),
    }),
    commandPage: t.field({
      type: types.Element,
      description:
        "As `commandElement`, where the element need not be known: about what was captured last and is still held, of a page, of a project's " +
        "pages, or of all pages that one may ask. " +
        `\`INVALID_INPUT\` where element, page and project do not belong together. ${COMMAND_CODES}`,
      args: { input: t.arg({ type: CommandPageInput, required: true, description: "The question, and to whom." }) },
      resolve: (_root, { input: { command, elementId, pageId, projectId } }, { actor, signal }) =>
        peers.commandPage(actor, {
          command,
          elementId: typeof elementId === "string" ? localId("Element", elementId) : null,
          pageId: pageId ?? null,
          projectId: typeof projectId === "string" ? localId("Project", projectId) : null,
        }, signal()),
    }),
  }));
}
