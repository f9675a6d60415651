import { type Actor, systemActor } from "../base/actor.ts";
import { roomLog } from "../base/log.ts";
import { requirePermission } from "../base/permissions.ts";
import type { Connection } from "../database/database.ts";
import type { ChainWriter } from "./_chain_writer.ts";
import { toLine } from "./_checkpoint_file.ts";
import { findCheckpointAfter, findPruning, insertPruning } from "./_checkpoint_rows.ts";
import type { Checkpoints } from "./_checkpoints.ts";
import { deleteEventsThrough, findHead, hasEventBetween } from "./_rows.ts";
import type { AuditDependencies, SecurityEvent } from "./audit.ts";
import { type ChainVerification, verifyLog } from "./verification.ts";

/** What keeps the log in order. */
export interface Maintenance {
  /** What a server does first: looks whether the log was cut or changed while none ran, says so in it, and signs its end hourly from then on. */
  begin(): Promise<void>;
  /** Verifies the whole log and records what was found; who asks meanwhile gets the same answer. Throws `UNAUTHENTICATED`, `FORBIDDEN`, `UNAVAILABLE`. */
  verify(actor: Actor): Promise<ChainVerification>;
  /** Deletes what is older than a time, milliseconds since the Unix epoch, as far as a checkpoint vouches for it; how many events. */
  prune(before: number): Promise<number>;
}

/** What it is built on. */
export interface MaintenanceParts {
  chain: ChainWriter;
  checkpoints: Checkpoints;
  record: (connection: Connection, actor: Actor, event: SecurityEvent) => Promise<void>;
}

const CHECKPOINT_INTERVAL_MS = 3_600_000;

const log = roomLog("audit");

/** Builds the maintenance; `end` stops it. */
export function createMaintenance(
  dependencies: AuditDependencies,
  { chain, checkpoints, record }: MaintenanceParts,
): Maintenance & { end(): Promise<void> } {
  const { database } = dependencies;
  const ended = new AbortController();
  let timer: ReturnType<typeof setInterval> | undefined;
  let verifying: Promise<ChainVerification> | null = null;
  return { begin, verify, prune, end };

  async function begin(): Promise<void> {
    if (await chain.rotateKey()) await tellBroken({ reason: "the key of the log is not here" });
    for (const { reason, sequence } of await checkpoints.inspect()) await tellBroken({ reason, sequence });
    timer ??= setInterval(() => void checkpoints.make(), CHECKPOINT_INTERVAL_MS);
  }

  async function tellBroken(details: Record<string, string | number>): Promise<void> {
    log.error("The audit log is not as it was: {details}", { details });
    await database.write((connection) => record(connection, systemActor, { kind: "audit.broken", details }));
  }

  async function verify(actor: Actor): Promise<ChainVerification> {
    requirePermission(actor, "READ_AUDIT");
    const verification = await (verifying ??= run().finally(() => verifying = null));
    const { valid, checked, firstBrokenSequence } = verification;
    const kind = valid ? "audit.verified" : "audit.broken";
    await database.write((connection) =>
      record(connection, actor, { kind, details: { checked, firstBrokenSequence } })
    );
    return verification;
  }

  function run(): Promise<ChainVerification> {
    return verifyLog({ ...dependencies, connection: database.read, yields: true, signal: ended.signal });
  }

  async function prune(before: number): Promise<number> {
    let pruned = 0;
    // From checkpoint to checkpoint, each in a transaction of its own that other writes need not wait long for.
    for (let step = await pruneOnce(before); step > 0; step = await pruneOnce(before)) pruned += step;
    return pruned;
  }

  async function pruneOnce(before: number): Promise<number> {
    const done = await database.write(async (connection) => {
      const from = (await findPruning(connection))?.sequence ?? 0;
      const checkpoint = await findCheckpointAfter(connection, from);
      // The last event stays: the next one is linked to it.
      if (checkpoint === undefined || checkpoint.sequence >= ((await findHead(connection))?.sequence ?? 0)) return null;
      // The clock may have been wrong for a while: an event of long ago makes those before it no older, one of the future is not young.
      const young = { since: before, until: dependencies.clock.now() };
      if (await hasEventBetween(connection, checkpoint.sequence, young)) return null;
      const pruning = chain.sign(checkpoint, "pruning");
      await insertPruning(connection, pruning);
      const events = await deleteEventsThrough(connection, checkpoint.sequence);
      await record(connection, systemActor, {
        kind: "audit.pruned",
        details: { through: checkpoint.sequence, events },
      });
      return { pruning, events };
    });
    if (done === null) return 0;
    await checkpoints.tell(toLine(done.pruning, "pruning"));
    return done.events;
  }

  async function end(): Promise<void> {
    clearInterval(timer);
    ended.abort(new Error("The audit log is closed"));
    await verifying?.catch(() => undefined);
  }
}
