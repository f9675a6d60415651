import { Buffer } from "node:buffer";
import { createSocket, type Socket } from "node:dgram";
import type { RTCPeerConnection } from "werift";

/** What happens to a datagram of DTLS: none, it once, it twice, or others with it. */
export type Meddle = (datagram: Buffer, toClient: boolean) => Buffer[];

/** Two connections with a proxy between them, and a data channel that opens if they agree on keys. */
export interface Proxied extends AsyncDisposable {
  /** Settles when all that was said on the channel was heard. */
  heard: Promise<void>;
  /** The secret that the side that is DTLS client derived last, once it has one. */
  masterSecret(): Buffer | null;
}

const HANDSHAKE = 22;
const DATA = 23;
/** More than a handshake has, so that its numbers would come again. */
const MESSAGES = 20;

/** Whether a datagram holds data. RFC 6347 §4.1 */
export function isData(datagram: Buffer): boolean {
  return datagram[0] === DATA;
}

/** The epoch of a datagram with handshake messages, null of another. RFC 6347 §4.1 */
export function epochOf(datagram: Buffer): number | null {
  return datagram[0] === HANDSHAKE ? datagram.readUInt16BE(3) : null;
}

/** The type of the first message of an unencrypted handshake datagram. RFC 6347 §4.2.2 */
export function messageTypeOf(datagram: Buffer): number | null {
  return epochOf(datagram) === 0 ? datagram[13] ?? null : null;
}

/** Connects two through a proxy that meddles with their handshake; the one that answers is DTLS client. */
export async function connectThroughProxy(
  open: () => Promise<RTCPeerConnection>,
  close: (connection: RTCPeerConnection) => Promise<void>,
  meddle: Meddle,
): Promise<Proxied> {
  const [server, client] = [await open(), await open()];
  const [toServer, toClient] = [await bind(), await bind()];
  const channel = server.createDataChannel("test");
  const { promise: heard, resolve } = Promise.withResolvers<void>();
  client.onDataChannel.subscribe((offered) => offered.onMessage.subscribe((said) => said === "last" && resolve()));
  channel.stateChanged.subscribe((state) => {
    if (state === "open") { for (const word of [...Array(MESSAGES).fill("hello"), "last"]) channel.send(word); }
  });
  await server.setLocalDescription(await server.createOffer());
  const [offer, serverPort] = behind(server, toClient);
  await client.setRemoteDescription({ type: "offer", sdp: offer });
  await client.setLocalDescription(await client.createAnswer());
  const [answer, clientPort] = behind(client, toServer);
  toClient.on("message", (data) => {
    for (const datagram of passed(data, false, meddle)) toServer.send(datagram, serverPort, "127.0.0.1");
  });
  toServer.on("message", (data) => {
    for (const datagram of passed(data, true, meddle)) toClient.send(datagram, clientPort, "127.0.0.1");
  });
  await server.setRemoteDescription({ type: "answer", sdp: answer });
  return {
    heard,
    masterSecret: () => client.dtlsTransports[0]?.dtls?.cipher.masterSecret ?? null,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([close(server), close(client)]);
      for (const socket of [toServer, toClient]) socket.close();
    },
  };
}

function passed(data: Buffer, toClient: boolean, meddle: Meddle): Buffer[] {
  // Others are STUN's. RFC 7983 §7
  const isDtls = data[0] !== undefined && data[0] >= 20 && data[0] < 64;
  return isDtls ? meddle(data, toClient) : [data];
}

async function bind(): Promise<Socket> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind({ port: 0, address: "127.0.0.1" }, resolve));
  return socket;
}

/** A description that names the proxy's port, and the port that it stands for. */
function behind(connection: RTCPeerConnection, proxy: Socket): [sdp: string, port: number] {
  const sdp = connection.localDescription?.sdp ?? "";
  const [, port = ""] = /a=candidate:.* 127\.0\.0\.1 (\d+) typ host/.exec(sdp) ?? [];
  return [sdp.replaceAll(`127.0.0.1 ${port} typ`, `127.0.0.1 ${proxy.address().port} typ`), Number(port)];
}
