import type { Kv } from "../kv/kv.ts";

/** A session as it lies in the key-value file. Times are milliseconds since the Unix epoch. */
export interface SessionRecord {
  id: string;
  userId: string;
  createdAt: number;
  lastUsedAt: number;
  /** The latest moment it can live to, however much it is used. */
  endsAt: number;
  ipAddress: string | null;
  userAgent: string | null;
}

/** Where sessions lie: the record under its token's SHA-256, and an index by user. The token itself is nowhere. */
const byHash = (tokenHash: string): Deno.KvKey => ["sessions", "by_hash", tokenHash];
const byUser = (userId: string, id: string): Deno.KvKey => ["sessions", "by_user", userId, id];

/** The session of a token hash. */
export async function findSession(kv: Kv, tokenHash: string): Promise<SessionRecord | null> {
  return (await kv.get<SessionRecord>(byHash(tokenHash))).value;
}

/** Stores a new session. */
export async function insertSession(kv: Kv, tokenHash: string, session: SessionRecord): Promise<void> {
  const expireIn = session.endsAt - session.createdAt;
  await kv.atomic()
    .set(byHash(tokenHash), session, { expireIn })
    .set(byUser(session.userId, session.id), tokenHash, { expireIn })
    .commit();
}

/** Remembers that the session was used, unless it was deleted meanwhile. */
export async function touchSession(kv: Kv, tokenHash: string, now: number): Promise<void> {
  const entry = await kv.get<SessionRecord>(byHash(tokenHash));
  if (entry.value === null) return;
  const expireIn = entry.value.endsAt - now;
  await kv.atomic().check(entry).set(entry.key, { ...entry.value, lastUsedAt: now }, { expireIn }).commit();
}

/** The sessions of a user, oldest first. */
export async function listSessions(kv: Kv, userId: string): Promise<SessionRecord[]> {
  const hashes = await Array.fromAsync(kv.list<string>({ prefix: ["sessions", "by_user", userId] }));
  const sessions = await Promise.all(hashes.map(({ value }) => findSession(kv, value)));
  return sessions.filter((session) => session !== null);
}

/** Deletes a session of a user. */
export async function deleteSession(kv: Kv, userId: string, id: string): Promise<void> {
  const { value: tokenHash } = await kv.get<string>(byUser(userId, id));
  if (tokenHash === null) return;
  await kv.atomic().delete(byHash(tokenHash)).delete(byUser(userId, id)).commit();
}

/** Deletes all sessions of a user. */
export async function deleteSessions(kv: Kv, userId: string): Promise<void> {
  for (const { id } of await listSessions(kv, userId)) await deleteSession(kv, userId, id);
}
