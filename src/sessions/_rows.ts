import sql from "sql-template-tag";
import type { TokenScope } from "../base/actor.ts";
import type { Connection } from "../database/database.ts";
import { listOf } from "../database/lists.ts";
import type { AccessToken } from "./sessions.ts";

interface AccessTokenRow extends Omit<AccessToken, "scopes"> {
  scopes: string;
}

/** Addresses kept of a token: more than a person's networks. */
const MAX_ADDRESSES = 50;

const COLUMNS = sql`id, user_id AS userId, name, prefix, scopes, project_id AS projectId, expires_at AS expiresAt,
  last_used_at AS lastUsedAt, created_at AS createdAt`;

/** The access token with this SHA-256. */
export async function findTokenByHash(connection: Connection, hash: Uint8Array): Promise<AccessToken | undefined> {
  const row = await connection.get<AccessTokenRow>(
    sql`SELECT ${COLUMNS} FROM access_tokens WHERE token_hash = ${hash}`,
  );
  return row && toAccessToken(row);
}

/** The access token with this id. */
export async function findToken(connection: Connection, id: string): Promise<AccessToken | undefined> {
  const row = await connection.get<AccessTokenRow>(sql`SELECT ${COLUMNS} FROM access_tokens WHERE id = ${id}`);
  return row && toAccessToken(row);
}

/** The access tokens of these users, oldest first. */
export async function listTokens(connection: Connection, userIds: readonly string[]): Promise<AccessToken[]> {
  const rows = await connection.all<AccessTokenRow>(
    sql`SELECT ${COLUMNS} FROM access_tokens WHERE user_id IN ${listOf(userIds)} ORDER BY id`,
  );
  return rows.map(toAccessToken);
}

/** Stores a new access token. */
export async function insertToken(connection: Connection, token: AccessToken, hash: Uint8Array): Promise<void> {
  await connection.run(sql`
    INSERT INTO access_tokens (id, user_id, name, token_hash, prefix, scopes, project_id, expires_at, created_at)
    VALUES (${token.id}, ${token.userId}, ${token.name}, ${hash}, ${token.prefix}, ${JSON.stringify(token.scopes)},
      ${token.projectId}, ${token.expiresAt}, ${token.createdAt})`);
}

/** Remembers when a token was last used, unless another request did since `from`. */
export async function touchToken(
  connection: Connection,
  id: string,
  { from, now }: { from: number | null; now: number },
): Promise<void> {
  await connection.run(
    sql`UPDATE access_tokens SET last_used_at = ${now} WHERE id = ${id} AND last_used_at IS ${from}`,
  );
}

/** Deletes a token. */
export async function deleteToken(connection: Connection, id: string): Promise<void> {
  await connection.run(sql`DELETE FROM access_tokens WHERE id = ${id}`);
}

/** Whether the token was used from this address before. */
export async function isTokenAddress(connection: Connection, tokenId: string, ipAddress: string): Promise<boolean> {
  const row = await connection.get(
    sql`SELECT 1 FROM access_token_addresses WHERE token_id = ${tokenId} AND ip_address = ${ipAddress}`,
  );
  return row !== undefined;
}

/** An address from which a token was used. */
interface TokenAddress {
  tokenId: string;
  ipAddress: string;
  firstUsedAt: number;
}

/** Remembers an address, in place of the oldest where there are many; how many others there were. */
export async function insertTokenAddress(connection: Connection, address: TokenAddress): Promise<number> {
  const { tokenId, ipAddress, firstUsedAt } = address;
  const row = await connection.get<{ others: number }>(sql`
    SELECT count(*) AS others FROM access_token_addresses WHERE token_id = ${tokenId} AND ip_address <> ${ipAddress}`);
  await connection.run(sql`
    INSERT INTO access_token_addresses (token_id, ip_address, first_used_at) VALUES (${tokenId}, ${ipAddress}, ${firstUsedAt})
    ON CONFLICT DO NOTHING`);
  await connection.run(sql`
    DELETE FROM access_token_addresses WHERE token_id = ${tokenId} AND ip_address NOT IN (
      SELECT ip_address FROM access_token_addresses WHERE token_id = ${tokenId}
      ORDER BY first_used_at DESC LIMIT ${MAX_ADDRESSES})`);
  return row?.others ?? 0;
}

function toAccessToken(row: AccessTokenRow): AccessToken {
  return { ...row, scopes: JSON.parse(row.scopes) as TokenScope[] };
}
