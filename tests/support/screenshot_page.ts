import { Buffer } from "node:buffer";
import { buildSync } from "esbuild";
import type { Page } from "playwright-core";
import sharp from "sharp";

const ENTRY = new URL("../browser/screenshot_page.js", import.meta.url).pathname;
const [SCRIPT] = buildSync({ entryPoints: [ENTRY], bundle: true, write: false, format: "iife" }).outputFiles;

/** A picture, unpacked to 3 bytes a pixel. */
export interface Pixels {
  width: number;
  height: number;
  data: Uint8Array;
}

/** A page that takes screenshots of its elements. */
export interface ScreenshotPage {
  page: Page;
  /** Shows other content, from its beginning. */
  show(html: string): Promise<void>;
  /** Takes elements at once. */
  shoot(...selectors: string[]): Promise<{ mimeType: string; bytes: Uint8Array }[]>;
  /** A picture of noise, as it is encoded. */
  encodeNoise(width: number, height: number): Promise<Uint8Array>;
  /** How many pictures of the screen were taken. */
  taken(): number;
  /** Scrolls everything to where it was in the last picture. */
  scrollBack(): Promise<void>;
  /** What a screenshot may not change: where all is scrolled to, and all the HTML. */
  state(): Promise<unknown>;
}

/** Shows a page at a density of pixels, with what takes screenshots in it; Playwright plays `chrome.tabs.captureVisibleTab`. */
export async function openScreenshotPage(
  page: Page,
  { html = "", density = 1 }: { html?: string; density?: number } = {},
): Promise<ScreenshotPage & AsyncDisposable> {
  const context = await page.context().browser()?.newContext({
    viewport: { width: 1_000, height: 600 },
    deviceScaleFactor: density,
  });
  if (context === undefined) throw new Error("The page has no browser");
  const own = await context.newPage();
  let taken = 0;
  await own.exposeFunction("takeVisible", async () => {
    taken++;
    // deno-lint-ignore no-explicit-any -- what the page's script puts there
    await own.evaluate(() => (globalThis as any).keepPlaces());
    return (await own.screenshot()).toString("base64");
  });
  const show = async (html: string) => {
    await own.setContent(`<!doctype html><style>${STYLE}</style>${html}`);
    await own.addScriptTag({ content: SCRIPT?.text ?? "" });
    await own.evaluate("scrollTo(0, 0)");
  };
  await show(html);
  const shoot: ScreenshotPage["shoot"] = async (...selectors) => {
    // deno-lint-ignore no-explicit-any -- what the page's script puts there
    const results = await own.evaluate((selectors) => (globalThis as any).shoot(selectors), selectors);
    return results.map(({ mimeType, base64 }: { mimeType: string; base64: string }) => ({
      mimeType,
      bytes: Buffer.from(base64, "base64"),
    }));
  };
  // deno-lint-ignore no-explicit-any -- what the page's script puts there
  const state = () => own.evaluate(() => (globalThis as any).pageState());
  const encodeNoise: ScreenshotPage["encodeNoise"] = async (width, height) => {
    // deno-lint-ignore no-explicit-any -- what the page's script puts there
    const { base64 } = await own.evaluate((size) => (globalThis as any).encodeNoise(size), { width, height });
    return Buffer.from(base64, "base64");
  };
  // deno-lint-ignore no-explicit-any -- what the page's script puts there
  const scrollBack = () => own.evaluate(() => (globalThis as any).scrollBack());
  return {
    page: own,
    show,
    scrollBack,
    encodeNoise,
    shoot,
    taken: () => taken,
    state,
    [Symbol.asyncDispose]: () => context.close(),
  };
}

const STYLE = `
  body { margin: 0; font: 15px/1.4 sans-serif; background: #fdf6e3 }
  .header { top: 0; z-index: 2; padding: 20px; background: #073642; color: #fff }
  .card { margin: 40px; padding: 13.5px; width: 310.25px; border: 1px solid #268bd2; border-radius: 9px; background: #eee8d5;
    box-shadow: 0 2px 5px #0005 }
  .stripes { background: repeating-linear-gradient(137deg, #268bd2 0 11px, #eee8d5 11px 23px, #dc322f 23px 37px) }
`;

/** Unpacks a picture. */
export async function pixelsOf(bytes: Uint8Array): Promise<Pixels> {
  const image = sharp(bytes).flatten({ background: "#f0f" });
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data };
}

/**
 * The share of a picture's pixels that differ in a colour by more than 16 of 255 from those at a place in a larger one, or are not there; the
 * least of those at most `slack` pixels, 2 or fewer, from that place.
 */
export function differenceAround(
  whole: Pixels,
  part: Pixels,
  at: { left: number; top: number },
  slack: number,
): number {
  const shifts = [0, 1, -1, 2, -2].filter((shift) => Math.abs(shift) <= slack);
  let least = 1;
  for (const down of shifts) {
    for (const right of shifts) {
      if (least > 0) least = Math.min(least, differenceAt(whole, part, at.left + right, at.top + down));
    }
  }
  return least;
}

function differenceAt(whole: Pixels, part: Pixels, left: number, top: number): number {
  let different = 0;
  for (let y = 0; y < part.height; y++) {
    for (let x = 0; x < part.width; x++) {
      if (isOther(whole, left + x, top + y, part, (y * part.width + x) * 3)) different++;
    }
  }
  return different / (part.width * part.height);
}

function isOther(whole: Pixels, x: number, y: number, part: Pixels, at: number): boolean {
  if (x < 0 || y < 0 || x >= whole.width || y >= whole.height) return true;
  const from = (y * whole.width + x) * 3;
  for (let index = 0; index < 3; index++) {
    if (Math.abs((whole.data[from + index] ?? 0) - (part.data[at + index] ?? 0)) > 16) return true;
  }
  return false;
}
