// werift as it comes, in a thread of its own: says whether a server's first flight that comes twice makes its client derive new keys.
import type { Buffer } from "node:buffer";
import { RTCPeerConnection } from "werift";
import { connectThroughProxy, epochOf, messageTypeOf } from "./dtls_proxy.ts";

const SERVER_HELLO_DONE = 14;
const flight: Buffer[] = [];
let first: Buffer | null = null;
const config = {
  iceServers: [],
  iceUseIpv4: false,
  iceUseIpv6: false,
  iceAdditionalHostAddresses: ["127.0.0.1"],
  iceInterfaceAddresses: { udp4: "127.0.0.1" },
};
const open = () => Promise.resolve(new RTCPeerConnection(config));
const proxied = await connectThroughProxy(open, (connection) => connection.close(), (datagram, toClient) => {
  if (first === null && toClient && epochOf(datagram) === 0) flight.push(datagram);
  if (first !== null || !toClient || epochOf(datagram) !== 1) return [datagram];
  first = proxied.masterSecret();
  return [datagram, ...flight];
});
const timer = setInterval(() => {
  const now = proxied.masterSecret();
  const cameTwice = first !== null && flight.some((datagram) => messageTypeOf(datagram) === SERVER_HELLO_DONE);
  if (cameTwice && first !== null && now !== null && !now.equals(first)) say("new keys");
}, 10);
proxied.heard.then(() => say("the same keys"));

function say(what: string): void {
  clearInterval(timer);
  Reflect.get(globalThis, "postMessage")(what);
}
