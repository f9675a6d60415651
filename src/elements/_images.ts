import sharp, { type Sharp } from "sharp";
import { AppError } from "../base/errors.ts";

/** The image types that a screenshot may have. */
export const IMAGE_TYPES = ["image/png", "image/jpeg", "image/webp"] as const;
/** One of them. */
export type ImageType = (typeof IMAGE_TYPES)[number];

/** A screenshot, known to be what it claims. Sizes are pixels of the image. */
export interface Image {
  mimeType: ImageType;
  width: number;
  height: number;
  bytes: Uint8Array;
}

/** A full page of 2,560 by 16,000 pixels; decoding takes a byte a pixel. */
const MAX_PIXELS = 40_960_000;

// Only the decoders of what is accepted may run: a file that claims to be a PNG must not reach the SVG or TIFF reader.
sharp.block({ operation: ["VipsForeignLoad"] });
sharp.unblock({ operation: ["VipsForeignLoadPng", "VipsForeignLoadJpeg", "VipsForeignLoadWebp"] });

/** Decodes a whole image off the event loop and measures it. Throws `INVALID_INPUT` where it is not what it claims, `TOO_LARGE`. */
export async function decodeImage(mimeType: ImageType, bytes: Uint8Array): Promise<Image> {
  try {
    const { source, format, width, height } = await readImage(bytes);
    if (`image/${format}` !== mimeType) throw new Error(`It is ${format}`);
    await source.extractChannel(0).raw().toBuffer();
    return { mimeType, width, height, bytes };
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    const message = `is not the ${mimeType} that it claims to be`;
    const issues = [{ path: ["input", "screenshot", "base64"], message }];
    throw new AppError("INVALID_INPUT", `Cannot take the screenshot: it ${message}`, { issues, cause });
  }
}

/** Reads an image's head, so that what is too large is never unpacked; `source` fails where the rest is damaged. Throws `TOO_LARGE`. */
export async function readImage(
  bytes: Uint8Array,
): Promise<{ source: Sharp; format: string; width: number; height: number }> {
  const source = sharp(bytes, { failOn: "error", limitInputPixels: false });
  const { format, width, height } = await source.metadata();
  if (width * height > MAX_PIXELS) {
    throw new AppError("TOO_LARGE", `Cannot take a screenshot of ${width} × ${height} pixels: at most ${MAX_PIXELS}`);
  }
  return { source, format, width, height };
}
