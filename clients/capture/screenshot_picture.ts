import type { Box } from "../browser/messages.ts";

/** An image as a capture holds it. */
export interface Screenshot {
  mimeType: string;
  base64: string;
}

/** What a screenshot may have: under 1 MB. */
export const MAX_SCREENSHOT_BYTES = 1_000_000;
/** Some 32 MB while it is put together, and a second to encode. What is larger is taken at a smaller scale. */
const MAX_PIXELS = 8_000_000;
/** A WebP without loss (quality 1, in Chromium) is quick, and often a tenth of a PNG. Above, it would have to be less. */
const MAX_PNG_BYTES_FOR_LOSSLESS = 10 * MAX_SCREENSHOT_BYTES;
/** Qualities, and how large what they make is beside the highest. Below the last, text can't be read. */
const QUALITIES = [{ quality: 0.9, share: 1 }, { quality: 0.75, share: 0.75 }, { quality: 0.5, share: 0.6 }];
/** Each is at least a tenth smaller, most are half of the one before. */
const MAX_SCALINGS = 8;

/** An element's picture while it is put together. Works in pages and in workers. */
export interface Picture {
  /** Puts a part of a picture of the screen at its place, which is told by where the element's corner is in it. The first begins at the upper left. Sizes are CSS pixels. */
  add(screen: ImageBitmap, from: Box, corner: { x: number; y: number }): void;
  /** A PNG, or WebP or JPEG where that would be 1 MB or more; scaled down where those would be too. Throws where the browser can't. */
  encode(height: number): Promise<Screenshot>;
}

/** Starts a picture. `scale`: how many of the screen's pixels one CSS pixel has. */
export function createPicture(size: { width: number; height: number }, scale: number): Picture {
  const shrink = Math.min(1, Math.sqrt(MAX_PIXELS / (size.width * size.height * scale * scale)));
  const density = scale * shrink;
  const canvas = makeCanvas(size.width * density, size.height * density);
  let first: { x: number; y: number } | null = null;
  let origin: { x: number; y: number } | null = null;
  return { add, encode };

  function add(screen: ImageBitmap, from: Box, corner: { x: number; y: number }): void {
    first ??= { x: corner.x * scale, y: corner.y * scale };
    // Pages scroll by whole pixels of the screen: measured so from the first corner, neighbours meet.
    const moved = { x: Math.round(corner.x * scale - first.x), y: Math.round(corner.y * scale - first.y) };
    const unmoved = { x: first.x - corner.x * scale, y: first.y - corner.y * scale };
    const left = toPixel(from.x * scale + unmoved.x) + moved.x;
    const top = toPixel(from.y * scale + unmoved.y) + moved.y;
    const right = toPixel((from.x + from.width) * scale + unmoved.x) + moved.x;
    const bottom = toPixel((from.y + from.height) * scale + unmoved.y) + moved.y;
    const width = Math.min(screen.width, right) - left;
    const height = Math.min(screen.height, bottom) - top;
    origin ??= { x: left, y: top };
    const x = (left - moved.x - origin.x) * shrink;
    const y = (top - moved.y - origin.y) * shrink;
    contextOf(canvas).drawImage(screen, left, top, width, height, x, y, width * shrink, height * shrink);
  }

  async function encode(height: number): Promise<Screenshot> {
    const whole = height < size.height ? copyOf(canvas, canvas.width, height * density, 1) : canvas;
    const blob = await encodeSmall(whole);
    return { mimeType: blob.type, base64: toBase64(new Uint8Array(await blob.arrayBuffer())) };
  }
}

// Whole pixels, so that nothing is blurred. Layout knows 1/64 px: what lies halfway is taken up each time.
function toPixel(value: number): number {
  return Math.floor(value + 0.55);
}

async function encodeSmall(canvas: OffscreenCanvas): Promise<Blob> {
  const exact = await canvas.convertToBlob({ type: "image/png" });
  if (exact.size < MAX_SCREENSHOT_BYTES) return exact;
  let blob = exact.size < MAX_PNG_BYTES_FOR_LOSSLESS ? await compress(canvas, 1) : exact;
  if (blob.size < MAX_SCREENSHOT_BYTES) return blob;
  let atBest = 0;
  for (const { quality, share } of QUALITIES) {
    // Each takes a second where it is large: only what has a chance is tried.
    if (atBest * share >= MAX_SCREENSHOT_BYTES) continue;
    blob = await compress(canvas, quality);
    if (blob.size < MAX_SCREENSHOT_BYTES) return blob;
    atBest = blob.size / share;
  }
  let smaller = canvas;
  for (let count = 0; count < MAX_SCALINGS && blob.size >= MAX_SCREENSHOT_BYTES; count++) {
    const factor = Math.min(0.9, Math.sqrt(MAX_SCREENSHOT_BYTES / blob.size));
    smaller = copyOf(smaller, smaller.width * factor, smaller.height * factor, factor);
    blob = await compress(smaller, 0.75);
  }
  if (blob.size >= MAX_SCREENSHOT_BYTES) throw new Error("Cannot make the screenshot smaller than 1 MB");
  return blob;
}

// A WebP has at most 16,383 pixels a side, and some browsers write none: they answer a PNG.
async function compress(canvas: OffscreenCanvas, quality: number): Promise<Blob> {
  if (Math.max(canvas.width, canvas.height) <= 16_383) {
    const blob = await canvas.convertToBlob({ type: "image/webp", quality });
    if (blob.type === "image/webp") return blob;
  }
  return await canvas.convertToBlob({ type: "image/jpeg", quality });
}

function copyOf(canvas: OffscreenCanvas, width: number, height: number, factor: number): OffscreenCanvas {
  const copy = makeCanvas(width, height);
  contextOf(copy).drawImage(canvas, 0, 0, canvas.width * factor, canvas.height * factor);
  return copy;
}

function makeCanvas(width: number, height: number): OffscreenCanvas {
  return new OffscreenCanvas(Math.max(1, Math.round(width)), Math.max(1, Math.round(height)));
}

function contextOf(canvas: OffscreenCanvas): OffscreenCanvasRenderingContext2D {
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("Cannot draw the screenshot");
  context.imageSmoothingQuality = "high";
  return context;
}

// In pieces: a call takes only so many arguments.
function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8_192) text += String.fromCharCode(...bytes.subarray(at, at + 8_192));
  return btoa(text);
}
