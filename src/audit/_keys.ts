import { newId } from "../base/ids.ts";
import type { Connection } from "../database/database.ts";
import { deriveKey, type Sealer } from "../database/sealing.ts";
import { type AuditKeyRow, insertKey } from "./_checkpoint_rows.ts";

/** A key of the chain, opened; null where its secret key is not here. */
export interface AuditKey {
  id: string;
  /** Of the first event that it chains. */
  firstSequence: number;
  keys: { events: Uint8Array; checkpoints: Uint8Array } | null;
}

const KEY_BYTES = 32;
const placeOf = (row: string) => ({ table: "audit_keys", column: "sealed_key", row });

/** Opens the keys. */
export function openKeys(rows: readonly AuditKeyRow[], sealer: Sealer): Promise<AuditKey[]> {
  return Promise.all(rows.map(async ({ id, firstSequence, sealedKey }) => {
    const key = await sealer.open(sealedKey, placeOf(id)).catch(() => null);
    return { id, firstSequence, keys: key && await deriveKeys(Uint8Array.from(key)) };
  }));
}

/** Makes a key for the events from `firstSequence` on, and stores it sealed. */
export async function makeKey(connection: Connection, sealer: Sealer, firstSequence: number): Promise<AuditKey> {
  const id = newId();
  const key = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  await insertKey(connection, { id, firstSequence, sealedKey: await sealer.seal(key, placeOf(id)) });
  return { id, firstSequence, keys: await deriveKeys(key) };
}

/** The key of an event or checkpoint. */
export function keyFor(keys: readonly AuditKey[], sequence: number): AuditKey["keys"] {
  return keys.findLast(({ firstSequence }) => firstSequence <= sequence)?.keys ?? null;
}

async function deriveKeys(key: Uint8Array<ArrayBuffer>) {
  const [events, checkpoints] = await Promise.all([
    deriveKey(key, "audit events"),
    deriveKey(key, "audit checkpoints"),
  ]);
  return { events, checkpoints };
}
