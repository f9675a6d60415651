/** A WebSocket client down to its bytes (RFC 6455): it reads only when it is asked to, so it can be a reader that stalls. */
export interface RawWebSocket extends Disposable {
  /** Sends a message as JSON. */
  send(message: unknown): Promise<void>;
  /** The next message's text, the code with which the server closed, or null where the connection ended. */
  read(): Promise<string | number | null>;
}

/** Room for many small messages; it grows to hold the largest. */
const INITIAL_BUFFER_BYTES = 16_384;
const OPCODE = { text: 1, close: 8, ping: 9, pong: 10 } as const;
/** Any will do: a mask hides bytes from proxies alone. RFC 6455 §5.3 */
const MASK = [0, 0, 0, 0];

/** Opens a socket of the graphql-transport-ws protocol. Throws where the server answers with anything but an upgrade. */
export async function openRawWebSocket(origin: string): Promise<RawWebSocket> {
  const { hostname, port, host } = new URL(origin);
  const connection = await Deno.connect({ hostname, port: Number(port) });
  connection.setNoDelay(true);
  let buffer = new Uint8Array(INITIAL_BUFFER_BYTES);
  let [start, end] = [0, 0];
  let isClosed = false;
  try {
    await shakeHands();
  } catch (error) {
    connection.close();
    throw error;
  }
  return {
    send: (message) => sendFrame(OPCODE.text, new TextEncoder().encode(JSON.stringify(message))),
    read,
    [Symbol.dispose]: () => {
      if (!isClosed) connection.close();
      isClosed = true;
    },
  };

  async function shakeHands(): Promise<void> {
    const head = [
      "GET /graphql HTTP/1.1",
      `Host: ${host}`,
      "Upgrade: websocket",
      "Connection: Upgrade",
      "Sec-WebSocket-Version: 13",
      `Sec-WebSocket-Key: ${crypto.getRandomValues(new Uint8Array(16)).toBase64()}`,
      "Sec-WebSocket-Protocol: graphql-transport-ws",
    ];
    await writeAll(new TextEncoder().encode(`${head.join("\r\n")}\r\n\r\n`));
    let text = "";
    while (!text.includes("\r\n\r\n")) {
      if (!await fill()) throw new Error("The server closed the connection");
      text = new TextDecoder("latin1").decode(buffer.subarray(start, end));
    }
    if (!text.startsWith("HTTP/1.1 101")) throw new Error(`The server did not upgrade: ${text}`);
    start += text.indexOf("\r\n\r\n") + 4;
  }

  async function read(): Promise<string | number | null> {
    for (;;) {
      const frame = takeFrame();
      if (frame === null) {
        if (!await fill()) return null;
        continue;
      }
      const { opcode, payload } = frame;
      if (opcode === OPCODE.text) return new TextDecoder().decode(payload);
      if (opcode === OPCODE.close) return (payload[0] ?? 0) * 256 + (payload[1] ?? 0);
      if (opcode === OPCODE.ping) await sendFrame(OPCODE.pong, payload.slice());
    }
  }

  function takeFrame(): { opcode: number; payload: Uint8Array } | null {
    const view = new DataView(buffer.buffer, start, end - start);
    if (view.byteLength < 2) return null;
    const short = view.getUint8(1) & 0x7f;
    const headerBytes = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (view.byteLength < headerBytes) return null;
    const length = short < 126 ? short : short === 126 ? view.getUint16(2) : Number(view.getBigUint64(2));
    if (view.byteLength < headerBytes + length) return null;
    const payload = buffer.subarray(start + headerBytes, start + headerBytes + length);
    start += headerBytes + length;
    return { opcode: view.getUint8(0) & 0x0f, payload };
  }

  /** Reads some more; false at the end of the connection. */
  async function fill(): Promise<boolean> {
    if (start === end) [start, end] = [0, 0];
    if (end === buffer.length) {
      const rest = buffer.subarray(start, end);
      const larger = new Uint8Array(rest.length * 2 > buffer.length ? buffer.length * 2 : buffer.length);
      larger.set(rest);
      [buffer, start, end] = [larger, 0, rest.length];
    }
    const count = await connection.read(buffer.subarray(end)).catch(() => null);
    end += count ?? 0;
    return count !== null;
  }

  function sendFrame(opcode: number, payload: Uint8Array): Promise<void> {
    const { length } = payload;
    const size = length < 126 ? [0x80 | length] : [0x80 | 126, length >> 8, length & 0xff];
    return writeAll(Uint8Array.from([0x80 | opcode, ...size, ...MASK, ...payload]));
  }

  async function writeAll(bytes: Uint8Array): Promise<void> {
    for (let written = 0; written < bytes.length;) written += await connection.write(bytes.subarray(written));
  }
}
