import { invalidInput } from "../base/errors.ts";
import type { Builder } from "../graphql/builder.ts";
import { loadVisible, orDeleted } from "../graphql/nodes.ts";
import type { addProjectsSchema } from "../projects/schema.ts";
import type { Projects } from "../projects/projects.ts";
import type { addUsersSchema } from "../users/schema.ts";
import type { Users } from "../users/users.ts";
import { ACCESSIBILITY, COMPONENT, ELEMENT, VIEWPORT } from "./_descriptions.ts";
import { addShownTypes } from "./_shown_types.ts";
import { addViewFields } from "./_view_fields.ts";
import type { Element, ElementComment, Elements } from "./elements.ts";

/** The rooms whose objects an element shows. */
export interface ElementServices {
  elements: Elements;
  projects: Projects;
  users: Users;
}

/** What the schema needs of lower rooms and of the server. */
export type ElementSchemaTypes = ReturnType<typeof addUsersSchema> & ReturnType<typeof addProjectsSchema> & {
  /** The origin under which clients reach the server; known once it listens. */
  publicUrl: () => string;
};

/** SQLite's greatest length, so as good as none. */
const ALL_BYTES = 2_147_483_647;
// A cached batch would show a subscription's second event the first one's data.
const loaderOptions = { cache: false };

/** Adds `Element` and the types inside it. */
export function addElementType(builder: Builder, services: ElementServices, types: ElementSchemaTypes) {
  const { elements, projects, users } = services;
  const ElementStatus = builder.enumType("ElementStatus", {
    description: "What became of an element; a new one is OPEN.",
    values: {
      OPEN: { description: "Nobody has said anything of it yet." },
      ACKNOWLEDGED: { description: "Somebody has seen it and means to do it." },
      RESOLVED: { description: "It is done." },
      DISMISSED: { description: "It will not be done." },
    },
  });
  const shown = addShownTypes(builder, types.publicUrl);
  const Comment = addCommentType(builder, users, types);
  const ElementNode = builder.node(builder.objectRef<Element>("Element"), {
    description: "One captured DOM element. What was captured is given back unchanged.",
    id: { resolve: (element) => element.id },
    loadMany: (ids, context) => loadVisible(context, ids, (id) => elements.get(context.actor, id)),
    fields: (t) => ({
      project: t.loadable({
        type: types.Project,
        description: "What it belongs to.",
        load: async (ids: string[]) => orDeleted(await projects.byIds(ids)),
        loaderOptions,
        resolve: (element) => element.projectId,
      }),
      capturedBy: t.loadable({
        type: types.User,
        nullable: true,
        description: "Who pointed at it; null: the account was deleted.",
        load: async (ids: string[]) => orDeleted(await users.byIds(ids)),
        loaderOptions,
        resolve: (element) => element.capturedById,
      }),
      revision: t.exposeInt("revision", {
        description: "The project's counter at this element's last change, from 1.",
      }),
      pageUrl: t.exposeString("pageUrl", { description: ELEMENT.pageUrl }),
      pageTitle: t.exposeString("pageTitle", { nullable: true, description: ELEMENT.pageTitle }),
      pageId: t.exposeID("pageId", { nullable: true, description: ELEMENT.pageId }),
      selector: t.exposeString("selector", { description: ELEMENT.selector }),
      tagName: t.exposeString("tagName", { description: ELEMENT.tagName }),
      domId: t.exposeString("domId", { nullable: true, description: ELEMENT.domId }),
      classNames: t.exposeStringList("classNames", { description: ELEMENT.classNames }),
      attributes: t.expose("attributes", { type: "JSON", description: ELEMENT.attributes }),
      text: t.exposeString("text", { nullable: true, description: ELEMENT.text }),
      htmlByteSize: t.exposeInt("htmlByteSize", { description: "Bytes of the whole HTML in UTF-8." }),
      box: t.expose("box", { type: shown.Box, description: "Where it was in the viewport." }),
      viewport: t.expose("viewport", { type: shown.Viewport, nullable: true, description: VIEWPORT.type }),
      accessibility: t.expose("accessibility", {
        type: shown.Accessibility,
        nullable: true,
        description: ACCESSIBILITY.type,
      }),
      component: t.expose("component", { type: shown.SourceComponent, nullable: true, description: COMPONENT.type }),
      note: t.exposeString("note", { nullable: true, description: ELEMENT.note }),
      status: t.expose("status", { type: ElementStatus, description: "What became of it." }),
      staleSince: t.expose("staleSince", {
        type: "DateTime",
        nullable: true,
        description: "Since then its page, still connected, no longer holds it.",
      }),
      createdAt: t.expose("createdAt", { type: "DateTime", description: "When it was captured." }),
      updatedAt: t.expose("updatedAt", { type: "DateTime", description: "When its revision was taken." }),
      html: t.loadable({
        type: "String",
        byPath: true,
        description: "The outer HTML, with `maxBytes` its first bytes, cut at a character boundary. `INVALID_INPUT`.",
        args: { maxBytes: t.arg.int({ description: "Bytes of UTF-8, from 0; absent: all of it." }) },
        load: async (ids: string[], _context, { maxBytes }) => await elements.htmlOf(ids, readMaxBytes(maxBytes)),
        loaderOptions,
        resolve: (element) => element.id,
      }),
      computedStyles: t.loadable({
        type: "JSON",
        byPath: true,
        description: "An object of property names and values; with `properties` those of them that it has.",
        args: { properties: t.arg.stringList({ description: "Names of CSS properties; absent: all of them." }) },
        load: async (ids: string[], _context, { properties }) =>
          (await elements.computedStylesOf(ids)).map((styles) => pick(styles, properties)),
        loaderOptions,
        resolve: (element) => element.id,
      }),
      screenshot: t.loadable({
        type: shown.Screenshot,
        nullable: true,
        description: "An image of it; null: none was sent.",
        load: (ids: string[]) => elements.screenshotsOf(ids),
        loaderOptions,
        resolve: (element) => element.id,
      }),
      comments: t.loadableList({
        type: Comment,
        description: "What was said of it, oldest first.",
        load: (ids: string[]) => elements.commentsOf(ids),
        loaderOptions,
        resolve: (element) => element.id,
      }),
    }),
  });
  addViewFields(builder, elements, { Element: ElementNode, Screenshot: shown.Screenshot });
  return { Element: ElementNode, ElementStatus };
}

function addCommentType(builder: Builder, users: Users, types: ElementSchemaTypes) {
  return builder.objectRef<ElementComment>("ElementComment").implement({
    description: "What somebody said of an element.",
    fields: (t) => ({
      id: t.exposeID("id", { description: "It stays the same, and is no global id." }),
      author: t.loadable({
        type: types.User,
        nullable: true,
        description: "Who said it; null: the account was deleted.",
        load: async (ids: string[]) => orDeleted(await users.byIds(ids)),
        loaderOptions,
        resolve: (comment) => comment.authorId,
      }),
      body: t.exposeString("body", { description: "Plain text, 1 to 20,000 characters." }),
      createdAt: t.expose("createdAt", { type: "DateTime", description: "When it was said." }),
    }),
  });
}

function readMaxBytes(maxBytes: number | null | undefined): number {
  if ((maxBytes ?? 0) < 0) throw invalidInput(["maxBytes"], `Cannot cut HTML to ${maxBytes} bytes`);
  return maxBytes ?? ALL_BYTES;
}

function pick(styles: Record<string, unknown>, properties: string[] | null | undefined): Record<string, unknown> {
  if (!properties) return styles;
  return Object.fromEntries(
    properties.filter((name) => Object.hasOwn(styles, name)).map((name) => [name, styles[name]]),
  );
}
