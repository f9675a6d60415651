import { z } from "zod";
import { isReachable } from "./networks.ts";

/** foundation, component, transport, priority, address, port, "typ", type. RFC 8839 §5.1 */
const CANDIDATE = /^candidate:\S+ \d+ udp \d+ ([\d.]+) (\d{1,5}) typ (?:host|srflx|prflx|relay)\b/i;
const MAX_CANDIDATES = 64;
/** Below are services of machines, which answer whoever seems to ask. RFC 6335 §6 */
const FIRST_USER_PORT = 1_024;

const candidate = z.object({
  candidate: z.string(),
  sdpMid: z.string().nullish().transform((mid) => mid ?? null),
  sdpMLineIndex: z.int().nullish().transform((index) => index ?? null),
});
const candidates = z.union([candidate.transform((one) => [one]), z.array(candidate).max(MAX_CANDIDATES)]);

/** A candidate as RTCIceCandidateInit has it. */
export type Candidate = z.output<typeof candidate>;

/** The candidates of a CANDIDATE signal that a server on `hosts` tries: UDP, where it may send to. None where it is not what it should be. */
export function readCandidates(payload: string, hosts: string[]): Candidate[] {
  try {
    return candidates.parse(JSON.parse(payload)).filter(({ candidate }) => isTried(candidate, hosts))
      .map((one) => ({ ...one, candidate: withoutGeneration(one.candidate) }));
  } catch {
    return [];
  }
}

/** An offer without the candidates that a server on `hosts` does not try. RFC 8839 §5.1 */
export function keepReachable(sdp: string, hosts: string[]): string {
  return sdp.split(/\r?\n/).filter((line) => !line.startsWith("a=candidate:") || isTried(line.slice(2), hosts))
    // Checks of the other side may come from any address of its: with the end of the list, ICE would give up before.
    .filter((line) => line !== "a=end-of-candidates").map(withoutGeneration).join("\r\n");
}

/** Whether an offer asks for data channels and nothing else: the server has no ears for media. */
export function isDataOnly(sdp: string): boolean {
  const media = sdp.split(/\r?\n/).filter((line) => line.startsWith("m="));
  return media.length === 1 && media.every((line) => line.startsWith("m=application "));
}

// Names (`.local`) are not looked up: such a page is known by where its own checks come from. RFC 8828 §5.2
function isTried(candidate: string, hosts: string[]): boolean {
  const [, address = "", port] = CANDIDATE.exec(candidate) ?? [];
  return Number(port) >= FIRST_USER_PORT && Number(port) <= 65_535 && isReachable(address, hosts);
}

// Chromium counts its ICE restarts by itself; werift would compare that with its own count and never choose the pair.
function withoutGeneration(line: string): string {
  return line.includes("candidate:") ? line.replace(/ generation \d+/, "") : line;
}
