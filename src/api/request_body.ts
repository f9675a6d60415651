import { AppError } from "../base/errors.ts";
import { createTimeLimit } from "./_time_limit.ts";

/** A body arrives within this time, or it is refused: 12 MiB at 3.4 Mbit/s. */
const BODY_TIMEOUT_MS = 30_000;
/** What any number of connections may hold. */
const SMALL_BODY_BYTES = 65_536;

/** Reads bodies of requests. Disposing it forgets those that are still arriving. */
export interface BodyReader extends Disposable {
  /**
   * Reads a body up to a number of bytes. Throws `TOO_LARGE` as soon as there are more, `INVALID_INPUT` for a compressed one (415),
   * `UNAVAILABLE` if it breaks off or is late (408).
   */
  read(request: Request, maxBytes: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Reads JSON (RFC 8259). Throws as `read` does, and `INVALID_INPUT` for another type (415) and for what is no JSON in UTF-8. */
  readJson(request: Request, maxBytes: number): Promise<{ json: unknown; size: number }>;
}

/** Builds the reader of bodies. */
export function createBodyReader(): BodyReader {
  const limit = createTimeLimit(BODY_TIMEOUT_MS, late);
  return { read, readJson, [Symbol.dispose]: () => limit[Symbol.dispose]() };

  async function readJson(request: Request, maxBytes: number): Promise<{ json: unknown; size: number }> {
    if (!isJson(request.headers.get("content-type") ?? "")) {
      throw unsupported("Cannot read this type of body: send application/json in UTF-8");
    }
    const body = await read(request, maxBytes);
    return { json: parseJson(body), size: body.length };
  }

  async function read(request: Request, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
    const encoding = request.headers.get("content-encoding");
    // What is small here may be gigabytes once it is unpacked.
    if (encoding !== null && encoding.toLowerCase() !== "identity") {
      throw unsupported("Cannot read a compressed body: send it as it is");
    }
    const length = request.headers.get("content-length");
    if (Number(length ?? 0) > maxBytes) throw tooLarge(maxBytes);
    // HTTP ends a body where its length says (RFC 9112 §6.2): a small one need not be counted, nor given up when it is late.
    const isSmall = length !== null && Number(length) <= SMALL_BODY_BYTES;
    const reader = isSmall ? undefined : request.body?.getReader();
    try {
      return await limit.hold(isSmall ? request.bytes() : readCounted(reader, maxBytes));
    } catch (error) {
      reader?.cancel().catch(() => {});
      if (error instanceof AppError) throw error;
      throw new AppError("UNAVAILABLE", "Cannot read the request: it was broken off", { cause: error });
    }
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true });

/** Parses JSON in UTF-8. Throws `INVALID_INPUT`. */
export function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(body));
  } catch (error) {
    throw new AppError("INVALID_INPUT", "Cannot read the body: it is not JSON in UTF-8", { cause: error });
  }
}

async function readCounted(
  reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | undefined,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for (let chunk = await reader?.read(); chunk?.done === false; chunk = await reader?.read()) {
    size += chunk.value.length;
    if (size > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk.value);
  }
  return concatenate(chunks, size);
}

// Also what keeps another site's form from posting: it can't send this type without asking first. Fetch §2.2.2
function isJson(contentType: string): boolean {
  return /^application\/json *(?:; *charset *= *(utf-?8|"utf-?8") *)?$/i.test(contentType.trim());
}

function late(): AppError {
  const message = `Cannot read the request: its body took over ${BODY_TIMEOUT_MS / 1_000} s`;
  return new AppError("UNAVAILABLE", message, { httpStatus: 408 });
}

function tooLarge(maxBytes: number): AppError {
  return new AppError("TOO_LARGE", `Cannot take a request of more than ${maxBytes} bytes`);
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
