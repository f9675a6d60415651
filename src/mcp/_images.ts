import type { ImageContent } from "@modelcontextprotocol/server";
import type { Shape } from "./_shape.ts";

/** Whether answers of a shape may hold images. */
export function hasImages(shape: Shape): boolean {
  if (shape.kind === "list") return hasImages(shape.item);
  if (shape.kind === "leaf") return false;
  return shape.type === "ScaledImage" || [...shape.fields.values()].some(hasImages);
}

/** The images of an answer, as blocks of their own. Their place in the text keeps what describes them. */
export function takeImages(data: unknown, shape: Shape): ImageContent[] {
  if (typeof data !== "object" || data === null) return [];
  if (shape.kind === "list") return Array.isArray(data) ? data.flatMap((item) => takeImages(item, shape.item)) : [];
  if (shape.kind === "leaf") return [];
  const values: Record<string, unknown> = { ...data };
  if (shape.type === "ScaledImage") {
    return [{ type: "image", data: String(values["base64"]), mimeType: String(values["mimeType"]) }];
  }
  return [...shape.fields].flatMap(([name, field]) => takeImages(values[name], field));
}
