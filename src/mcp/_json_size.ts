import { Buffer } from "node:buffer";

/** Bytes of a text in UTF-8. */
export function byteLength(text: string): number {
  return Buffer.byteLength(text);
}

/** Bytes of a text as JSON, its quotes included; counting ends once they are more than `limit`. */
export function jsonTextBytes(text: string, limit = Infinity): number {
  let bytes = 2;
  for (let place = 0; place < text.length && bytes <= limit; place += 1) {
    bytes += characterBytes(text, place);
    if (isPair(text, place)) place += 1;
  }
  return bytes;
}

/** How many of a text's characters fit into so many bytes of JSON, without quotes. Never ends inside of a surrogate pair. */
export function fittingCharacters(text: string, maxBytes: number): number {
  let bytes = 0;
  let place = 0;
  while (place < text.length) {
    bytes += characterBytes(text, place);
    if (bytes > maxBytes) break;
    place += isPair(text, place) ? 2 : 1;
  }
  return place;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** \b \t \n \f \r: their escapes have two characters, those of other controls six. */
const SHORT_ESCAPES = new Set([8, 9, 10, 12, 13]);

/** As JSON.stringify writes it (ECMA-262 QuoteJSONString): a lone surrogate is an escape of six. */
function characterBytes(text: string, place: number): number {
  const code = text.charCodeAt(place);
  if (code < 0x20) return SHORT_ESCAPES.has(code) ? 2 : 6;
  if (code === QUOTE || code === BACKSLASH) return 2;
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  if (code < 0xd800 || code > 0xdfff) return 3;
  return isPair(text, place) ? 4 : 6;
}

function isPair(text: string, place: number): boolean {
  const [high, low] = [text.charCodeAt(place), text.charCodeAt(place + 1)];
  return high >= 0xd800 && high <= 0xdbff && low >= 0xdc00 && low <= 0xdfff;
}
