import { type AddressBlock, isInBlocks, parseAddressBlock } from "../base/ip_addresses.ts";

const LOOPBACK = ["127.0.0.0/8"];
/** Of private use, and between a carrier and its customers. RFC 1918 §3, RFC 6598 §7 */
const PRIVATE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"];
const EVERYTHING = ["0.0.0.0/0"];
/** "This network", link-local (where clouds answer questions about a machine), multicast, reserved and broadcast. RFC 6890 §2.2.2 */
const NEVER = blocks(["0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3"]);
const APART = blocks([...LOOPBACK, ...PRIVATE]);

let found: string[] | null = null;

/** Networks with which a server on these IPv4 addresses exchanges datagrams: as CIDRs the loopback with this machine's own addresses, the private networks, or all. */
export function rtcNetworks(hosts: string[], own: string[] = ownAddresses()): string[] {
  return [...new Set(hosts.flatMap((host) => isInBlocks(host, blocks(EVERYTHING)) ? networksOf(host, own) : []))];
}

/**
 * Whether a server on these addresses sends to `address`: what is sent to a candidate goes wherever the other side names, so each
 * host names only its like (loopback, private, public). RFC 8445 §19.5.1
 */
export function isReachable(address: string, hosts: string[], own: string[] = ownAddresses()): boolean {
  if (isInBlocks(address, NEVER)) return false;
  const isPublic = !isInBlocks(address, APART);
  return hosts.map((host) => networksOf(host, own)).some((networks) =>
    networks === EVERYTHING ? isPublic && isInBlocks(address, blocks(networks)) : isInBlocks(address, blocks(networks))
  );
}

function networksOf(host: string, own: string[]): string[] {
  if (isInBlocks(host, blocks(LOOPBACK))) return [...LOOPBACK, ...own];
  return isInBlocks(host, blocks(PRIVATE)) ? PRIVATE : EVERYTHING;
}

/**
 * This machine's IPv4 addresses beside the loopback's, as they were at first, which is when the process is given its permissions.
 * Chromium lets an extension's pages send from these alone, also to a server on the loopback.
 */
function ownAddresses(): string[] {
  found ??= Deno.networkInterfaces().filter(({ family }) => family === "IPv4").map(({ address }) => address)
    .filter((address) => !isInBlocks(address, [...NEVER, ...blocks(LOOPBACK)]));
  return found;
}

function blocks(networks: string[]): AddressBlock[] {
  return networks.map(parseAddressBlock).filter((block) => block !== null);
}
