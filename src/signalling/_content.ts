import { AppError, invalidInput } from "../base/errors.ts";
import { isCandidate } from "./_candidate.ts";
import { readDescription } from "./_sdp.ts";
import type { SignalKind } from "./signalling.ts";

/** What the relay goes by of a signal: which ICE session it describes or belongs to. */
export interface SignalContent {
  role: "description" | "candidate" | "other";
  /** Of a description all its sessions; of candidates those that they name, if they do. */
  fragments: string[];
}

/** An SDP with hundreds of candidates has 30 kB. */
const MAX_PAYLOAD_BYTES = 65_536;
const MAX_CANDIDATES = 256;

const MAX_MEDIUM_CHARACTERS = 256;
const MAX_MEDIUM_INDEX = 65_535;

/** Reads a signal's payload, which must be what its kind says. Throws `TOO_LARGE`, `INVALID_INPUT`. */
export function readContent(kind: SignalKind, payload: string | null): SignalContent {
  if (payload === null) return { role: kind === "END_OF_CANDIDATES" ? "candidate" : "other", fragments: [] };
  if (byteLength(payload) > MAX_PAYLOAD_BYTES) {
    throw new AppError("TOO_LARGE", `Cannot send a signal with more than ${MAX_PAYLOAD_BYTES} bytes`);
  }
  if (kind === "CANDIDATE") return { role: "candidate", fragments: readFragments(payload) };
  const description = readDescription(payload);
  if (typeof description !== "string") return { role: "description", ...description };
  throw notWhatItClaims(kind, description);
}

function readFragments(payload: string): string[] {
  const parsed = parseJson(payload);
  const candidates: unknown[] = Array.isArray(parsed) ? parsed : [parsed];
  if (candidates.length === 0 || candidates.length > MAX_CANDIDATES || !candidates.every(isCandidateInit)) {
    throw notWhatItClaims(
      "CANDIDATE",
      "must be an RTCIceCandidateInit, or an array of them, with candidates as RFC 8839 §5.1 says",
    );
  }
  return [...new Set(candidates.flatMap(({ usernameFragment }) => usernameFragment || []))];
}

/** `RTCIceCandidateInit`, W3C WebRTC §4.8.1.1. */
interface CandidateInit {
  candidate: string;
  sdpMid?: string | null;
  sdpMLineIndex?: number | null;
  usernameFragment?: string | null;
}

// By hand and not by a schema: a batch of them made more garbage than all the rest of relaying it.
function isCandidateInit(value: unknown): value is CandidateInit {
  if (typeof value !== "object" || value === null || !("candidate" in value)) return false;
  const { candidate, sdpMid, sdpMLineIndex: index, usernameFragment }: { [Name in keyof CandidateInit]: unknown } =
    value;
  return typeof candidate === "string" && (candidate === "" || isCandidate(candidate)) &&
    [sdpMid, usernameFragment].every(isShortOrAbsent) &&
    (index === undefined || index === null ||
      (typeof index === "number" && Number.isInteger(index) && index >= 0 && index <= MAX_MEDIUM_INDEX));
}

function isShortOrAbsent(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === "string" && value.length <= MAX_MEDIUM_CHARACTERS);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function notWhatItClaims(kind: SignalKind, reason: string): AppError {
  return invalidInput(["input", "payload"], `Cannot relay ${kind}: its payload ${reason}`);
}

function byteLength(text: string): number {
  // Each code unit is at most three bytes: the rest is seldom counted.
  return text.length * 3 <= MAX_PAYLOAD_BYTES ? text.length : new TextEncoder().encode(text).length;
}
