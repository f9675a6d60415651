/** Texts that are shorter hold no data: URL worth leaving out. */
const MIN_HEAVY_CHARACTERS = 100;
/** Linear on any text: no repetition stands inside another, or before one, that takes the same characters. Base64 may be wrapped. */
const DATA_URL =
  /\bdata:([a-z0-9.+/;=_-]{0,200}),((?:[^\s"'()<>\\]{100,}|[a-z0-9+/]{60,})(?:\s{1,8}[a-z0-9+/]{40,}={0,2})*)/gi;

/** A text without the contents of its longer data: URLs: `data:image/png;base64,…(12,345 bytes)`. */
export function lightText(text: string): string {
  if (text.length < MIN_HEAVY_CHARACTERS) return text;
  return text.replace(DATA_URL, (_url, type: string, content: string) => lightUrl(type, content));
}

/** Where a place of `lightText(text)` is in the text itself. A place inside of what stands for a URL becomes its begin, in both. */
export function placeInText(text: string, lightPlace: number): { light: number; full: number } {
  let shorter = 0;
  for (const { 0: url, 1: type = "", 2: content = "", index } of text.matchAll(DATA_URL)) {
    const begin = index - shorter;
    const length = lightUrl(type, content).length;
    if (lightPlace <= begin) break;
    if (lightPlace < begin + length) return { light: begin, full: index };
    shorter += url.length - length;
  }
  return { light: lightPlace, full: lightPlace + shorter };
}

function lightUrl(type: string, content: string): string {
  return `data:${type},…(${content.length.toLocaleString("en-US")} bytes)`;
}
