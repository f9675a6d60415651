import { createHmac } from "node:crypto";
import type { RecordedEvent, SecurityEventRow } from "./audit.ts";

/** A signed place in the chain: the hash of the event there. `madeAt` in milliseconds since the Unix epoch. */
export interface Checkpoint {
  sequence: number;
  hash: Uint8Array;
  signature: Uint8Array;
  madeAt: number;
}

/** What a signature stands for: that the chain was so far, or that it was pruned so far. */
export type CheckpointPurpose = "checkpoint" | "pruning";

/** What names a kind, a severity or an actor's: any text where an event was read from an export. */
type Word = "kind" | "severity" | "actorKind";
/** The facts of an event that its link is made of. */
export type ChainedFacts = Omit<SecurityEventRow, Word> & Record<Word, string>;
/** An event whose link is to be held against its facts. */
export type ChainedEvent = ChainedFacts & Pick<RecordedEvent, "hash">;

/** The link before the first event. */
export const GENESIS = new Uint8Array(32);

/**
 * An event's link of the chain: HMAC-SHA-256 (RFC 2104, FIPS 180-4) over the 32 bytes of the link before and the event as
 * canonical JSON (RFC 8785: keys in order, no white space), its details as the text that is stored.
 */
export function linkOf(key: Uint8Array, previous: Uint8Array, event: ChainedFacts): Uint8Array {
  const { actorId, actorKind, details, id, ipAddress, kind, occurredAt, sequence, severity, subjectId, userAgent } =
    event;
  const canonical = JSON.stringify({
    actorId,
    actorKind,
    details,
    id,
    ipAddress,
    kind,
    occurredAt,
    sequence,
    severity,
    subjectId,
    userAgent,
  });
  return createHmac("sha256", key).update(previous).update(canonical).digest();
}

/** The signature of a checkpoint: HMAC-SHA-256 over its canonical JSON. */
export function signatureOf(
  key: Uint8Array,
  { sequence, hash, madeAt }: Omit<Checkpoint, "signature">,
  purpose: CheckpointPurpose,
): Uint8Array {
  const canonical = JSON.stringify({ hash: hash.toHex(), madeAt, purpose, sequence });
  return createHmac("sha256", key).update(canonical).digest();
}
