import { AppError } from "../base/errors.ts";

/** Reads a request's body up to a number of bytes. Throws `TOO_LARGE` as soon as there are more, `UNAVAILABLE` if it breaks off. */
export async function readBody(request: Request, maxBytes: number): Promise<Uint8Array> {
  const tooLarge = new AppError("TOO_LARGE", `Cannot take a request of more than ${maxBytes} bytes`);
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) throw tooLarge;
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of request.body ?? []) {
      size += chunk.length;
      if (size > maxBytes) throw tooLarge;
      chunks.push(chunk);
    }
  } catch (error) {
    if (error === tooLarge) throw error;
    throw new AppError("UNAVAILABLE", "Cannot read the request: it was broken off", { cause: error });
  }
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

/** Parses a JSON body (RFC 8259: UTF-8). Throws `INVALID_INPUT`. */
export function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch (error) {
    throw new AppError("INVALID_INPUT", "Cannot read the body: it is not JSON in UTF-8", { cause: error });
  }
}
