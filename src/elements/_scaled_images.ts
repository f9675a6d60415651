import sharp, { type Sharp } from "sharp";
import { AppError } from "../base/errors.ts";
import { type Image, type ImageType, readImage } from "./_images.ts";

/** How large an image may be. */
export interface ImageLimits {
  /** Pixels of its longer side. */
  maxSide: number;
  /** Of the file. */
  maxBytes: number;
}

/** Pixels without a format, as sharp takes them. */
interface Pixels {
  data: Uint8Array;
  info: { width: number; height: number; channels: 1 | 2 | 3 | 4 };
}

/** From good to what can still be read. */
const QUALITIES = [80, 60, 40];
/** How much smaller an image becomes that is too large at the lowest quality: a little more than its size asks for, and not so that nothing is left of it. */
const [SHRINK_MARGIN, MAX_SHRINK] = [0.9, 0.3];

/**
 * The image, scaled down so that it keeps within the limits; never up, and unchanged where it keeps them already. A PNG stays one where it is small enough;
 * else it becomes a JPEG, or a WebP if one can see through it. `maxBytes` from 1,000 are always kept. Throws `TOO_LARGE`, and `UNAVAILABLE` where it is damaged.
 */
export async function scaleImage(image: Pick<Image, "mimeType" | "bytes">, limits: ImageLimits): Promise<Image> {
  const { maxSide, maxBytes } = limits;
  const { mimeType, bytes } = image;
  try {
    const { source, width, height } = await readImage(bytes);
    if (Math.max(width, height) <= maxSide && bytes.length <= maxBytes) return { mimeType, bytes, width, height };
    const pixels = await read(source.autoOrient(), maxSide);
    return await encode(pixels, mimeType, maxBytes);
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError("UNAVAILABLE", "Cannot scale the screenshot: its file is damaged", { cause });
  }
}

function read(source: Sharp, maxSide: number): Promise<Pixels> {
  const size = { width: maxSide, height: maxSide, fit: "inside", withoutEnlargement: true } as const;
  return source.resize(size).toColorspace("srgb").raw().toBuffer({ resolveWithObject: true });
}

async function encode(pixels: Pixels, original: ImageType, maxBytes: number): Promise<Image> {
  if (original === "image/png") {
    const bytes = await sharp(pixels.data, { raw: pixels.info }).png().toBuffer();
    if (bytes.length <= maxBytes) return toImage(pixels, "image/png", bytes);
  }
  const isSeenThrough = await hasTransparency(pixels);
  for (let current = pixels;;) {
    let smallest = Infinity;
    for (const quality of QUALITIES) {
      const image = sharp(current.data, { raw: current.info });
      const encoded = isSeenThrough ? image.webp({ quality }) : image.removeAlpha().jpeg({ quality });
      const bytes = await encoded.toBuffer();
      if (bytes.length <= maxBytes) return toImage(current, isSeenThrough ? "image/webp" : "image/jpeg", bytes);
      smallest = bytes.length;
    }
    const factor = Math.max(MAX_SHRINK, Math.sqrt(maxBytes / smallest) * SHRINK_MARGIN);
    const side = Math.max(1, Math.floor(Math.max(current.info.width, current.info.height) * factor));
    current = await read(sharp(current.data, { raw: current.info }), side);
  }
}

async function hasTransparency({ data, info }: Pixels): Promise<boolean> {
  if (info.channels !== 2 && info.channels !== 4) return false;
  return !(await sharp(data, { raw: info }).stats()).isOpaque;
}

function toImage({ info: { width, height } }: Pixels, mimeType: ImageType, bytes: Uint8Array): Image {
  return { mimeType, width, height, bytes };
}
