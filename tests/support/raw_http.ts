/** One request as bytes on a connection of its own, whatever a client library would refuse to send. */
export interface RawRequest {
  method: string;
  target: string;
  /** In order; what they hold is sent as it is, line breaks too. */
  headers: [string, string][];
  body: Uint8Array;
  /** Whether the client says after it that nothing more comes, as one that is cut off does; the server takes it for gone. */
  isCut: boolean;
}

/** What came back, the statuses of all answers in it: more than one where the bytes read as several requests. */
export interface RawAnswer {
  statuses: number[];
  /** Of the last one. */
  headers: Headers;
  text: string;
}

/** The head of an answer whose end need not come. */
const EVENT_STREAM = /^HTTP\/1\.1 200 .*\r\n(?:.+\r\n)*content-type: text\/event-stream.*\r\n(?:.+\r\n)*\r\n/im;
/** How long the server may take for one request. */
const ANSWER_TIMEOUT_MS = 10_000;

/** Sends a request and reads until the server closes, or has begun an event stream, which may stay open. Throws where it does neither. */
export async function sendRaw(url: string, request: RawRequest): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  const timer = setTimeout(() => connection.close(), ANSWER_TIMEOUT_MS);
  try {
    const reading = readAll(connection);
    await writeAll(connection, bytesOf(request));
    if (request.isCut) await connection.closeWrite().catch(throwUnlessClosed);
    const text = await reading;
    const heads = Array.from(text.matchAll(/^HTTP\/1\.[01] (\d{3}).*\r\n((?:.+\r\n)*)/gm));
    const lines = heads.at(-1)?.[2]?.trimEnd().split("\r\n") ?? [];
    const headers = new Headers(lines.map((line): [string, string] => [
      line.slice(0, line.indexOf(":")),
      line.slice(line.indexOf(":") + 1),
    ]));
    return { statuses: heads.map(([, status]) => Number(status)), headers, text };
  } finally {
    clearTimeout(timer);
  }
}

function bytesOf({ method, target, headers, body }: RawRequest): Uint8Array {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`);
  const head = new TextEncoder().encode(`${method} ${target} HTTP/1.1\r\n${lines.join("")}\r\n`);
  const bytes = new Uint8Array(head.length + body.length);
  bytes.set(head);
  bytes.set(body, head.length);
  return bytes;
}

async function readAll(connection: Deno.TcpConn): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  const buffer = new Uint8Array(65_536);
  try {
    for (;;) {
      const count = await connection.read(buffer);
      if (count === null) return text;
      text += decoder.decode(buffer.subarray(0, count), { stream: true });
      if (EVENT_STREAM.test(text)) return text;
    }
  } catch (error) {
    // It closes at once where it will not read on.
    if (error instanceof Deno.errors.ConnectionReset) return text;
    throw error;
  }
}

async function writeAll(connection: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  try {
    for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
  } catch (error) {
    throwUnlessClosed(error);
  }
}

function throwUnlessClosed(error: unknown): void {
  const { ConnectionReset, BrokenPipe, NotConnected } = Deno.errors;
  if (![ConnectionReset, BrokenPipe, NotConnected].some((closed) => error instanceof closed)) throw error;
}
