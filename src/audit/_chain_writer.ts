import { AppError } from "../base/errors.ts";
import type { Connection } from "../database/database.ts";
import { type Checkpoint, type CheckpointPurpose, GENESIS, linkOf, signatureOf } from "./_chain.ts";
import { listKeys } from "./_checkpoint_rows.ts";
import { type AuditKey, keyFor, makeKey, openKeys } from "./_keys.ts";
import { chainEvent, findHeadAndKey, type Head, insertSecurityEvent, listEventsAfter } from "./_rows.ts";
import type { AuditDependencies, SecurityEventRow } from "./audit.ts";

/** Adds events to the chain. */
export interface ChainWriter {
  /** The keys so far, in the order of their use. */
  keys(): readonly AuditKey[];
  /** Stores an event at the chain's end, in the caller's transaction; returns its sequence. Throws `UNAVAILABLE` without its key. */
  append(connection: Connection, event: Omit<SecurityEventRow, "sequence">): Promise<number>;
  /**
   * Takes a new key where the secret key is another than the one that sealed the last: who knew the old one can't add events.
   * For the lock's holder alone. Returns whether the last key can't be opened any more.
   */
  rotateKey(): Promise<boolean>;
  /** Has a chain that was cut go on behind the place that a checkpoint vouches for, so that the gap stays to be seen. */
  continueBehind(head: Head): void;
  /** Signs a place of the chain. Throws `UNAVAILABLE` where the key of that time is not here. */
  sign(place: Head, purpose: CheckpointPurpose): Checkpoint;
}

/** Events read at once. */
const PORTION = 500;

/**
 * Opens the chain; the first time, it makes a key and chains the events that are there already, followed by the event that
 * `describe` makes of their number: who took the old chain away to have a new one made is not to go unseen.
 */
export async function openChain(
  { database, sealer, clock }: Pick<AuditDependencies, "database" | "sealer" | "clock">,
  describe: (events: number) => Omit<SecurityEventRow, "sequence">,
): Promise<ChainWriter> {
  let keys = await openKeys(await listKeys(database.read), sealer);
  let floor: Head = { sequence: 0, hash: GENESIS };
  if (keys.length === 0) await database.write(begin);
  return { keys: () => keys, append, rotateKey, continueBehind, sign };

  async function begin(connection: Connection): Promise<void> {
    // Another process may have come first.
    keys = await openKeys(await listKeys(connection), sealer);
    if (keys.length > 0) return;
    const key = await makeKey(connection, sealer, 1);
    keys = [key];
    let chained = 0;
    for (let head = floor;;) {
      const rows = await listEventsAfter(connection, head.sequence, PORTION);
      for (const row of rows) {
        head = { sequence: row.sequence, hash: linkOf(opened(key.keys).events, head.hash, row) };
        await chainEvent(connection, head);
      }
      chained += rows.length;
      if (rows.length < PORTION) break;
    }
    if (chained > 0) await append(connection, describe(chained));
  }

  async function append(connection: Connection, event: Omit<SecurityEventRow, "sequence">): Promise<number> {
    const { head: last, keyId } = await findHeadAndKey(connection);
    // Another process may have taken a new key.
    if (keyId !== keys.at(-1)?.id) keys = await openKeys(await listKeys(connection), sealer);
    const head = behindFloor(last);
    const row = { ...event, sequence: head.sequence + 1 };
    const { events } = opened(keys.at(-1)?.keys);
    await insertSecurityEvent(connection, { ...row, hash: linkOf(events, head.hash, row) });
    return row.sequence;
  }

  function behindFloor(head: Head | undefined): Head {
    return head !== undefined && head.sequence >= floor.sequence ? head : floor;
  }

  async function rotateKey(): Promise<boolean> {
    const last = (await listKeys(database.read)).at(-1);
    if (last === undefined || sealer.isCurrent(last.sealedKey)) return false;
    await database.write(async (connection) => {
      const { sequence } = behindFloor((await findHeadAndKey(connection)).head);
      keys = [...keys, await makeKey(connection, sealer, sequence + 1)];
    });
    return keys.find(({ id }) => id === last.id)?.keys === null;
  }

  function continueBehind(head: Head): void {
    if (head.sequence > floor.sequence) floor = head;
  }

  function sign({ sequence, hash }: Head, purpose: CheckpointPurpose): Checkpoint {
    const { checkpoints } = opened(keyFor(keys, sequence));
    const place = { sequence, hash, madeAt: clock.now() };
    return { ...place, signature: signatureOf(checkpoints, place, purpose) };
  }
}

function opened(keys: AuditKey["keys"] | undefined): NonNullable<AuditKey["keys"]> {
  if (keys) return keys;
  throw new AppError("UNAVAILABLE", "Cannot chain a security event: the secret key of the audit log is not here");
}
