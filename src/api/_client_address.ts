import { type AddressBlock, isInBlocks, parseAddress } from "../base/ip_addresses.ts";

/**
 * Who is at the other end: the connection's peer or, behind proxies that are trusted, the address that the outermost of them saw.
 * `X-Forwarded-For` is read from the right, where the nearest proxy wrote; what stands left of an untrusted hop, or of one that is
 * no address, is the client's own invention. RFC 7239 §8.1
 */
export function findClientAddress(
  peer: string | null,
  forwardedFor: string | null,
  trustedProxies: AddressBlock[],
): string | null {
  let client = peer === null ? null : parseAddress(withoutZone(peer)) ?? peer;
  if (trustedProxies.length === 0 || forwardedFor === null) return client;
  for (const hop of forwardedFor.split(",").reverse()) {
    if (client === null || !isInBlocks(client, trustedProxies)) return client;
    const address = parseAddress(withoutPort(hop.trim()));
    if (address === null) return client;
    client = address;
  }
  return client;
}

// A link-local peer has its interface behind it. RFC 4007 §11
function withoutZone(address: string): string {
  return address.replace(/%.*$/, "");
}

// Some proxies write the port too, and IPv6 in brackets then.
function withoutPort(hop: string): string {
  return /^\[(.*)\](?::\d+)?$/.exec(hop)?.[1] ?? hop.replace(/^([\d.]+):\d+$/, "$1");
}
