import { z } from "zod";

// What is sent to a candidate goes wherever the other side names: only this machine is named back. RFC 8445 §19.5.1
const REACHABLE = /^candidate:\S+ \d+ udp \d+ 127\.\d{1,3}\.\d{1,3}\.\d{1,3} \d+ typ host\b/i;
const MAX_CANDIDATES = 64;

const candidate = z.object({
  candidate: z.string(),
  sdpMid: z.string().nullish().transform((mid) => mid ?? null),
  sdpMLineIndex: z.int().nullish().transform((index) => index ?? null),
});
const candidates = z.union([candidate.transform((one) => [one]), z.array(candidate).max(MAX_CANDIDATES)]);

/** A candidate as RTCIceCandidateInit has it. */
export type Candidate = z.output<typeof candidate>;

/** The candidates of a CANDIDATE signal that the server tries: UDP on loopback. None where it is not what it should be. */
export function readCandidates(payload: string): Candidate[] {
  try {
    return candidates.parse(JSON.parse(payload)).filter(({ candidate }) => REACHABLE.test(candidate));
  } catch {
    return [];
  }
}

/** An offer without the candidates that the server does not try. RFC 8839 §5.1 */
export function keepReachable(sdp: string): string {
  return sdp.split(/\r?\n/).filter((line) => !line.startsWith("a=candidate:") || REACHABLE.test(line.slice(2)))
    // Checks of the other side may come from any address of its: with the end of the list, ICE would give up before.
    .filter((line) => line !== "a=end-of-candidates").join("\r\n");
}

/** Whether an offer asks for data channels and nothing else: the server has no ears for media. */
export function isDataOnly(sdp: string): boolean {
  const media = sdp.split(/\r?\n/).filter((line) => line.startsWith("m="));
  return media.length === 1 && media.every((line) => line.startsWith("m=application "));
}
