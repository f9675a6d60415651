import { type AddressBlock, isInBlocks, parseAddressBlock } from "../base/ip_addresses.ts";

const LOOPBACK = ["127.0.0.0/8"];
/** Of private use, and between a carrier and its customers. RFC 1918 §3, RFC 6598 §7 */
const PRIVATE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"];
const EVERYTHING = ["0.0.0.0/0"];
/** "This network", link-local (where clouds answer questions about a machine), multicast, reserved and broadcast. RFC 6890 §2.2.2 */
const NEVER = blocks(["0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3"]);
const APART = blocks([...LOOPBACK, ...PRIVATE]);

/** Networks with which a server on these IPv4 addresses exchanges datagrams, as CIDRs: the loopback, the private networks, or all. */
export function rtcNetworks(hosts: string[]): string[] {
  return [...new Set(hosts.flatMap((host) => isInBlocks(host, blocks(EVERYTHING)) ? networksOf(host) : []))];
}

/**
 * Whether a server on these addresses sends to `address`: what is sent to a candidate goes wherever the other side names, so each
 * host names only its like (loopback, private, public). RFC 8445 §19.5.1
 */
export function isReachable(address: string, hosts: string[]): boolean {
  if (isInBlocks(address, NEVER)) return false;
  const isPublic = !isInBlocks(address, APART);
  return hosts.map(networksOf).some((networks) =>
    networks === EVERYTHING ? isPublic && isInBlocks(address, blocks(networks)) : isInBlocks(address, blocks(networks))
  );
}

function networksOf(host: string): string[] {
  return [LOOPBACK, PRIVATE].find((networks) => isInBlocks(host, blocks(networks))) ?? EVERYTHING;
}

function blocks(networks: string[]): AddressBlock[] {
  return networks.map(parseAddressBlock).filter((block) => block !== null);
}
