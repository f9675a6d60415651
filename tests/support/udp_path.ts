import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import type { Page } from "playwright-core";

/** A way for UDP between pages and the server that is as bad as it is told to be. */
export interface UdpPath extends AsyncDisposable {
  /** Has the page send to the server on this way alone. */
  lead(page: Page): Promise<void>;
  /** What happens to packets from now on; all is passed at first. */
  set(quality: { loss: number; delayMs: number }): void;
  /** How many packets were passed and dropped. */
  passed(): number;
  dropped(): number;
}

const HOST = "127.0.0.1";

/** Opens a way on which packets are lost and late in both directions: what `tc netem` does, where the kernel has none. */
export function openUdpPath(): UdpPath {
  const entrances = new Map<number, Promise<Socket>>();
  const sockets = new Set<Socket>();
  const late = new Set<ReturnType<typeof setTimeout>>();
  let quality = { loss: 0, delayMs: 0 };
  let passed = 0;
  let dropped = 0;
  return {
    lead: async (page) => void await page.exposeFunction("portOnPath", portFor),
    set: (given) => quality = given,
    passed: () => passed,
    dropped: () => dropped,
    [Symbol.asyncDispose]: close,
  };

  async function portFor(serverPort: number): Promise<number> {
    const socket = await entrances.getOrInsertComputed(serverPort, openEntrance);
    return socket.address().port;
  }

  async function openEntrance(serverPort: number): Promise<Socket> {
    // What stands for each sender towards the server, by the sender's port.
    const senders = new Map<number, Promise<Socket>>();
    const socket = await openSocket();
    socket.on("message", async (packet: Uint8Array, { port }: RemoteInfo) => {
      pass(packet, await senders.getOrInsertComputed(port, (port) => openSender(socket, port)), serverPort);
    });
    return socket;
  }

  async function openSender(entrance: Socket, port: number): Promise<Socket> {
    const socket = await openSocket();
    socket.on("message", (packet: Uint8Array) => pass(packet, entrance, port));
    return socket;
  }

  async function openSocket(): Promise<Socket> {
    const socket = createSocket("udp4");
    sockets.add(socket);
    socket.bind(0, HOST);
    await once(socket, "listening");
    return socket;
  }

  function pass(packet: Uint8Array, through: Socket, port: number): void {
    if (Math.random() < quality.loss) {
      dropped++;
      return;
    }
    passed++;
    const timer = setTimeout(() => {
      late.delete(timer);
      if (sockets.has(through)) through.send(packet, port, HOST);
    }, quality.delayMs);
    late.add(timer);
  }

  async function close(): Promise<void> {
    for (const timer of late) clearTimeout(timer);
    const open = [...sockets];
    sockets.clear();
    await Promise.all(open.map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))));
  }
}
