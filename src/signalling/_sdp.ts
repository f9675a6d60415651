import { isCandidate } from "./_candidate.ts";

/** What a session description says that the relay goes by. */
export interface Description {
  /** The `ice-ufrag` of each ICE session, which its candidates name. RFC 8839 §5.4 */
  fragments: string[];
}

/** An SDP of hundreds of candidates and codecs has 1,500. */
const MAX_LINES = 4_096;
/** Parameters of a codec may hold its whole headers. RFC 6184 §8.1 */
const MAX_LINE_LENGTH = 8_192;
/** Of the host's interfaces, and of relays, for each medium. */
const MAX_CANDIDATES = 512;

/** Characters that end a line somewhere, or are none to read. */
// deno-lint-ignore no-control-regex -- that is what is looked for
const CONTROL = /[\0-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]/;
const TYPE = /^[a-z]=/;
const ORIGIN = /^o=\S+ \d{1,20} \d{1,20} IN IP[46] \S+$/;
const TIMING = /^t=\d{1,20} \d{1,20}$/;
const MEDIUM = /^m=[\w.+-]+ (\d{1,5})(?:\/\d{1,5})? [\w/.+-]+(?: [\w.+-]+)+$/;
const FRAGMENT = /^a=ice-ufrag:([\w+/-]{4,256})$/;
const PASSWORD = /^a=ice-pwd:[\w+/-]{22,256}$/;
const FINGERPRINT = /^a=fingerprint:[\w-]+ [\dA-F]{2}(?::[\dA-F]{2}){15,63}$/i;

/** Reads a session description of WebRTC; what is wrong with it where it is none. RFC 8866 §9, RFC 8829 §5.2.1 */
export function readDescription(sdp: string): Description | string {
  const lines = sdp.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  if (lines.length > MAX_LINES) return `must have at most ${MAX_LINES} lines`;
  for (const line of lines) {
    if (line.length > MAX_LINE_LENGTH) return `must have lines of at most ${MAX_LINE_LENGTH} characters`;
    if (CONTROL.test(line)) return "must not hold control characters or other line breaks than CR LF";
    if (!TYPE.test(line)) return "must be SDP: each line a letter, an equals sign and a value";
  }
  return readSession(lines);
}

function readSession(lines: string[]): Description | string {
  const [version, origin = "", name = ""] = lines;
  if (version !== "v=0" || !ORIGIN.test(origin) || !/^s=./.test(name)) return "must be SDP: begin with v=0, o= and s=";
  const firstMedium = lines.findIndex((line) => line.startsWith("m="));
  if (firstMedium === -1) return "must be SDP of WebRTC: have a medium or a data channel (m=)";
  if (!lines.slice(0, firstMedium).some((line) => TIMING.test(line))) return "must be SDP: have a time (t=)";
  const media = lines.filter((line) => line.startsWith("m="));
  if (!media.every((line) => Number(MEDIUM.exec(line)?.[1] ?? Infinity) <= 65_535)) return "must have media as SDP has";
  const candidates = lines.filter((line) => line.startsWith("a=candidate:"));
  if (candidates.length > MAX_CANDIDATES) return `must have at most ${MAX_CANDIDATES} candidates`;
  if (!candidates.every((line) => isCandidate(line.slice(2)))) return "must have candidates as RFC 8839 §5.1 says";
  return readCredentials(lines, media);
}

function readCredentials(lines: string[], media: string[]): Description | string {
  const fragments = lines.flatMap((line) => FRAGMENT.exec(line)?.[1] ?? []);
  // Who takes nothing of what was offered has nothing to connect. RFC 8829 §5.3.1
  const isRefusal = media.every((line) => / 0 /.test(line)) && !lines.includes("a=bundle-only");
  if (isRefusal) return { fragments };
  const isWhole = fragments.length > 0 &&
    [PASSWORD, FINGERPRINT].every((part) => lines.some((line) => part.test(line)));
  return isWhole ? { fragments } : "must be SDP of WebRTC: have ice-ufrag, ice-pwd and fingerprint";
}
