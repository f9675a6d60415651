import { invalidInput } from "../base/errors.ts";
import { toGlobalId } from "../base/ids.ts";
import type { Builder } from "../graphql/builder.ts";
import { loadVisible, orDeleted } from "../graphql/nodes.ts";
import type { addProjectsSchema } from "../projects/schema.ts";
import type { Projects } from "../projects/projects.ts";
import type { addUsersSchema } from "../users/schema.ts";
import type { Users } from "../users/users.ts";
import type { Element, ElementComment, Elements, Screenshot } from "./elements.ts";

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
    values: ["OPEN", "ACKNOWLEDGED", "RESOLVED", "DISMISSED"] as const,
  });
  const shown = addShownTypes(builder, types);
  const Comment = addCommentType(builder, users, types);
  const ElementNode = builder.node(builder.objectRef<Element>("Element"), {
    description: "One captured DOM element. What was captured is given back unchanged.",
    id: { resolve: (element) => element.id },
    loadMany: (ids, context) => loadVisible(context, ids, (id) => elements.get(context.actor, id)),
    fields: (t) => ({
      project: t.loadable({
        type: types.Project,
        load: async (ids: string[]) => orDeleted(await projects.byIds(ids)),
        loaderOptions,
        resolve: (element) => element.projectId,
      }),
      capturedBy: t.loadable({
        type: types.User,
        nullable: true,
        description: "null: the account was deleted.",
        load: async (ids: string[]) => orDeleted(await users.byIds(ids)),
        loaderOptions,
        resolve: (element) => element.capturedById,
      }),
      revision: t.exposeInt("revision", { description: "The project's counter at this element's last change." }),
      pageUrl: t.exposeString("pageUrl"),
      pageTitle: t.exposeString("pageTitle", { nullable: true }),
      pageId: t.exposeID("pageId", { nullable: true, description: "The tab it came from, as the client names it." }),
      selector: t.exposeString("selector", {
        description: "CSS that finds it; ` >>> ` enters an open shadow root, ` >>iframe>> ` a frame.",
      }),
      tagName: t.exposeString("tagName"),
      domId: t.exposeString("domId", { nullable: true }),
      classNames: t.exposeStringList("classNames"),
      attributes: t.expose("attributes", { type: "JSON", description: "An object of names and values." }),
      text: t.exposeString("text", { nullable: true }),
      htmlByteSize: t.exposeInt("htmlByteSize", { description: "Bytes of the whole HTML in UTF-8." }),
      box: t.expose("box", { type: shown.Box }),
      viewport: t.expose("viewport", { type: shown.Viewport, nullable: true }),
      accessibility: t.expose("accessibility", { type: shown.Accessibility, nullable: true }),
      component: t.expose("component", { type: shown.SourceComponent, nullable: true }),
      note: t.exposeString("note", { nullable: true, description: "What the person wants done." }),
      status: t.expose("status", { type: ElementStatus }),
      staleSince: t.expose("staleSince", {
        type: "DateTime",
        nullable: true,
        description: "Since then its page, still connected, no longer holds it.",
      }),
      createdAt: t.expose("createdAt", { type: "DateTime" }),
      updatedAt: t.expose("updatedAt", { type: "DateTime" }),
      html: t.loadable({
        type: "String",
        byPath: true,
        description: "The outer HTML, with `maxBytes` its first bytes of UTF-8, cut at a character boundary.",
        args: { maxBytes: t.arg.int({ description: "From 0." }) },
        load: async (ids: string[], _context, { maxBytes }) => await elements.htmlOf(ids, readMaxBytes(maxBytes)),
        loaderOptions,
        resolve: (element) => element.id,
      }),
      computedStyles: t.loadable({
        type: "JSON",
        byPath: true,
        description: "An object of property names and values; with `properties` those of them that it has.",
        args: { properties: t.arg.stringList() },
        load: async (ids: string[], _context, { properties }) =>
          (await elements.computedStylesOf(ids)).map((styles) => pick(styles, properties)),
        loaderOptions,
        resolve: (element) => element.id,
      }),
      screenshot: t.loadable({
        type: shown.Screenshot,
        nullable: true,
        load: (ids: string[]) => elements.screenshotsOf(ids),
        loaderOptions,
        resolve: (element) => element.id,
      }),
      comments: t.loadableList({
        type: Comment,
        description: "Oldest first.",
        load: (ids: string[]) => elements.commentsOf(ids),
        loaderOptions,
        resolve: (element) => element.id,
      }),
    }),
  });
  return { Element: ElementNode, ElementStatus };
}

function addShownTypes(builder: Builder, { publicUrl }: ElementSchemaTypes) {
  const Box = builder.objectRef<Element["box"]>("Box").implement({
    description: "The border box in CSS pixels, relative to the viewport.",
    fields: (t) => ({
      x: t.exposeFloat("x"),
      y: t.exposeFloat("y"),
      width: t.exposeFloat("width"),
      height: t.exposeFloat("height"),
    }),
  });
  const Viewport = builder.objectRef<NonNullable<Element["viewport"]>>("Viewport").implement({
    description: "The page's window: CSS pixels, and device pixels to one of them.",
    fields: (t) => ({
      width: t.exposeInt("width"),
      height: t.exposeInt("height"),
      scrollX: t.exposeFloat("scrollX"),
      scrollY: t.exposeFloat("scrollY"),
      devicePixelRatio: t.exposeFloat("devicePixelRatio"),
    }),
  });
  const Accessibility = builder.objectRef<NonNullable<Element["accessibility"]>>("Accessibility").implement({
    fields: (t) => ({
      role: t.exposeString("role", { nullable: true, description: "The computed role (WAI-ARIA 1.2 §5)." }),
      name: t.exposeString("name", { nullable: true, description: "The accessible name (accname 1.2)." }),
    }),
  });
  const SourceComponent = builder.objectRef<NonNullable<Element["component"]>>("SourceComponent").implement({
    description: "The component behind the element and where it is written.",
    fields: (t) => ({
      framework: t.exposeString("framework"),
      name: t.exposeString("name"),
      file: t.exposeString("file", { nullable: true }),
      line: t.exposeInt("line", { nullable: true, description: "From 1." }),
      column: t.exposeInt("column", { nullable: true }),
    }),
  });
  const ScreenshotType = builder.objectRef<Screenshot>("Screenshot").implement({
    description: "An image of the element, for those who may see the element.",
    fields: (t) => ({
      url: t.string({
        description: "Where its bytes are, for the same credentials.",
        resolve: ({ elementId }) => `${publicUrl()}/screenshots/${toGlobalId("Element", elementId)}`,
      }),
      mimeType: t.exposeString("mimeType"),
      width: t.exposeInt("width", { description: "Pixels of the image." }),
      height: t.exposeInt("height", { description: "Pixels of the image." }),
      byteSize: t.exposeInt("byteSize"),
    }),
  });
  return { Box, Viewport, Accessibility, SourceComponent, Screenshot: ScreenshotType };
}

function addCommentType(builder: Builder, users: Users, types: ElementSchemaTypes) {
  return builder.objectRef<ElementComment>("ElementComment").implement({
    fields: (t) => ({
      id: t.exposeID("id"),
      author: t.loadable({
        type: types.User,
        nullable: true,
        description: "null: the account was deleted.",
        load: async (ids: string[]) => orDeleted(await users.byIds(ids)),
        loaderOptions,
        resolve: (comment) => comment.authorId,
      }),
      body: t.exposeString("body"),
      createdAt: t.expose("createdAt", { type: "DateTime" }),
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
