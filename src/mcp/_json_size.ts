import { Buffer } from "node:buffer";

/** Bytes of a text in UTF-8. */
export function byteLength(text: string): number {
  return Buffer.byteLength(text);
}

/** Bytes of a text as JSON, its quotes included; counting ends once they are more than `limit`. */
export function jsonTextBytes(text: string, limit = Infinity): number {
  return scan(text, limit - QUOTES_BYTES).bytes + QUOTES_BYTES;
}

/** How many of a text's characters fit into so many bytes of JSON, without quotes. Never ends inside of a surrogate pair. */
export function fittingCharacters(text: string, maxBytes: number): number {
  return scan(text, maxBytes).fitting;
}

const QUOTES_BYTES = 2;
/** Bytes of each ASCII character as JSON.stringify writes it (ECMA-262 QuoteJSONString): \b \t \n \f \r " and \ have short escapes. */
const ASCII_BYTES = Uint8Array.from({ length: 128 }, (_, code) => JSON.stringify(String.fromCharCode(code)).length - 2);
const MAX_TWO_BYTE_CODE = 0x7ff;
const ESCAPE_BYTES = 6;

function scan(text: string, limit: number): { bytes: number; fitting: number } {
  let [bytes, place] = [0, 0];
  while (place < text.length) {
    const code = text.charCodeAt(place);
    const isPair = code >= 0xd800 && code <= 0xdbff && isLowSurrogate(text.charCodeAt(place + 1));
    bytes += code < 128 ? ASCII_BYTES[code] ?? 1 : isPair ? 4 : wideBytes(code);
    if (bytes > limit) return { bytes, fitting: place };
    place += isPair ? 2 : 1;
  }
  return { bytes, fitting: place };
}

function wideBytes(code: number): number {
  if (code <= MAX_TWO_BYTE_CODE) return 2;
  return code >= 0xd800 && code <= 0xdfff ? ESCAPE_BYTES : 3;
}

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff;
}
