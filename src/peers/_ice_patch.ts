import { Buffer } from "node:buffer";
import type { Connection, StunProtocol, UdpTransport } from "werift";

// What is mended in werift 0.25.2's ICE, and why: docs/decisions/0015-werift-mended.md.

type Werift = Pick<typeof import("werift"), "Connection" | "StunProtocol" | "UdpTransport" | "parseMessage">;
type UdpOptions = NonNullable<Parameters<typeof UdpTransport.init>[1]>;

const BINDING_REQUEST = 0x0001;
/** Deno gives each socket a buffer of this size for the next datagram, and calls it the socket's receive buffer. The kernel's is another. */
const DENO_READ_BYTES = 65_536;
/** WebRTC sends no datagram of more than 1,500. Deno on Linux takes it twice. */
const READ_BYTES = 2_048;

/** Mends how connections open their sockets and which checks they take, once, for all connections of this process. */
export function mendIce({ Connection, StunProtocol, UdpTransport, parseMessage }: Werift): void {
  mendSockets(UdpTransport);
  mendGathering(Connection.prototype);
  mendChecks(Connection.prototype, StunProtocol.prototype, parseMessage);
}

// werift looks for a free port, lets it go and binds to it: two that look at once find the same, and the second waits for ever.
function mendSockets(transports: Werift["UdpTransport"]): void {
  transports.init = async (type, options: UdpOptions = {}) => {
    const address = options.interfaceAddresses?.[type];
    for (const port of portsToTry(options)) {
      const transport: UdpTransport = Reflect.construct(transports, [type, options]);
      if (await isBound(transport, port, address)) return transport;
      await transport.close();
    }
    throw new Error("No port is free");
  };
}

// Each connection begins somewhere else, so that hardly any port is tried in vain.
function* portsToTry({ port, portRange }: UdpOptions): Generator<number, undefined> {
  if (portRange === undefined) return void (yield port ?? 0);
  const [first, last] = portRange;
  const count = last - first + 1;
  const start = Math.floor(Math.random() * count);
  for (let index = 0; index < count; index++) yield first + (start + index) % count;
}

async function isBound({ socket }: UdpTransport, port: number, address: string | undefined): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const [onListening, onError] = [() => resolve(true), () => resolve(false)];
  socket.once("listening", onListening);
  socket.once("error", onError);
  socket.bind({ port, ...(address === undefined ? {} : { address }) });
  const bound = await promise;
  if (!bound) return false;
  socket.off("error", onError);
  // Only where it is that buffer: a kernel's of this size would lose datagrams.
  if (socket.getRecvBufferSize() === DENO_READ_BYTES) socket.setRecvBufferSize(READ_BYTES);
  return true;
}

// werift binds all sockets of a connection to one address, whatever their candidates say.
function mendGathering(prototype: Connection): void {
  const gather = Reflect.get(prototype, "getCandidatePromises");
  const gatherEach = function (this: Connection, addresses: string[], timeout?: number): unknown[] {
    return addresses.flatMap((address) => {
      this.options = { ...this.options, interfaceAddresses: { udp4: address } };
      return gather.call(this, [address], timeout);
    });
  };
  Reflect.set(prototype, "getCandidatePromises", gatherEach);
}

// werift answers checks of anyone. Only who knows the password from the room may make it send somewhere. RFC 8445 §7.3, RFC 8489 §9.1.3
function mendChecks(connections: Connection, protocols: StunProtocol, parseMessage: Werift["parseMessage"]): void {
  const owners = new WeakMap<StunProtocol, Connection>();
  const ensureProtocol = Reflect.get(connections, "ensureProtocol");
  Reflect.set(connections, "ensureProtocol", function (this: Connection, protocol: StunProtocol) {
    owners.set(protocol, this);
    ensureProtocol.call(this, protocol);
  });
  const datagramReceived = Reflect.get(protocols, "datagramReceived");
  const receive = function (this: StunProtocol, data: Buffer, address: [string, number]): void {
    const isRequest = data.length > 1 && data.readUInt16BE(0) === BINDING_REQUEST;
    if (isRequest && !parseMessage(data, passwordOf(owners.get(this)))) return;
    datagramReceived.call(this, data, address);
  };
  Reflect.set(protocols, "datagramReceived", receive);
}

function passwordOf(connection: Connection | undefined): Buffer {
  return Buffer.from(connection?.localPassword ?? "", "utf8");
}
