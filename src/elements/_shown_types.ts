import { toGlobalId } from "../base/ids.ts";
import type { Builder } from "../graphql/builder.ts";
import { ACCESSIBILITY, BOX, COMPONENT, VIEWPORT } from "./_descriptions.ts";
import type { Element, Screenshot } from "./elements.ts";

/** Adds the types of what an element shows; `publicUrl` is the origin under which clients reach the server. */
export function addShownTypes(builder: Builder, publicUrl: () => string) {
  const Box = builder.objectRef<Element["box"]>("Box").implement({
    description: BOX.type,
    fields: (t) => ({
      x: t.exposeFloat("x", { description: BOX.x }),
      y: t.exposeFloat("y", { description: BOX.y }),
      width: t.exposeFloat("width", { description: BOX.width }),
      height: t.exposeFloat("height", { description: BOX.height }),
    }),
  });
  const Viewport = builder.objectRef<NonNullable<Element["viewport"]>>("Viewport").implement({
    description: VIEWPORT.type,
    fields: (t) => ({
      width: t.exposeInt("width", { description: VIEWPORT.width }),
      height: t.exposeInt("height", { description: VIEWPORT.height }),
      scrollX: t.exposeFloat("scrollX", { description: VIEWPORT.scrollX }),
      scrollY: t.exposeFloat("scrollY", { description: VIEWPORT.scrollY }),
      devicePixelRatio: t.exposeFloat("devicePixelRatio", { description: VIEWPORT.devicePixelRatio }),
    }),
  });
  const Accessibility = builder.objectRef<NonNullable<Element["accessibility"]>>("Accessibility").implement({
    description: ACCESSIBILITY.type,
    fields: (t) => ({
      role: t.exposeString("role", { nullable: true, description: ACCESSIBILITY.role }),
      name: t.exposeString("name", { nullable: true, description: ACCESSIBILITY.name }),
      description: t.exposeString("description", { nullable: true, description: ACCESSIBILITY.description }),
    }),
  });
  const SourceComponent = builder.objectRef<NonNullable<Element["component"]>>("SourceComponent").implement({
    description: COMPONENT.type,
    fields: (t) => ({
      framework: t.exposeString("framework", { description: COMPONENT.framework }),
      name: t.exposeString("name", { description: COMPONENT.name }),
      file: t.exposeString("file", { nullable: true, description: COMPONENT.file }),
      line: t.exposeInt("line", { nullable: true, description: COMPONENT.line }),
      column: t.exposeInt("column", { nullable: true, description: COMPONENT.column }),
    }),
  });
  const ScreenshotType = builder.objectRef<Screenshot>("Screenshot").implement({
    description: "An image of the element, for those who may see the element.",
    fields: (t) => ({
      url: t.string({
        description: "Where its bytes are, for the same credentials: an absolute URL.",
        resolve: ({ elementId }) => `${publicUrl()}/screenshots/${toGlobalId("Element", elementId)}`,
      }),
      mimeType: t.exposeString("mimeType", { description: "`image/png`, `image/jpeg` or `image/webp`." }),
      width: t.exposeInt("width", { description: "Pixels of the image." }),
      height: t.exposeInt("height", { description: "Pixels of the image." }),
      byteSize: t.exposeInt("byteSize", { description: "Bytes of the file." }),
    }),
  });
  return { Box, Viewport, Accessibility, SourceComponent, Screenshot: ScreenshotType };
}
