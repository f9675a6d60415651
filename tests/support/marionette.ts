import type { Data } from "./running_app.ts";

/** Firefox's own remote protocol: JSON messages over TCP, each behind its length and a colon. */
export interface Marionette extends Disposable {
  /** Asks for one command and returns its answer. Throws with what went wrong. */
  send(command: string, parameters?: Record<string, unknown>): Promise<Data>;
}

/** Connects, and reads the greeting. */
export async function connectMarionette(port: number): Promise<Marionette> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const reader = connection.readable.getReader();
  let read = new Uint8Array();
  let lastId = 0;
  await receive();
  return { send, [Symbol.dispose]: () => connection.close() };

  async function send(command: string, parameters: Record<string, unknown> = {}): Promise<Data> {
    const message = new TextEncoder().encode(JSON.stringify([0, ++lastId, command, parameters]));
    const framed = new Uint8Array([...new TextEncoder().encode(`${message.length}:`), ...message]);
    for (let sent = 0; sent < framed.length;) sent += await connection.write(framed.subarray(sent));
    const [, , error, result] = await receive();
    if (error !== null) throw new Error(`${command}: ${error.message}`);
    return result?.value ?? result;
  }

  async function receive(): Promise<Data> {
    while (true) {
      const colon = read.indexOf(58);
      const start = colon + 1;
      const end = start + Number(new TextDecoder().decode(read.subarray(0, colon)));
      if (colon > 0 && read.length >= end) {
        const message = JSON.parse(new TextDecoder().decode(read.subarray(start, end)));
        read = read.slice(end);
        return message;
      }
      const { value, done } = await reader.read();
      if (done) throw new Error("Firefox went away");
      read = new Uint8Array([...read, ...value]);
    }
  }
}
