import { AppError } from "../base/errors.ts";
import { fit } from "./_fitting.ts";
import { byteLength } from "./_json_size.ts";
import { MAX_JSON_DEPTH } from "./_light_json.ts";
import { lightText } from "./_light_text.ts";
import { createLosses, type Cut, type Loss, ROOT } from "./_losses.ts";
import { toMarkdown } from "./_markdown.ts";
import { LAST_LEVEL, measure, type ObjectPart, sizeAt } from "./_parts.ts";
import type { Shape } from "./_shape.ts";

/** What was asked: the tool's name, its arguments, what its data look like, and how long each form of the answer may be. */
export interface Asked {
  tool: string;
  input: Record<string, unknown>;
  shape: Shape;
  maxBytes: number;
}

/** An answer in its two forms. `structured` has what was cut in `cut`, a list of `Cut`; `text` at its end. */
export interface Answer extends Structured {
  text: string;
}

interface Structured {
  structured: Record<string, unknown>;
  /** The same as JSON. */
  json: string;
}

/** Room that is kept to tell what was cut. */
const MAX_TOLD_BYTES = 1_600;
const TOLD_SHARE = 4;
/** A text takes fewer bytes than the JSON that it is made of, so it is made of more than fits as JSON: at most of so many times as much. */
const MAX_TEXT_RATIO = 2;
/** How often the room is measured out anew, since a text's length is known only once it is written. */
const MAX_TRIES = 8;
/** A text that fills so much of its budget is not tried again. */
const FILLED_SHARE = 0.85;
/** The next try's room is a little smaller than what was worked out: lengths are not quite proportional. */
const SAFE_SHARE = 0.97;
const BYTES_PER_TOKEN = 4;
const CUT_KEY_BYTES = `,"cut":[]`.length;
/** What tells that there are more cuts than are told. */
const SUMMARY_BYTES = 90;
/** The numbers and words around a cut's path and call. */
const MAX_COUNT_BYTES = 50;

/**
 * Turns an operation's data into what an agent reads: both forms have at most `maxBytes` bytes and no base64, and `structured` is valid
 * for `shapeSchema`. What is least useful is cut first, and named. Throws `TOO_LARGE` where the fields that can't be cut take more.
 */
export function composeAnswer(data: Record<string, unknown>, asked: Asked): Answer {
  const { shape, maxBytes } = asked;
  const isWhole = isLight(data, shape, maxBytes * MAX_TEXT_RATIO);
  const text = isWhole ? toMarkdown(data, shape) : "";
  const textFits = isWhole && byteLength(text) <= maxBytes;
  const json = isWhole ? JSON.stringify(data) : "";
  const dataFit = isWhole && byteLength(json) <= maxBytes;
  if (textFits && dataFit) return { structured: data, json, text };
  const whole = measure(data, shape, maxBytes * MAX_TEXT_RATIO + 1);
  return {
    ...(dataFit ? { structured: data, json } : fitStructured(whole, asked)),
    text: textFits ? text : fitMarkdown(whole, asked),
  };
}

/** Whether data can be shown as they are: of a length that may fit, not deep, and without an image or a data: URL. */
function isLight(data: unknown, shape: Shape, limit: number): boolean {
  let left = limit;
  return isLightValue(data, shape);

  function isLightValue(value: unknown, shape: Shape): boolean {
    if (shape.kind === "leaf") return isLightJson(value, 0);
    if (value === null || value === undefined) return true;
    if (shape.kind === "list") return !Array.isArray(value) || value.every((item) => isLightValue(item, shape.item));
    if (shape.type === "ScaledImage") return false;
    for (const [key, field] of shape.fields) {
      if (!isLightValue(Reflect.get(value, key), field) || left < 0) return false;
    }
    return true;
  }

  function isLightJson(value: unknown, depth: number): boolean {
    if (typeof value === "string") {
      left -= value.length;
      return left >= 0 && lightText(value) === value;
    }
    left -= 1;
    if (typeof value !== "object" || value === null) return left >= 0;
    if (depth >= MAX_JSON_DEPTH) return false;
    if (Array.isArray(value)) return value.every((item) => left >= 0 && isLightJson(item, depth + 1));
    for (const name of Object.keys(value)) {
      if (left < 0 || !isLightJson(name, 0) || !isLightJson(Reflect.get(value, name), depth + 1)) return false;
    }
    return true;
  }
}

interface Fitted {
  data: Record<string, unknown>;
  losses: Loss[];
}

function fitData(whole: ObjectPart, room: number, asked: Asked): Fitted {
  const losses = createLosses(asked);
  const data = fit(whole, room, { losses, place: ROOT });
  return { data: { ...(typeof data === "object" ? data : {}) }, losses: losses.all() };
}

function fitStructured(whole: ObjectPart, asked: Asked): Structured {
  const { maxBytes } = asked;
  const least = sizeAt(whole, LAST_LEVEL);
  const toldBytes = toldRoom(maxBytes);
  let room = sizeAt(whole, 0) <= maxBytes ? maxBytes : Math.max(maxBytes - toldBytes, least);
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const { data, losses } = fitData(whole, room, asked);
    const plain = JSON.stringify(data);
    const kept = byteLength(plain);
    if (losses.length === 0 && kept <= maxBytes) return { structured: data, json: plain };
    const entries = losses.map(({ unit: _unit, ...cut }): Cut => cut);
    const toTell = Math.min(toldBytes, maxBytes - kept - CUT_KEY_BYTES);
    const structured = { ...data, cut: tell(entries, toTell, (cut) => byteLength(JSON.stringify(cut)) + 1) };
    const json = JSON.stringify(structured);
    const over = byteLength(json) - maxBytes;
    if (over <= 0) return { structured, json };
    if (room <= least) break;
    room = Math.max(least, room - over);
  }
  const tokens = Math.floor(maxBytes / BYTES_PER_TOKEN);
  throw new AppError(
    "TOO_LARGE",
    `Cannot fit the answer into ${tokens} tokens: what can't be cut takes ${least} bytes`,
  );
}

function fitMarkdown(whole: ObjectPart, asked: Asked): string {
  const { shape, maxBytes } = asked;
  const [least, all] = [sizeAt(whole, LAST_LEVEL), sizeAt(whole, 0)];
  const most = Math.max(least, Math.min(all, maxBytes * MAX_TEXT_RATIO));
  let best = "";
  let room = Math.max(least, Math.min(all, maxBytes));
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const { data, losses } = fitData(whole, room, asked);
    const text = [toMarkdown(data, shape), ...writeLosses(losses, toldRoom(maxBytes))].join("\n");
    const bytes = byteLength(text);
    if (bytes <= maxBytes && bytes >= byteLength(best)) best = text;
    if (bytes <= maxBytes && (losses.length === 0 || bytes >= maxBytes * FILLED_SHARE)) return best;
    const better = Math.round(Math.min(most, room * maxBytes * SAFE_SHARE / Math.max(1, bytes)));
    const next = Math.max(least, bytes > maxBytes ? Math.min(better, Math.floor(room * SAFE_SHARE)) : better);
    if (next === room) break;
    room = next;
  }
  return best === "" ? "The answer does not fit as text: read the structured content, or raise maxTokens" : best;
}

function writeLosses(losses: Loss[], room: number): string[] {
  if (losses.length === 0) return [];
  const told = tell(losses, room, ({ path, next }) => byteLength(path) + byteLength(next) + MAX_COUNT_BYTES);
  const lines = told.map((cut) => {
    const unit = "unit" in cut ? ` ${cut.unit}` : "";
    return `- ${cut.path}: ${cut.kept} of ${cut.of}${unit}; ${cut.next}`;
  });
  return ["cut:", ...lines];
}

/** The first of what was cut that there is room to tell, and how many more there are. */
function tell<C extends Cut>(cuts: C[], room: number, bytesOf: (cut: C) => number): (C | Cut)[] {
  if (cuts.reduce((bytes, cut) => bytes + bytesOf(cut), 0) <= room) return cuts;
  let left = room - SUMMARY_BYTES;
  const told = cuts.filter((cut) => (left -= bytesOf(cut)) >= 0);
  return [...told, { path: "cut", kept: told.length, of: cuts.length, next: "raise maxTokens, or ask for less" }];
}

function toldRoom(maxBytes: number): number {
  return Math.min(MAX_TOLD_BYTES, Math.floor(maxBytes / TOLD_SHARE));
}
