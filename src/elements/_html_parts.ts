import { Buffer } from "node:buffer";
import { readTokens } from "./_html_tokens.ts";

/** A part of HTML that has whole characters; `after` and `end` are bytes of its UTF-8. */
export interface HtmlPart {
  html: string;
  after: number;
  end: number;
  htmlByteSize: number;
  hasMore: boolean;
}

/** Where a part begins, and how long it may be. */
export interface PartRequest {
  after: number;
  maxBytes: number;
  signal?: AbortSignal;
}

/** The first bytes of HTML, at least so many as a part needs, and how many there are in all. */
export interface HtmlBytes {
  bytes: Uint8Array;
  byteSize: number;
}

/** Bytes beyond a part that say how it may end: a tag's name, by which it is known as one, or the rest of a character. */
export const LOOK_AHEAD_BYTES = 64;

/**
 * The part of HTML after so many bytes. It ends where a tag begins or ends, where that is within `maxBytes`; else with a character. undefined: there
 * is no such place. Parts that begin where the one before ended are the whole HTML. Throws the signal's reason.
 */
export async function cutPart({ bytes, byteSize }: HtmlBytes, request: PartRequest): Promise<HtmlPart | undefined> {
  const { after, maxBytes, signal } = request;
  if (after < 0 || after > byteSize || isInsideCharacter(bytes, after)) return undefined;
  const most = Math.min(byteSize, after + maxBytes);
  const end = most === byteSize ? most : await findEnd(bytes, { after, most, ...(signal ? { signal } : {}) });
  const html = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes.subarray(after, end));
  return { html, after, end, htmlByteSize: byteSize, hasMore: end < byteSize };
}

async function findEnd(
  bytes: Uint8Array,
  { after, most, signal }: { after: number; most: number; signal?: AbortSignal },
): Promise<number> {
  const border = await lastTagBorder(bytes.subarray(0, most + LOOK_AHEAD_BYTES), {
    most,
    ...(signal ? { signal } : {}),
  });
  if (border > after) return border;
  let end = most;
  while (end > after && isInsideCharacter(bytes, end)) end--;
  if (end > after) return end;
  // The character is longer than the part may be: it comes all the same, so that paging gets on.
  end = most;
  while (isInsideCharacter(bytes, end)) end++;
  return end;
}

// Read from the start, since only so it is known what is a tag and what is in a comment, a script or a value. As Latin-1, so that places are bytes: markup
// is ASCII, and no byte of another character is.
async function lastTagBorder(
  { buffer, byteOffset, length }: Uint8Array,
  { most, signal }: { most: number; signal?: AbortSignal },
): Promise<number> {
  const text = Buffer.from(buffer, byteOffset, length).toString("latin1");
  let border = 0;
  const note = (place: number) => {
    if (place <= most) border = place;
  };
  await readTokens(text, {
    onopentagname: (start) => note(start - "<".length),
    onopentagend: (end) => note(end + 1),
    onselfclosingtag: (end) => note(end + 1),
    onclosetag: (start, end) => {
      note(start - "</".length);
      const close = text.indexOf(">", end);
      if (close !== -1) note(close + 1);
    },
  }, signal);
  return border;
}

function isInsideCharacter(bytes: Uint8Array, place: number): boolean {
  return ((bytes[place] ?? 0) & 0b1100_0000) === 0b1000_0000;
}
