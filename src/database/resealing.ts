import type { DatabaseSync } from "node:sqlite";
import { AppError } from "../base/errors.ts";
import type { Sealer } from "./sealing.ts";
import { type Database, translated } from "./database.ts";

/** Every column that holds sealed values: what is not sealed in it is text. */
const SEALED_COLUMNS = [
  { table: "app_config", column: "value", key: "key" },
  { table: "audit_keys", column: "sealed_key", key: "id" },
];

/** What became of the sealed values. */
export interface Resealing {
  /** Sealed anew with the current key. */
  resealed: number;
  /** Sealed with a key that is not here; they stay as they are. */
  lost: number;
}

interface Change {
  statement: string;
  values: [Uint8Array, string, Uint8Array];
}

/** Seals with the current key what an older one sealed, all in one transaction. */
export async function resealAll(database: Database, sealer: Sealer): Promise<Resealing> {
  const changes: Change[] = [];
  let lost = 0;
  for (const { table, column, key } of SEALED_COLUMNS) {
    const select = `SELECT ${key} AS row, ${column} AS value FROM ${table} WHERE typeof(${column}) = 'blob'`;
    const rows = await database.between((writer) => writer.prepare(select).all());
    for (const { row, value } of rows) {
      if (typeof row !== "string" || !(value instanceof Uint8Array) || sealer.isCurrent(value)) continue;
      const place = { table, column, row };
      const sealed = await reseal(sealer, value, place);
      if (sealed === null) lost++;
      // Only what is still the same: nothing that came meanwhile is overwritten.
      else {changes.push({
          statement: `UPDATE ${table} SET ${column} = ? WHERE ${key} = ? AND ${column} = ?`,
          values: [sealed, row, value],
        });}
    }
  }
  if (changes.length > 0) await database.between((writer) => translated(() => applyAll(writer, changes)));
  return { resealed: changes.length, lost };
}

function applyAll(writer: DatabaseSync, changes: Change[]): void {
  writer.exec("BEGIN IMMEDIATE");
  try {
    for (const { statement, values } of changes) writer.prepare(statement).run(...values);
    writer.exec("COMMIT");
  } catch (error) {
    if (writer.isTransaction) writer.exec("ROLLBACK");
    throw error;
  }
}

async function reseal(
  sealer: Sealer,
  value: Uint8Array,
  place: Parameters<Sealer["open"]>[1],
): Promise<Uint8Array | null> {
  try {
    return await sealer.seal(await sealer.open(value, place), place);
  } catch (error) {
    if (error instanceof AppError) return null;
    throw error;
  }
}
