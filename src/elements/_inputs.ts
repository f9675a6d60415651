import type { Builder } from "../graphql/builder.ts";
import { captureSchema } from "./capture_input.ts";
import { ACCESSIBILITY, BOX, COMPONENT, ELEMENT, VIEWPORT } from "./_descriptions.ts";

/** Adds the input of `captureElement`; `captureSchema` holds its limits. */
export function addCaptureInput(builder: Builder) {
  const { BoxInput, ViewportInput } = addMeasures(builder);
  const { AccessibilityInput, SourceComponentInput, ScreenshotInput } = addParts(builder);
  return builder.inputType("CaptureElementInput", {
    description:
      "One pointed-at DOM element. A request with it may have 12 MiB. Characters are UTF-16 code units, as JavaScript " +
      "counts; text with a NUL or a lone surrogate is refused. Before anything is stored, what looks like a secret (values of password " +
      "inputs, tokens, keys) is replaced by `[masked:password]`, `[masked:token]`, `[masked:key]`, `[masked:card]` or `[masked:code]`.",
    fields: (t) => ({
      clientId: t.id({ required: true, description: "A UUID in any case; the same one twice stores one element." }),
      projectId: t.id({ description: "A project's global id; absent: one's own first project." }),
      pageUrl: t.string({ required: true, description: ELEMENT.pageUrl }),
      pageTitle: t.string({ description: ELEMENT.pageTitle }),
      pageId: t.id({ description: ELEMENT.pageId }),
      selector: t.string({ required: true, description: ELEMENT.selector }),
      tagName: t.string({ required: true, description: ELEMENT.tagName }),
      domId: t.string({ description: ELEMENT.domId }),
      classNames: t.stringList({ description: ELEMENT.classNames }),
      attributes: t.field({ type: "JSON", description: ELEMENT.attributes }),
      text: t.string({ description: ELEMENT.text }),
      html: t.string({
        required: true,
        description:
          "The outer HTML, at most 8,000,000 characters; it may hold a NUL. What is not masked stays as it is, byte for byte.",
      }),
      computedStyles: t.field({
        type: "JSON",
        description: "An object of property names and values, at most 32 deep.",
      }),
      box: t.field({ type: BoxInput, required: true, description: "Where it was in the viewport." }),
      viewport: t.field({ type: ViewportInput, description: VIEWPORT.type }),
      accessibility: t.field({ type: AccessibilityInput, description: ACCESSIBILITY.type }),
      component: t.field({ type: SourceComponentInput, description: COMPONENT.type }),
      screenshot: t.field({ type: ScreenshotInput, description: "An image of it." }),
      note: t.string({ description: ELEMENT.note }),
    }),
  }).validate(captureSchema);
}

function addMeasures(builder: Builder) {
  const BoxInput = builder.inputType("BoxInput", {
    description: BOX.type,
    fields: (t) => ({
      x: t.float({ required: true, description: BOX.x }),
      y: t.float({ required: true, description: BOX.y }),
      width: t.float({ required: true, description: BOX.width }),
      height: t.float({ required: true, description: BOX.height }),
    }),
  });
  const ViewportInput = builder.inputType("ViewportInput", {
    description: VIEWPORT.type,
    fields: (t) => ({
      width: t.int({ required: true, description: VIEWPORT.width }),
      height: t.int({ required: true, description: VIEWPORT.height }),
      scrollX: t.float({ required: true, description: VIEWPORT.scrollX }),
      scrollY: t.float({ required: true, description: VIEWPORT.scrollY }),
      devicePixelRatio: t.float({ required: true, description: VIEWPORT.devicePixelRatio }),
    }),
  });
  return { BoxInput, ViewportInput };
}

function addParts(builder: Builder) {
  const AccessibilityInput = builder.inputType("AccessibilityInput", {
    description: ACCESSIBILITY.type,
    fields: (t) => ({
      role: t.string({ description: ACCESSIBILITY.role }),
      name: t.string({ description: ACCESSIBILITY.name }),
      description: t.string({ description: ACCESSIBILITY.description }),
    }),
  });
  const SourceComponentInput = builder.inputType("SourceComponentInput", {
    description: COMPONENT.type,
    fields: (t) => ({
      framework: t.string({ required: true, description: COMPONENT.framework }),
      name: t.string({ required: true, description: COMPONENT.name }),
      file: t.string({ description: COMPONENT.file }),
      line: t.int({ description: COMPONENT.line }),
      column: t.int({ description: COMPONENT.column }),
    }),
  });
  const ScreenshotInput = builder.inputType("ScreenshotInput", {
    description:
      "An image file, which is decoded whole: `INVALID_INPUT` where it is not what it claims, `TOO_LARGE` for over " +
      "40,960,000 pixels.",
    fields: (t) => ({
      mimeType: t.string({ required: true, description: "`image/png`, `image/jpeg` or `image/webp`." }),
      base64: t.string({ required: true, description: "The file's bytes (RFC 4648 §4), with padding." }),
    }),
  });
  return { AccessibilityInput, SourceComponentInput, ScreenshotInput };
}
