import type { ObjectRef } from "@pothos/core";
import { invalidInput } from "../base/errors.ts";
import type { Builder } from "../graphql/builder.ts";
import { orDeleted } from "../graphql/nodes.ts";
import type { HtmlPart } from "./_html_parts.ts";
import type { Image } from "./_images.ts";
import type { Element, Elements, Screenshot } from "./elements.ts";

type SchemaTypes = Builder extends PothosSchemaTypes.SchemaBuilder<infer Types> ? Types : never;
/** The types that get the fields. */
interface ViewedTypes {
  Element: ObjectRef<SchemaTypes, Element>;
  Screenshot: ObjectRef<SchemaTypes, Screenshot>;
}

/** Of arguments that are absent or null: images as large as AI models look at, text of about 1,000 and 4,000 tokens. */
const DEFAULTS = { outlineBytes: 4_000, after: 0, partBytes: 16_000, side: 1_568, imageBytes: 1_000_000 };
const MAX_OUTLINE_BYTES = 100_000;
const MAX_PART_BYTES = 1_000_000;
/** SQLite's greatest length, so as good as none. */
const MAX_PLACE = 2_000_000_000;
const MAX_SIDE_PIXELS = 4_096;
/** Even an image of one pixel is a file of hundreds of bytes. */
const MIN_IMAGE_BYTES = 1_000;
const MAX_IMAGE_BYTES = 5_000_000;
// A cached batch would show a subscription's second event the first one's data.
const loaderOptions = { cache: false };

/** Adds to elements and screenshots what is worked out from them for readers who can't take all. */
export function addViewFields(builder: Builder, elements: Elements, types: ViewedTypes): void {
  const HtmlPartType = addHtmlPart(builder);
  builder.objectFields(types.Element, (t) => ({
    keyStyles: t.loadable({
      type: "JSON",
      description:
        "An object of the computed styles that differ from what browsers give the tag by default, most useful first: layout, box, " +
        "lines, colours, text, then the rest. Names are as in sheets; what one shorthand says is said by it; a size that the box " +
        "tells and values over 300 characters are left to `box` and `computedStyles`.",
      load: async (shown: Element[]) => orDeleted(await elements.keyStylesOf(shown)),
      loaderOptions,
      resolve: (element) => element,
    }),
    htmlOutline: t.loadable({
      type: "String",
      byPath: true,
      description:
        "The structure of the HTML, a line for each element: tag, id, classes, key attributes, its own text. What is deep or repeated " +
        "is counted (`… 12 more li`); comments, scripts and styles are left out. `INVALID_INPUT`.",
      args: {
        maxBytes: t.arg.int({
          defaultValue: DEFAULTS.outlineBytes,
          description: "Bytes of UTF-8 at most: 1 to 100,000.",
        }),
      },
      load: async (shown: Element[], { signal }, args) => {
        const maxBytes = args.maxBytes ?? DEFAULTS.outlineBytes;
        requireWithin("maxBytes", maxBytes, [1, MAX_OUTLINE_BYTES]);
        return orDeleted(await elements.htmlOutlinesOf(shown, { maxBytes, signal }));
      },
      loaderOptions,
      resolve: (element) => element,
    }),
    htmlPart: t.loadable({
      type: HtmlPartType,
      byPath: true,
      description:
        "A part of the HTML: give its `end` as `after` of the next. It begins and ends between tags where that is possible within " +
        "`maxBytes`, else between characters. `INVALID_INPUT`, also where `after` is outside of the HTML or inside a character.",
      args: {
        after: t.arg.int({ defaultValue: DEFAULTS.after, description: "Bytes of UTF-8 in front of it, from 0." }),
        maxBytes: t.arg.int({
          defaultValue: DEFAULTS.partBytes,
          description: "Bytes of UTF-8 at most: 1 to 1,000,000; one character comes in any case.",
        }),
      },
      load: async (ids: string[], { signal }, args) => {
        const { after, maxBytes } = {
          after: args.after ?? DEFAULTS.after,
          maxBytes: args.maxBytes ?? DEFAULTS.partBytes,
        };
        requireWithin("after", after, [0, MAX_PLACE]);
        requireWithin("maxBytes", maxBytes, [1, MAX_PART_BYTES]);
        const parts = await elements.htmlPartsOf(ids, { after, maxBytes, signal: signal() });
        const noPlace = () => invalidInput(["after"], `Cannot read HTML from byte ${after}: no character begins there`);
        return orDeleted(parts.map((part) => part === undefined ? noPlace() : part));
      },
      loaderOptions,
      resolve: (element) => element.id,
    }),
  }));
  addScaledImage(builder, elements, types);
}

function addScaledImage(builder: Builder, elements: Elements, { Screenshot }: ViewedTypes): void {
  const ScaledImage = builder.objectRef<Image>("ScaledImage").implement({
    description: "An image with its bytes.",
    fields: (t) => ({
      base64: t.string({ description: "The file (RFC 4648 §4).", resolve: ({ bytes }) => bytes.toBase64() }),
      mimeType: t.exposeString("mimeType", { description: "`image/png`, `image/jpeg` or `image/webp`." }),
      width: t.exposeInt("width", { description: "Pixels of this image." }),
      height: t.exposeInt("height", { description: "Pixels of this image." }),
    }),
  });
  builder.objectField(Screenshot, "scaled", (t) =>
    t.loadable({
      type: ScaledImage,
      byPath: true,
      description:
        "It, scaled down where it must be, never up: a PNG may become a JPEG, or a WebP where one can see through it. `INVALID_INPUT`, " +
        "`UNAVAILABLE` where too many wait for theirs or the file is damaged, `TOO_LARGE`.",
      args: {
        maxSide: t.arg.int({
          defaultValue: DEFAULTS.side,
          description: "Pixels of its longer side at most: 1 to 4,096.",
        }),
        maxBytes: t.arg.int({
          defaultValue: DEFAULTS.imageBytes,
          description: "Bytes of the file at most, before base64: 1,000 to 5,000,000.",
        }),
      },
      load: async (screenshots: Screenshot[], { signal }, args) => {
        const { maxSide, maxBytes } = {
          maxSide: args.maxSide ?? DEFAULTS.side,
          maxBytes: args.maxBytes ?? DEFAULTS.imageBytes,
        };
        requireWithin("maxSide", maxSide, [1, MAX_SIDE_PIXELS]);
        requireWithin("maxBytes", maxBytes, [MIN_IMAGE_BYTES, MAX_IMAGE_BYTES]);
        return orDeleted(await elements.scaledScreenshotsOf(screenshots, { maxSide, maxBytes, signal: signal() }));
      },
      loaderOptions,
      resolve: (screenshot) => screenshot,
    }));
}

function addHtmlPart(builder: Builder) {
  return builder.objectRef<HtmlPart>("HtmlPart").implement({
    description: "A part of an element's HTML; places are bytes of its UTF-8.",
    fields: (t) => ({
      html: t.exposeString("html", { description: "Whole characters; parts in their order are the whole HTML." }),
      after: t.exposeInt("after", { description: "Where it begins." }),
      end: t.exposeInt("end", { description: "Where it ends: `after` of the next." }),
      htmlByteSize: t.exposeInt("htmlByteSize", { description: "Bytes of the whole HTML." }),
      hasMore: t.exposeBoolean("hasMore", { description: "Whether there is a next one." }),
    }),
  });
}

function requireWithin(name: string, value: number, [least, most]: [number, number]): void {
  if (value < least || value > most) {
    throw invalidInput([name], `Cannot take ${name} ${value}: it must be from ${least} to ${most}`);
  }
}
