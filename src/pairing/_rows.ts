import sql from "sql-template-tag";
import type { TokenScope } from "../base/actor.ts";
import type { Connection } from "../database/database.ts";

/** A client that asks, and what became of it. Times are milliseconds since the Unix epoch. */
export interface PairingRow {
  id: string;
  /** Without its dash. */
  userCode: string;
  clientName: string;
  scopes: TokenScope[];
  ipAddress: string | null;
  userAgent: string | null;
  state: "PENDING" | "APPROVED" | "DENIED";
  /** Set where it is approved. */
  approvedBy: string | null;
  sessionId: string | null;
  projectId: string | null;
  tokenExpiresAt: number | null;
  createdAt: number;
  expiresAt: number;
}

/** What a person decided. */
export type Decision =
  & Pick<PairingRow, "id" | "approvedBy" | "sessionId" | "projectId" | "tokenExpiresAt" | "expiresAt">
  & { state: "APPROVED" | "DENIED" };

interface StoredRow extends Omit<PairingRow, "scopes"> {
  scopes: string;
}

const COLUMNS = sql`id, user_code AS userCode, client_name AS clientName, scopes, ip_address AS ipAddress,
  user_agent AS userAgent, state, approved_by AS approvedBy, session_id AS sessionId, project_id AS projectId,
  token_expires_at AS tokenExpiresAt, created_at AS createdAt, expires_at AS expiresAt`;

/** Stores a client that asks; false where its user code is taken. */
export async function insertPairing(connection: Connection, pairing: PairingRow, hash: Uint8Array): Promise<boolean> {
  const { id, userCode, clientName, scopes, ipAddress, userAgent, createdAt, expiresAt } = pairing;
  return await connection.run(sql`
    INSERT INTO pairings (id, device_code_hash, user_code, client_name, scopes, ip_address, user_agent, created_at,
      expires_at)
    VALUES (${id}, ${hash}, ${userCode}, ${clientName}, ${JSON.stringify(scopes)}, ${ipAddress}, ${userAgent},
      ${createdAt}, ${expiresAt})
    ON CONFLICT (user_code) DO NOTHING`) > 0;
}

/** How many are alive. */
export async function countPairings(connection: Connection, now: number): Promise<number> {
  const row = await connection.get<{ count: number }>(
    sql`SELECT count(*) AS count FROM pairings WHERE expires_at > ${now}`,
  );
  return row?.count ?? 0;
}

/** The one with this SHA-256 of its device code, if it is alive. */
export async function findByDeviceCode(
  connection: Connection,
  hash: Uint8Array,
  now: number,
): Promise<PairingRow | undefined> {
  const row = await connection.get<StoredRow>(
    sql`SELECT ${COLUMNS} FROM pairings WHERE device_code_hash = ${hash} AND expires_at > ${now}`,
  );
  return row && toPairing(row);
}

/** The one with this user code, if it is alive and nobody decided yet. */
export async function findPending(
  connection: Connection,
  userCode: string,
  now: number,
): Promise<PairingRow | undefined> {
  const row = await connection.get<StoredRow>(
    sql`SELECT ${COLUMNS} FROM pairings WHERE user_code = ${userCode} AND state = 'PENDING' AND expires_at > ${now}`,
  );
  return row && toPairing(row);
}

/** Notes a decision on one on which nobody decided yet. */
export async function decidePairing(connection: Connection, decision: Decision): Promise<void> {
  const { id, state, approvedBy, sessionId, projectId, tokenExpiresAt, expiresAt } = decision;
  await connection.run(sql`
    UPDATE pairings SET state = ${state}, approved_by = ${approvedBy}, session_id = ${sessionId},
      project_id = ${projectId}, token_expires_at = ${tokenExpiresAt}, expires_at = ${expiresAt}
    WHERE id = ${id} AND state = 'PENDING'`);
}

/** Deletes an approved one; false where it is not there any more. */
export async function deletePairing(connection: Connection, id: string): Promise<boolean> {
  return await connection.run(sql`DELETE FROM pairings WHERE id = ${id}`) > 0;
}

/** Deletes those that expired; how many. */
export function deleteExpiredPairings(connection: Connection, now: number): Promise<number> {
  return connection.run(sql`DELETE FROM pairings WHERE expires_at <= ${now}`);
}

/** Deletes of those that are alive the oldest that nobody approved. */
export async function deleteOldestUnapproved(connection: Connection, now: number): Promise<void> {
  await connection.run(sql`
    DELETE FROM pairings WHERE id = (
      SELECT id FROM pairings WHERE state <> 'APPROVED' AND expires_at > ${now} ORDER BY expires_at LIMIT 1)`);
}

function toPairing(row: StoredRow): PairingRow {
  return { ...row, scopes: JSON.parse(row.scopes) as TokenScope[] };
}
