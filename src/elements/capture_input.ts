import { z } from "zod";
import { requiredText, text } from "../graphql/text_input.ts";
import { IMAGE_TYPES } from "./_images.ts";

/** The deepest JSON that is stored: attributes and styles need 2, and deeper would overflow a reader's stack. */
const MAX_JSON_DEPTH = 32;

const optional = <Schema extends z.ZodType>(schema: Schema) =>
  schema.nullish().transform((value): z.output<Schema> | null => value ?? null);
const jsonObject = z.custom<Record<string, unknown>>(
  isJsonObject,
  `must be a JSON object, at most ${MAX_JSON_DEPTH} deep, of numbers that a double holds`,
)
  .nullish().transform((value) => value ?? {});
const length = z.number().min(0);

const boxSchema = z.object({ x: z.number(), y: z.number(), width: length, height: length });
const viewportSchema = z.object({
  width: z.int().min(0),
  height: z.int().min(0),
  scrollX: z.number(),
  scrollY: z.number(),
  devicePixelRatio: z.number().positive(),
});
const accessibilitySchema = z.object({
  role: optional(text(200)),
  name: optional(text(10_000)),
  description: optional(text(10_000)),
});
const componentSchema = z.object({
  framework: requiredText(100),
  name: requiredText(1_000),
  file: optional(text(4_096)),
  line: optional(z.int().min(0)),
  column: optional(z.int().min(0)),
});

/** The address of a page. */
export const pageUrlSchema = requiredText(32_768).refine(isSafeUrl, "must be an absolute URL");
/** The title of a page. */
export const pageTitleSchema = text(10_000);
/** A tab, as the client names it. */
export const pageIdSchema = requiredText(200);
/** A note. */
export const noteSchema = text(20_000);
/** A comment's body. */
export const commentBodySchema = requiredText(20_000);

/** What `captureElement` accepts, and makes of it: absent becomes null, or empty where the contract has no null. */
export const captureSchema = z.object({
  clientId: z.uuid().transform((id) => id.toLowerCase()),
  projectId: optional(z.string()),
  pageUrl: pageUrlSchema,
  pageTitle: optional(pageTitleSchema),
  pageId: optional(pageIdSchema),
  selector: requiredText(20_000),
  tagName: requiredText(200),
  domId: optional(text(10_000)),
  classNames: z.array(text(10_000)).max(2_000).nullish().transform((names) => names ?? []),
  attributes: jsonObject,
  text: optional(text(1_000_000)),
  // HTML lies in the database as bytes, which may hold a NUL.
  html: z.string().max(8_000_000).refine((value) => value.isWellFormed(), "must not hold a lone surrogate"),
  computedStyles: jsonObject,
  box: boxSchema,
  viewport: optional(viewportSchema),
  accessibility: optional(accessibilitySchema),
  component: optional(componentSchema),
  screenshot: optional(
    z.object({
      mimeType: z.enum(IMAGE_TYPES, `must be one of ${IMAGE_TYPES.join(", ")}`),
      base64: z.string().transform((base64, context) => {
        try {
          return Uint8Array.fromBase64(base64, { lastChunkHandling: "strict" });
        } catch {
          context.addIssue({ code: "custom", message: "must be base64 (RFC 4648 §4)" });
          return z.NEVER;
        }
      }),
    }).transform(({ mimeType, base64 }) => ({ mimeType, bytes: base64 })),
  ),
  note: optional(noteSchema),
});

/** A capture, checked; `projectId` is still a global id. */
export type CaptureInput = z.output<typeof captureSchema>;

const { shape } = captureSchema;

/** What a live page says of an element that it holds: the fields that changed; absent leaves one. */
export const liveFieldsSchema = z.object({
  pageUrl: z.exactOptional(shape.pageUrl),
  pageTitle: z.exactOptional(shape.pageTitle),
  selector: z.exactOptional(shape.selector),
  tagName: z.exactOptional(shape.tagName),
  domId: z.exactOptional(shape.domId),
  classNames: z.exactOptional(shape.classNames),
  attributes: z.exactOptional(shape.attributes),
  text: z.exactOptional(shape.text),
  html: z.exactOptional(shape.html),
  computedStyles: z.exactOptional(shape.computedStyles),
  box: z.exactOptional(shape.box),
  viewport: z.exactOptional(shape.viewport),
  accessibility: z.exactOptional(shape.accessibility),
  component: z.exactOptional(shape.component),
});

/** Changed fields, checked. */
export type LiveFields = z.output<typeof liveFieldsSchema>;

/** A screenshot on its own. */
export const screenshotSchema = shape.screenshot;

function isJsonObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value) && isStorable(value);
}

// By an explicit stack, because JSON.parse accepts what recursion would overflow on.
function isStorable(root: unknown): boolean {
  const pending = [{ value: root, depth: 1 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { value, depth } = next;
    // JSON.parse reads 1e999 as Infinity, which would be stored as null.
    if (typeof value === "number" && !Number.isFinite(value)) return false;
    if (typeof value !== "object" || value === null) continue;
    if (depth > MAX_JSON_DEPTH) return false;
    for (const inner of Object.values(value)) pending.push({ value: inner, depth: depth + 1 });
  }
  return true;
}

// A page's address is shown as a link: what runs as a script when it is clicked is none.
function isSafeUrl(url: string): boolean {
  return URL.canParse(url) && !/^(javascript|vbscript):$/.test(new URL(url).protocol);
}
