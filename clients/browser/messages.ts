/** A rectangle in CSS pixels. */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** What may change of an element while its page lives; only what changed is told. */
export interface ElementChange {
  selector?: string;
  classNames?: string[];
  attributes?: Record<string, string>;
  text?: string | null;
  html?: string;
  computedStyles?: Record<string, string>;
  box?: Box;
  viewport?: { width: number; height: number; scrollX: number; scrollY: number; devicePixelRatio: number } | null;
}

/** What was pointed at: `CaptureElementInput` of the schema. */
export interface Capture extends ElementChange {
  /** The same one twice stores one element; absent: a new one. */
  clientId?: string;
  pageUrl: string;
  pageTitle?: string | null;
  selector: string;
  tagName: string;
  domId?: string | null;
  html: string;
  box: Box;
  accessibility?: { role?: string | null; name?: string | null; description?: string | null } | null;
  component?: { framework: string; name: string; file?: string; line?: number; column?: number } | null;
  screenshot?: { mimeType: string; base64: string } | null;
  note?: string | null;
}

/** Which tab this is. */
export interface PageFacts {
  pageId: string;
  url: string;
  title: string;
}

/** What became of a capture. */
export interface Captured {
  elementId: string;
  revision: number;
}

/** What somebody asks of the page. */
export interface Command {
  command: "HIGHLIGHT" | "INSPECT" | "SCREENSHOT";
  elementId: string;
  selector: string;
}

/** What the page found: for INSPECT the fresh fields, for SCREENSHOT the picture. */
export type CommandResult = ElementChange & { screenshot?: { mimeType: string; base64: string } };

/** A message from the server. */
export type Answer =
  | { type: "captured"; id: string } & Captured
  | { type: "command"; id: string } & Command
  | { type: "error"; id: string | null; code: string; message: string; retryAfterSeconds?: number }
  | { type: "pong"; id: string }
  | { type: "opened"; id: null };

/** A message to the server. */
export interface Message {
  type: "capture" | "page" | "update" | "stale" | "result" | "error" | "ping";
  [field: string]: unknown;
}

/** A random UUID, also on pages without a secure context, where `crypto.randomUUID` is missing. RFC 9562 §5.4 */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
