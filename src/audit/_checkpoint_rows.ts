import sql from "sql-template-tag";
import type { Connection } from "../database/database.ts";
import type { Checkpoint } from "./_chain.ts";

/** A key of the chain as it is stored. */
export interface AuditKeyRow {
  id: string;
  /** Of the first event that it chains. */
  firstSequence: number;
  sealedKey: Uint8Array;
}

const COLUMNS = sql`sequence, hash, signature, made_at AS madeAt`;

/** The keys of the chain, in the order of their use. */
export function listKeys(connection: Connection): Promise<AuditKeyRow[]> {
  return connection.all<AuditKeyRow>(
    sql`SELECT id, first_sequence AS firstSequence, sealed_key AS sealedKey FROM audit_keys ORDER BY first_sequence, id`,
  );
}

/** Adds a key. */
export async function insertKey(connection: Connection, { id, firstSequence, sealedKey }: AuditKeyRow): Promise<void> {
  await connection.run(
    sql`INSERT INTO audit_keys (id, first_sequence, sealed_key) VALUES (${id}, ${firstSequence}, ${sealedKey})`,
  );
}

/** Every checkpoint, in order. */
export function listCheckpoints(connection: Connection): Promise<Checkpoint[]> {
  return connection.all<Checkpoint>(sql`SELECT ${COLUMNS} FROM audit_checkpoints ORDER BY sequence`);
}

/** The last checkpoint at or before a sequence. */
export function findCheckpoint(connection: Connection, sequence: number): Promise<Checkpoint | undefined> {
  return connection.get<Checkpoint>(
    sql`SELECT ${COLUMNS} FROM audit_checkpoints WHERE sequence <= ${sequence} ORDER BY sequence DESC LIMIT 1`,
  );
}

/** The first checkpoint after a sequence. */
export function findCheckpointAfter(connection: Connection, sequence: number): Promise<Checkpoint | undefined> {
  return connection.get<Checkpoint>(
    sql`SELECT ${COLUMNS} FROM audit_checkpoints WHERE sequence > ${sequence} ORDER BY sequence LIMIT 1`,
  );
}

/** Adds a checkpoint. */
export async function insertCheckpoint(connection: Connection, checkpoint: Checkpoint): Promise<void> {
  const { sequence, hash, signature, madeAt } = checkpoint;
  await connection.run(sql`
    INSERT INTO audit_checkpoints (sequence, hash, signature, made_at) VALUES (${sequence}, ${hash}, ${signature}, ${madeAt})`);
}

/** Every pruning, in order. */
export function listPrunings(connection: Connection): Promise<Checkpoint[]> {
  return connection.all<Checkpoint>(sql`SELECT ${COLUMNS} FROM audit_prunings ORDER BY sequence`);
}

/** The latest pruning. */
export function findPruning(connection: Connection): Promise<Checkpoint | undefined> {
  return connection.get<Checkpoint>(
    sql`SELECT ${COLUMNS} FROM audit_prunings WHERE sequence > 0 ORDER BY sequence DESC LIMIT 1`,
  );
}

/** Adds a pruning. */
export async function insertPruning(connection: Connection, pruning: Checkpoint): Promise<void> {
  const { sequence, hash, signature, madeAt } = pruning;
  await connection.run(sql`
    INSERT INTO audit_prunings (sequence, hash, signature, made_at) VALUES (${sequence}, ${hash}, ${signature}, ${madeAt})`);
}
