import { Buffer } from "node:buffer";
import { toFrames } from "../../src/peers/_framing.ts";
import { closePeerConnection, openPeerConnection } from "../../src/peers/_werift.ts";
import type { Measured } from "./connection_host.ts";

/** Connections to a process that holds the server's side of them. */
export interface ConnectionHost extends AsyncDisposable {
  /** Opens a connection, hears an answer on it, and returns what closes it from this side. */
  open(): Promise<() => Promise<void>>;
  /** Waits until the other side has closed all of its own. */
  close(): Promise<void>;
  measure(): Promise<Measured>;
}

/** Starts such a process. */
export function startConnectionHost(): ConnectionHost {
  const process = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--allow-all",
      "--v8-flags=--expose-gc,--max-semi-space-size=8",
      new URL("connection_host.ts", import.meta.url).pathname,
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const writer = process.stdin.getWriter();
  const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const ask = async (command: unknown) => {
    await writer.write(new TextEncoder().encode(`${JSON.stringify(command)}\n`));
    while (!text.includes("\n")) {
      const { value, done } = await reader.read();
      if (done) throw new Error("The process that holds the connections ended");
      text += value;
    }
    const [line = "", ...rest] = text.split("\n");
    text = rest.join("\n");
    return JSON.parse(line);
  };
  const open = async () => {
    const connection = await openPeerConnection();
    const channel = connection.createDataChannel("fingerpost.v1");
    const heard = channel.onMessage.asPromise();
    channel.stateChanged.subscribe((state) => {
      if (state !== "open") return;
      for (const frame of toFrames(1, new TextEncoder().encode("{}"))) channel.send(Buffer.from(frame.buffer));
    });
    await connection.setLocalDescription(await connection.createOffer());
    const sdp = await ask({ offer: connection.localDescription?.sdp });
    await connection.setRemoteDescription({ type: "answer", sdp });
    await heard;
    return () => closePeerConnection(connection);
  };
  return {
    open,
    close: () => ask("close"),
    measure: () => ask("measure"),
    [Symbol.asyncDispose]: async () => {
      await writer.close();
      while (!(await reader.read()).done);
      await process.status;
    },
  };
}
