import type { Actor } from "../base/actor.ts";
import { AppError, invalidInput } from "../base/errors.ts";
import { type Permission, requirePermission } from "../base/permissions.ts";
import type { Element, Elements } from "../elements/elements.ts";
import type { Projects } from "../projects/projects.ts";
import { unavailable } from "./_commands.ts";
import type { Conversation } from "./_conversation.ts";
import type { Conversations } from "./_conversations.ts";
import type { HeldElement } from "./_holders.ts";
import type { ElementCommand, LivePage, PageCommand, Peers } from "./peers.ts";

/** A page that is connected, and the channel to it. */
interface OpenPage {
  page: LivePage;
  conversation: Conversation;
}

const MAX_SHOWN_ID = 64;

/** Builds what is asked of connected pages, and of the server about them. */
export function createLivePages(
  { elements, projects }: { elements: Elements; projects: Projects },
  { all, holdersOf, heldBy }: Pick<Conversations, "all" | "holdersOf" | "heldBy">,
): Pick<Peers, "livePages" | "isLive" | "command" | "commandPage" | "pointedElements"> {
  return { livePages, isLive, command, commandPage, pointedElements };

  async function livePages(actor: Actor, projectId: string | null): Promise<LivePage[]> {
    requirePermission(actor, "READ_ELEMENTS");
    const open = await pagesFor(actor, projectId, "READ_ELEMENTS");
    return open.map(({ page }) => page).sort((one, other) => one.connectedAt - other.connectedAt);
  }

  /** The pages of a project, or of all (null) in which the actor holds the permission. */
  async function pagesFor(actor: Actor, projectId: string | null, permission: Permission): Promise<OpenPage[]> {
    const authorize = (id: string) => projects.authorize(actor, { projectId: id, permission });
    if (projectId !== null) await authorize(projectId);
    const open = openPages();
    if (projectId !== null) return open.filter(({ page }) => page.projectId === projectId);
    const projectIds = [...new Set(open.map(({ page }) => page.projectId))];
    const allowed = await Promise.all(projectIds.map((id) => isAllowed(authorize(id))));
    return open.filter(({ page }) => allowed[projectIds.indexOf(page.projectId)]);
  }

  function openPages(): OpenPage[] {
    return all().flatMap((conversation) => {
      const page = conversation.livePage();
      return page === null ? [] : [{ page, conversation }];
    });
  }

  function isLive(element: HeldElement): Promise<boolean> {
    return Promise.resolve(holdersOf(element).some((conversation) => conversation.livePage() !== null));
  }

  async function command(actor: Actor, { elementId, command }: ElementCommand, signal: AbortSignal): Promise<Element> {
    const element = await elements.commandable(actor, elementId);
    const holder = await firstThatMayWrite(holdersOf(element), element.projectId);
    if (holder === null) throw unavailable("no page that is connected holds the element");
    await elements.recordCommand(actor, element, command);
    await holder.commands.ask({ elementId, selector: element.selector, command, signal });
    // As it is now, for who may still ask.
    return await elements.commandable(actor, elementId);
  }

  async function firstThatMayWrite(conversations: Conversation[], projectId: string): Promise<Conversation | null> {
    for (const conversation of conversations) if (await mayWrite(conversation, projectId)) return conversation;
    return null;
  }

  // Any page of the room may say that it is the one of an element, and a right may have gone since.
  function mayWrite({ actor }: Conversation, projectId: string): Promise<boolean> {
    return isAllowed(projects.authorize(actor, { projectId, permission: "WRITE_ELEMENTS" }));
  }

  async function commandPage(actor: Actor, asked: PageCommand, signal: AbortSignal): Promise<Element> {
    const { elementId, command: name } = asked;
    if (elementId === null) {
      const { id } = await pointedAt(actor, asked);
      return await command(actor, { elementId: id, command: name }, signal);
    }
    requireTogether(await elements.commandable(actor, elementId), asked);
    return await command(actor, { elementId, command: name }, signal);
  }

  function requireTogether(element: Element, { pageId, projectId }: PageCommand): void {
    if (projectId !== null && projectId !== element.projectId) {
      throw invalidInput(["input", "projectId"], "Cannot ask about an element of another project than projectId");
    }
    if (pageId === null || pageId === element.pageId) return;
    if (holdersOf(element).some((conversation) => conversation.livePage()?.id === pageId)) return;
    throw invalidInput(["input", "pageId"], "Cannot ask about an element of another page than pageId");
  }

  /** What was captured last of the pages that are wanted and may be asked. What the actor may not ask is as if it were not there. */
  async function pointedAt(actor: Actor, { pageId, projectId }: PageCommand): Promise<Element> {
    // Where a project is named, one that the actor may not see is `NOT_FOUND` before it is anything else.
    if (projectId === null) requirePermission(actor, "COMMAND_PAGES");
    const open: OpenPage[] = [];
    for (const one of await pagesFor(actor, projectId, "COMMAND_PAGES")) {
      if (pageId !== null && one.page.id !== pageId) continue;
      if (await mayWrite(one.conversation, one.page.projectId)) open.push(one);
    }
    const which = pageId === null ? "that is" : `"${pageId.slice(0, MAX_SHOWN_ID)}" is`;
    if (open.length === 0) {
      throw unavailable(`no page ${which} connected and yours to ask; livePages has those that are`);
    }
    const found = (await newestOf(open)).filter((element) => element !== null);
    const [newest] = found.sort((one, other) => one.id > other.id ? -1 : 1);
    if (newest === undefined) throw unavailable("no element that was captured there is still held");
    return newest;
  }

  function newestOf(open: readonly OpenPage[]): Promise<(Element | null)[]> {
    return elements.newestOf(open.map(({ page: { id, projectId }, conversation }) => ({
      projectId,
      pageId: id,
      elementIds: heldBy(conversation),
    })));
  }

  async function pointedElements(pages: readonly LivePage[]): Promise<(Element | null)[]> {
    const open = openPages().filter(({ page }) => pages.includes(page));
    const found = await newestOf(open);
    return pages.map((page) => found[open.findIndex((one) => one.page === page)] ?? null);
  }
}

async function isAllowed(authorized: Promise<unknown>): Promise<boolean> {
  try {
    await authorized;
    return true;
  } catch (error) {
    if (error instanceof AppError) return false;
    throw error;
  }
}
