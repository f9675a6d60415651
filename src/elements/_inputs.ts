import type { Builder } from "../graphql/builder.ts";
import { captureSchema } from "./capture_input.ts";

/** Adds the input of `captureElement`; `captureSchema` holds its limits. */
export function addCaptureInput(builder: Builder) {
  const BoxInput = builder.inputType("BoxInput", {
    description: "The border box in CSS pixels, relative to the viewport.",
    fields: (t) => ({
      x: t.float({ required: true }),
      y: t.float({ required: true }),
      width: t.float({ required: true }),
      height: t.float({ required: true }),
    }),
  });
  const ViewportInput = builder.inputType("ViewportInput", {
    description: "The page's window: CSS pixels, and device pixels to one of them.",
    fields: (t) => ({
      width: t.int({ required: true }),
      height: t.int({ required: true }),
      scrollX: t.float({ required: true }),
      scrollY: t.float({ required: true }),
      devicePixelRatio: t.float({ required: true }),
    }),
  });
  const AccessibilityInput = builder.inputType("AccessibilityInput", {
    fields: (t) => ({
      role: t.string({ description: "The computed role (WAI-ARIA 1.2 §5)." }),
      name: t.string({ description: "The accessible name (accname 1.2)." }),
    }),
  });
  const SourceComponentInput = builder.inputType("SourceComponentInput", {
    description: "The component behind the element and where it is written.",
    fields: (t) => ({
      framework: t.string({ required: true }),
      name: t.string({ required: true }),
      file: t.string(),
      line: t.int({ description: "From 1." }),
      column: t.int(),
    }),
  });
  const ScreenshotInput = builder.inputType("ScreenshotInput", {
    fields: (t) => ({
      mimeType: t.string({ required: true, description: "image/png, image/jpeg or image/webp." }),
      base64: t.string({ required: true, description: "The file's bytes (RFC 4648 §4), at most 40,960,000 pixels." }),
    }),
  });
  return builder.inputType("CaptureElementInput", {
    description: "One pointed-at DOM element. A request with it may have 12 MiB.",
    fields: (t) => ({
      clientId: t.id({ required: true, description: "A UUID; the same one twice stores one element." }),
      projectId: t.id({ description: "Absent: one's own first project." }),
      pageUrl: t.string({ required: true }),
      pageTitle: t.string(),
      pageId: t.id({ description: "The tab, as the client names it." }),
      selector: t.string({ required: true, description: "CSS; ` >>> ` enters a shadow root, ` >>iframe>> ` a frame." }),
      tagName: t.string({ required: true }),
      domId: t.string(),
      classNames: t.stringList(),
      attributes: t.field({ type: "JSON", description: "An object of names and values." }),
      text: t.string(),
      html: t.string({ required: true, description: "The outer HTML, at most 8,000,000 characters." }),
      computedStyles: t.field({ type: "JSON", description: "An object of property names and values." }),
      box: t.field({ type: BoxInput, required: true }),
      viewport: t.field({ type: ViewportInput }),
      accessibility: t.field({ type: AccessibilityInput }),
      component: t.field({ type: SourceComponentInput }),
      screenshot: t.field({ type: ScreenshotInput }),
      note: t.string({ description: "What the person wants done." }),
    }),
  }).validate(captureSchema);
}
