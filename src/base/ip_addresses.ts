import ipaddr from "ipaddr.js";

/** A range of addresses (CIDR). RFC 4632 §3.1, RFC 4291 §2.3 */
export type AddressBlock = [ipaddr.IPv4 | ipaddr.IPv6, number];

/** Groups of 16 bits in the part of an IPv6 address that its network chooses; the rest is the client's own choice. RFC 4291 §2.5.1 */
const NETWORK_GROUPS = 4;
const IPV4_MAPPED_BITS = 96;

/** Of an address: eight groups, of which the last two are an IPv4 address. RFC 4291 §2.2 */
const MAX_ADDRESS_LENGTH = 45;
/** Spellings that are remembered: the same clients come all the time. */
const MAX_SPELLINGS = 1_000;
const spellings = new Map<string, string | null>();

/** The one spelling of an address; an IPv4 address inside an IPv6 one (RFC 4291 §2.5.5.2) is itself. null where it is none. */
export function parseAddress(text: string): string | null {
  if (text.length > MAX_ADDRESS_LENGTH) return null;
  const known = spellings.get(text);
  if (known !== undefined) return known;
  const spelling = parse(text)?.toString() ?? null;
  if (spellings.size >= MAX_SPELLINGS) spellings.clear();
  spellings.set(text, spelling);
  return spelling;
}

/** An address or a CIDR, or null where it is neither. */
export function parseAddressBlock(text: string): AddressBlock | null {
  const [, address = "", length] = /^([^/]+)(?:\/(\d|[1-9]\d|1[0-2]\d))?$/.exec(text) ?? [];
  const parsed = parse(address);
  if (parsed === null) return null;
  const bits = parsed.kind() === "ipv4" ? 32 : 128;
  const isMapped = parsed.kind() === "ipv4" && address.includes(":");
  const prefix = length === undefined ? bits : Number(length) - (isMapped ? IPV4_MAPPED_BITS : 0);
  return prefix < 0 || prefix > bits ? null : [parsed, prefix];
}

/** Whether one of the blocks holds the address. */
export function isInBlocks(text: string, blocks: AddressBlock[]): boolean {
  const address = parse(text);
  return address !== null &&
    blocks.some(([network, prefix]) => address.kind() === network.kind() && address.match(network, prefix));
}

/** What one client has to itself: an IPv4 address, or the /64 in which it may take any IPv6 address. Other text stays as it is. */
export function clientBlock(text: string): string {
  // Most subjects are no IPv6 address: those cost no more than this look.
  const address = text.includes(":") ? parse(text) : null;
  if (!(address instanceof ipaddr.IPv6)) return address?.toString() ?? text;
  return `${address.parts.slice(0, NETWORK_GROUPS).map((group) => group.toString(16)).join(":")}::/64`;
}

// Stricter than the library, which reads "1" and "010.0.0.1" as inet_aton(3) does, and keeps any text as a zone.
function parse(text: string): ipaddr.IPv4 | ipaddr.IPv6 | null {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text);
  if (!/^[\da-f:.]+$/i.test(text) || !ipaddr.IPv6.isValid(text)) return null;
  return ipaddr.process(text);
}
