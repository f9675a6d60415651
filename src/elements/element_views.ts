import type { Database } from "../database/database.ts";
import { outlineHtml } from "./_html_outline.ts";
import { cutPart, type HtmlPart, LOOK_AHEAD_BYTES } from "./_html_parts.ts";
import type { Image } from "./_images.ts";
import { keyStylesOf } from "./_key_styles.ts";
import { type ImageLimits, scaleImage } from "./_scaled_images.ts";
import { createViewCache, type Viewed } from "./_view_cache.ts";
import { findHtmlBytes, findImages, findStyledElements } from "./_view_rows.ts";
import { createWorkQueue } from "./_work_queue.ts";
import type { Screenshot } from "./elements.ts";

/** What is worked out from elements already shown, each in their order; null for one that was deleted since. */
export interface ElementViews {
  /** The computed styles that differ from the tag's defaults, most useful first; see `keyStylesOf`. */
  keyStylesOf(elements: readonly Viewed[]): Promise<(Record<string, unknown> | null)[]>;
  /**
   * The structure of the HTML in at most `maxBytes` bytes; of much HTML, its first part. The signal is asked for where there is work to
   * do. Throws `UNAVAILABLE`, and the signal's reason.
   */
  htmlOutlinesOf(
    elements: readonly Viewed[],
    options: { maxBytes: number; signal: () => AbortSignal },
  ): Promise<(string | null)[]>;
  /** A part of the HTML; undefined where no character begins after `after` bytes. Throws `UNAVAILABLE`, and the signal's reason. */
  htmlPartsOf(
    ids: readonly string[],
    options: { after: number; maxBytes: number; signal: AbortSignal },
  ): Promise<(HtmlPart | null | undefined)[]>;
  /** Screenshots scaled down to the limits. Throws `UNAVAILABLE`, and the signal's reason; what can't be scaled is an error in its place. */
  scaledScreenshotsOf(
    screenshots: readonly Screenshot[],
    options: ImageLimits & { signal: AbortSignal },
  ): Promise<(Image | Error | null)[]>;
}

/** HTML read at once: of one element all there can be, of many a share each. */
const MAX_OUTLINED_BYTES = 32_000_000;
/** Styles, and outlines, that are kept, each: of some thousand elements. */
const MAX_KEPT_CHARACTERS = 8_000_000;
/** Screenshots read at once; one of those that are larger comes alone. */
const MAX_IMAGE_BYTES = 32_000_000;
/** Images are worked on beside queries, which keep at least a core; the worst of 40,960,000 pixels takes 250 MB, a page of 12,000,000 some 40. */
const MAX_IMAGES_AT_ONCE = Math.min(2, Math.max(1, navigator.hardwareConcurrency - 1));
/** Some 10 s of work, after which an operation ends anyway. */
const MAX_IMAGES_WAITING = 32;
/** HTML in memory, and the work, of one batch; those that wait hold ids alone. */
const MAX_HTML_WAITING = 128;

/** Builds the views. */
export function createElementViews({ read }: Database): ElementViews {
  const queueHtml = createWorkQueue({ maxAtOnce: 1, maxWaiting: MAX_HTML_WAITING, action: "read HTML" });
  const queueImages = createWorkQueue({
    maxAtOnce: MAX_IMAGES_AT_ONCE,
    maxWaiting: MAX_IMAGES_WAITING,
    action: "scale a screenshot",
  });
  const styles = createViewCache<Record<string, unknown>>({
    maxSize: MAX_KEPT_CHARACTERS,
    sizeOf: (view) => JSON.stringify(view).length,
  });
  const outlines = createViewCache<string>({ maxSize: MAX_KEPT_CHARACTERS, sizeOf: (view) => view.length });
  return { keyStylesOf: keyStyles, htmlOutlinesOf, htmlPartsOf, scaledScreenshotsOf };

  function keyStyles(elements: readonly Viewed[]) {
    return styles.through(elements, "", async (ids) => {
      const found = await findStyledElements(read, ids);
      return ids.map((id) => mapFound(found.get(id), keyStylesOf));
    });
  }

  function htmlOutlinesOf(
    elements: readonly Viewed[],
    { maxBytes, signal: ask }: { maxBytes: number; signal: () => AbortSignal },
  ) {
    // Each of many gets a share of what is read at once, and so may be another outline than it gets alone.
    const bytesEach = Math.floor(MAX_OUTLINED_BYTES / elements.length);
    return outlines.through(elements, `${maxBytes} ${bytesEach}`, (ids) => {
      const signal = ask();
      return queueHtml(async () => {
        const found = await findHtmlBytes(read, ids, bytesEach);
        return await oneByOne(ids, (id) => mapFound(found.get(id), (html) => outlineHtml(html, { maxBytes, signal })));
      }, signal);
    });
  }

  function htmlPartsOf(
    ids: readonly string[],
    { after, maxBytes, signal }: { after: number; maxBytes: number; signal: AbortSignal },
  ) {
    return queueHtml(async () => {
      const found = await findHtmlBytes(read, ids, after + maxBytes + LOOK_AHEAD_BYTES);
      return await oneByOne(ids, (id) => mapFound(found.get(id), (html) => cutPart(html, { after, maxBytes, signal })));
    }, signal);
  }

  async function scaledScreenshotsOf(
    screenshots: readonly Screenshot[],
    { signal, ...limits }: ImageLimits & { signal: AbortSignal },
  ) {
    const scaled = await oneByOne(inBatches(screenshots), (batch) =>
      queueImages(async () => {
        const images = await findImages(read, batch.map(({ elementId }) => elementId));
        return await oneByOne(batch, ({ elementId }) => {
          signal.throwIfAborted();
          return mapFound(images.get(elementId), (image) => scaleImage(image, limits).catch((error: Error) => error));
        });
      }, signal));
    return scaled.flat();
  }
}

function inBatches(screenshots: readonly Screenshot[]): Screenshot[][] {
  const batches: Screenshot[][] = [];
  let bytes = Infinity;
  for (const screenshot of screenshots) {
    bytes += screenshot.byteSize;
    if (bytes > MAX_IMAGE_BYTES) {
      bytes = screenshot.byteSize;
      batches.push([]);
    }
    batches.at(-1)?.push(screenshot);
  }
  return batches;
}

async function oneByOne<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result> | Result,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}

function mapFound<Item, Result>(found: Item | undefined, map: (item: Item) => Result): Result | null {
  return found === undefined ? null : map(found);
}
