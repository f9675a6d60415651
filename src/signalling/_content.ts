import { z } from "zod";
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

const candidateSchema = z.object({
  candidate: z.string().refine((text) => text === "" || isCandidate(text), "must be a candidate of RFC 8839 §5.1"),
  sdpMid: z.string().max(256).nullish(),
  sdpMLineIndex: z.int().min(0).max(65_535).nullish(),
  usernameFragment: z.string().max(256).nullish(),
});
const candidatesSchema = z.union([
  z.array(candidateSchema).min(1).max(MAX_CANDIDATES),
  candidateSchema.transform((one) => [one]),
]);

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
  const parsed = candidatesSchema.safeParse(parseJson(payload));
  if (!parsed.success) {
    throw notWhatItClaims(
      "CANDIDATE",
      "must be an RTCIceCandidateInit, or an array of them, with candidates as RFC 8839 §5.1 says",
    );
  }
  return [...new Set(parsed.data.flatMap(({ usernameFragment }) => usernameFragment || []))];
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
