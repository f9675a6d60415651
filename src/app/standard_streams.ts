import { Buffer } from "node:buffer";
import { Socket } from "node:net";
import type { LineStreams } from "../mcp/lines.ts";

/** Of a pipe. */
const INPUT_BYTES = 65_536;
const [STDIN, STDOUT] = [0, 1];

/**
 * Standard input and output. Where they are pipes or sockets, as those of AI tools are, they are waited for with all else that comes and
 * goes: Deno's own streams have a thread read and write them, which costs a small message more than its answer does.
 */
export function openStandardStreams(): LineStreams {
  const [input, output] = [openSocket(STDIN), openSocket(STDOUT)];
  return {
    readable: input ?? readInput(),
    write: output === null ? writeOutput : (bytes) => writeSocket(output, bytes),
  };
}

/** null: it is a terminal or a file. */
function openSocket(fd: number): Socket | null {
  try {
    return new Socket({ fd, readable: fd === STDIN, writable: fd === STDOUT });
  } catch {
    return null;
  }
}

function writeSocket(socket: Socket, bytes: Uint8Array): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), (error) => error ? reject(error) : resolve());
  return promise;
}

/** Each chunk is written over by the next one: a message makes no buffer of its own. */
async function* readInput(): AsyncGenerator<Uint8Array, undefined> {
  const buffer = new Uint8Array(INPUT_BYTES);
  for (;;) {
    const length = await Deno.stdin.read(buffer);
    if (length === null) return;
    yield buffer.subarray(0, length);
  }
}

async function writeOutput(bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) written += await Deno.stdout.write(bytes.subarray(written));
}
