/** Where lines come from and go to. */
export interface LineStreams {
  /** Each chunk need only last until the next is asked for. */
  readable: AsyncIterable<Uint8Array>;
  /** Done when the bytes are on their way, and they may be written over. Rejects when there is nobody to read them. */
  write: (bytes: Uint8Array) => Promise<void>;
}

/** A line that came, or that one was too long to be kept. */
export type Line = { text: string } | { tooLong: number };

const LINE_FEED = 10;

/** Cuts bytes into lines of UTF-8. Of a line with more than `maxBytes` nothing is kept but its length. */
export async function* readLines(source: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Line, undefined> {
  let parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of source) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      const part = chunk.subarray(start, end);
      // Most lines come in one chunk, and need no copy.
      if (size === 0 && part.length <= maxBytes) yield { text: decode(part) };
      else {
        keep(part);
        yield take();
      }
      start = end + 1;
    }
    keep(chunk.subarray(start));
  }

  function keep(part: Uint8Array): void {
    size += part.length;
    if (size > maxBytes) parts = [];
    // Copied: the source may write its next chunk over this one.
    else if (part.length > 0) parts.push(part.slice());
  }

  function take(): Line {
    const line = size > maxBytes ? { tooLong: size } : { text: decode(concatenate(parts, size)) };
    parts = [];
    size = 0;
    return line;
  }
}

const decoder = new TextDecoder();

function decode(line: Uint8Array): string {
  const text = decoder.decode(line);
  return text.endsWith("\r") ? text.slice(0, -1) : text;
}

function concatenate(parts: Uint8Array[], size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}
