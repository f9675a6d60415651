import { Buffer } from "node:buffer";
import { type ChainedEvent, type Checkpoint, type CheckpointPurpose, GENESIS, linkOf, signatureOf } from "./_chain.ts";
import { type AuditKey, keyFor } from "./_keys.ts";
import type { Head } from "./_rows.ts";

/** What the chain is held against. */
export interface Anchors {
  keys: readonly AuditKey[];
  checkpoints: readonly Checkpoint[];
  prunings: readonly Checkpoint[];
}

/** What a check found. */
export interface ChainVerification {
  valid: boolean;
  /** Events that hold, from the first that is there. */
  checked: number;
  /** The first that was changed, removed, inserted or moved; of a cut tail the first that is missing. */
  firstBrokenSequence: number | null;
  /** What is wrong there, in words for the operator. */
  fault: string | null;
}

/** Holds events against the chain, one after the other. */
export interface ChainCheck {
  /** Takes the next events in order; false once something is broken: what follows needs no look. */
  take(events: readonly ChainedEvent[]): boolean;
  /** What comes next is no event. */
  fail(fault: string): void;
  /** What was found, once every event was taken. */
  end(): ChainVerification;
}

interface Fault {
  sequence: number;
  fault: string;
}

/** Where the chain begins to be held: before the first event, or behind the latest pruning. */
export function startOf({ prunings }: Pick<Anchors, "prunings">): Head {
  return prunings.reduce<Head>((latest, pruning) => pruning.sequence > latest.sequence ? pruning : latest, {
    sequence: 0,
    hash: GENESIS,
  });
}

/** Starts a check behind an event, of all that follow or of a part: what is missing at the log's end is seen by who checks its last part. */
export function createChainCheck(
  { keys, checkpoints, prunings }: Anchors,
  { start = startOf({ prunings }), isLast = true }: { start?: Head; isLast?: boolean } = {},
): ChainCheck {
  const forged = [...findForged(checkpoints, "checkpoint"), ...findForged(prunings, "pruning")]
    .sort((a, b) => a.sequence - b.sequence)[0] ?? null;
  const vouched = Map.groupBy(checkpoints, ({ sequence }) => sequence);
  const lastVouched = Math.max(0, ...vouched.keys());
  let { sequence: last, hash } = start;
  let broken: Fault | null = null;
  return { take, fail, end };

  function take(events: readonly ChainedEvent[]): boolean {
    for (const event of events) {
      broken ??= findFault(event);
      if (broken !== null) return false;
      ({ sequence: last, hash } = event);
    }
    return true;
  }

  function fail(fault: string): void {
    broken ??= { sequence: last + 1, fault };
  }

  function findFault(event: ChainedEvent): Fault | null {
    const { sequence } = event;
    if (sequence !== last + 1) return { sequence: last + 1, fault: "events are missing" };
    const key = keyFor(keys, sequence);
    if (key === null) return { sequence, fault: "the key of this part of the log is not here" };
    if (Buffer.compare(linkOf(key.events, hash, event), event.hash ?? GENESIS) !== 0) {
      return { sequence, fault: "the event, or the order of events, was changed" };
    }
    const isVouched = vouched.get(sequence)?.every((checkpoint) => Buffer.compare(checkpoint.hash, event.hash) === 0) ??
      true;
    return isVouched ? null : { sequence, fault: "the event is another than a checkpoint says" };
  }

  function findForged(places: readonly Checkpoint[], purpose: CheckpointPurpose): Fault[] {
    return places.filter((place) => {
      const key = keyFor(keys, place.sequence);
      return key !== null && Buffer.compare(signatureOf(key.checkpoints, place, purpose), place.signature) !== 0;
    }).map(({ sequence }) => ({ sequence, fault: `a ${purpose} was not signed by this server` }));
  }

  function end(): ChainVerification {
    const cut = isLast && broken === null && lastVouched > last
      ? { sequence: last + 1, fault: "events are missing at the end" }
      : null;
    const [first = null] = [broken, cut, forged].filter((fault) => fault !== null).sort((a, b) =>
      a.sequence - b.sequence
    );
    return {
      valid: first === null,
      checked: Math.max(0, Math.min(last, (first?.sequence ?? Infinity) - 1) - start.sequence),
      firstBrokenSequence: first?.sequence ?? null,
      fault: first?.fault ?? null,
    };
  }
}
