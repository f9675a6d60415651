import { isIP } from "node:net";

const NAME = /^(?=.{1,253}$)[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?(?:\.[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?)*\.?$/i;
const STUN = /^stuns?:(\[[^\]]+\]|[^:?]+)(?::(\d{1,5}))?$/;
const TURN = /^turns?:(\[[^\]]+\]|[^:?]+)(?::(\d{1,5}))?(?:\?transport=(?:udp|tcp))?$/;

/** Whether text is the URI of a STUN or TURN server, as browsers take it. RFC 7064 §3.1, RFC 7065 §3.1, W3C WebRTC §4.2.4 */
export function isIceUri(text: string): boolean {
  const [whole, host = "", port = "1"] = STUN.exec(text) ?? TURN.exec(text) ?? [];
  return whole !== undefined && isHost(host) && Number(port) >= 1 && Number(port) <= 65_535;
}

/** Whether the URI is a TURN server's, which wants credentials. */
export function isTurnUri(uri: string): boolean {
  return uri.startsWith("turn");
}

function isHost(host: string): boolean {
  return host.startsWith("[") ? isIP(host.slice(1, -1)) === 6 : NAME.test(host);
}
