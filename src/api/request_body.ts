import { AppError } from "../base/errors.ts";

/** A body arrives within this time, or it is refused: 12 MiB at 3.4 Mbit/s. */
export const BODY_TIMEOUT_MS = 30_000;

/**
 * Reads a request's JSON body (RFC 8259) up to a number of bytes. Throws `INVALID_INPUT` for another type (415) and for what is no
 * JSON in UTF-8, `TOO_LARGE` as soon as there are more bytes, `UNAVAILABLE` if it breaks off or is late (408).
 */
export async function readJsonBody(request: Request, maxBytes: number): Promise<{ json: unknown; size: number }> {
  if (!isJson(request.headers.get("content-type") ?? "")) {
    throw unsupported("Cannot read this type of body: send application/json in UTF-8");
  }
  const body = await readBody(request, maxBytes);
  return { json: parseJson(body), size: body.length };
}

/** Parses JSON in UTF-8. Throws `INVALID_INPUT`. */
export function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch (error) {
    throw new AppError("INVALID_INPUT", "Cannot read the body: it is not JSON in UTF-8", { cause: error });
  }
}

/**
 * Reads a request's body up to a number of bytes. Throws `TOO_LARGE` as soon as there are more, `INVALID_INPUT` for a compressed one
 * (415), `UNAVAILABLE` if it breaks off or is late (408).
 */
export async function readBody(request: Request, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const encoding = request.headers.get("content-encoding") ?? "identity";
  // What is small here may be gigabytes once it is unpacked.
  if (encoding.toLowerCase() !== "identity") throw unsupported("Cannot read a compressed body: send it as it is");
  const tooLarge = new AppError("TOO_LARGE", `Cannot take a request of more than ${maxBytes} bytes`);
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) throw tooLarge;
  const reader = request.body?.getReader();
  if (reader === undefined) return new Uint8Array();
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  using deadline = cancelAfter(reader, BODY_TIMEOUT_MS);
  try {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      size += chunk.value.length;
      if (size > maxBytes) throw tooLarge;
      chunks.push(chunk.value);
    }
  } catch (error) {
    if (error === tooLarge) {
      reader.cancel().catch(() => {});
      throw error;
    }
    throw new AppError("UNAVAILABLE", "Cannot read the request: it was broken off", { cause: error });
  }
  if (deadline.isOver()) {
    const message = `Cannot read the request: its body took over ${BODY_TIMEOUT_MS / 1_000} s`;
    throw new AppError("UNAVAILABLE", message, { httpStatus: 408 });
  }
  return concatenate(chunks, size);
}

/** Ends the reading after a while: what is read by then looks like the end. */
function cancelAfter(
  reader: ReadableStreamDefaultReader<unknown>,
  milliseconds: number,
): Disposable & { isOver(): boolean } {
  let isOver = false;
  const timer = setTimeout(() => {
    isOver = true;
    reader.cancel().catch(() => {});
  }, milliseconds);
  return { isOver: () => isOver, [Symbol.dispose]: () => clearTimeout(timer) };
}

// Also what keeps another site's form from posting: it can't send this type without asking first. Fetch §2.2.2
function isJson(contentType: string): boolean {
  return /^application\/json *(?:; *charset *= *(utf-?8|"utf-?8") *)?$/i.test(contentType.trim());
}

function unsupported(message: string): AppError {
  return new AppError("INVALID_INPUT", message, { httpStatus: 415 });
}

function concatenate(chunks: Uint8Array<ArrayBuffer>[], size: number): Uint8Array<ArrayBuffer> {
  const [first] = chunks;
  if (first !== undefined && chunks.length === 1) return first;
  const body = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    body.set(chunk, offset);
    offset += chunk.length;
  }
  return body;
}
