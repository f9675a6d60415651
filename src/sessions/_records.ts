import type { Kv } from "../kv/kv.ts";
import { scrubSoon } from "../kv/scrubbing.ts";

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

/** A session that nobody uses ends after this long. OWASP ASVS 5.0 7.3.1 */
const IDLE_TIMEOUT_MS = 24 * 3_600_000;
/** However much it is used, a session ends after this long. OWASP ASVS 5.0 7.3.2 */
export const ABSOLUTE_TIMEOUT_MS = 30 * 24 * 3_600_000;

/** The end of a session if it is not used again: milliseconds since the Unix epoch. */
export function sessionExpiresAt(session: SessionRecord): number {
  return Math.min(session.endsAt, session.lastUsedAt + IDLE_TIMEOUT_MS);
}

/** Where sessions lie: the record under its token's SHA-256, and an index by user. The token itself is nowhere. */
const byHash = (tokenHash: string): Deno.KvKey => ["sessions", "by_hash", tokenHash];
const byUser = (userId: string, id: string): Deno.KvKey => ["sessions", "by_user", userId, id];

const versions = new WeakMap<Kv, number>();

/** Counts the changes to sessions: while it is the same, so are they. Nobody else writes them while the server runs. */
export function sessionsVersion(kv: Kv): number {
  return versions.get(kv) ?? 0;
}

function noteChange(kv: Kv): void {
  versions.set(kv, sessionsVersion(kv) + 1);
}

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
  noteChange(kv);
}

/** Remembers that the session was used, unless it was deleted meanwhile or another request did. */
export async function touchSession(
  kv: Kv,
  tokenHash: string,
  { from, now }: { from: number; now: number },
): Promise<void> {
  const entry = await kv.get<SessionRecord>(byHash(tokenHash));
  if (entry.value?.lastUsedAt !== from) return;
  const expireIn = entry.value.endsAt - now;
  await kv.atomic().check(entry).set(entry.key, { ...entry.value, lastUsedAt: now }, { expireIn }).commit();
  noteChange(kv);
}

/** The sessions of a user, oldest first. */
export async function listSessions(kv: Kv, userId: string): Promise<SessionRecord[]> {
  const hashes = await Array.fromAsync(kv.list<string>({ prefix: ["sessions", "by_user", userId] }));
  const sessions = await Promise.all(hashes.map(({ value }) => findSession(kv, value)));
  return sessions.filter((session) => session !== null);
}

/** A session of a user by its id. */
export async function findSessionOf(kv: Kv, userId: string, id: string): Promise<SessionRecord | null> {
  const { value: tokenHash } = await kv.get<string>(byUser(userId, id));
  return tokenHash === null ? null : await findSession(kv, tokenHash);
}

/** Whose session this is; reads all of them, for the few times that an admin asks. */
export async function findSessionOwner(kv: Kv, id: string): Promise<string | null> {
  for await (const { key } of kv.list({ prefix: ["sessions", "by_user"] })) {
    if (key.at(-1) === id) return String(key.at(-2));
  }
  return null;
}

/** Deletes a session of a user; false where there is none. */
export async function deleteSession(kv: Kv, userId: string, id: string): Promise<boolean> {
  const { value: tokenHash } = await kv.get<string>(byUser(userId, id));
  if (tokenHash === null) return false;
  await kv.atomic().delete(byHash(tokenHash)).delete(byUser(userId, id)).commit();
  noteChange(kv);
  scrubSoon(kv);
  return true;
}

/** Deletes the sessions of a user but the newest `keep` and the one named; the ids of those that were there. */
export async function deleteSessions(
  kv: Kv,
  userId: string,
  { exceptId, keep = 0 }: { exceptId?: string; keep?: number } = {},
): Promise<string[]> {
  const entries = await Array.fromAsync(kv.list<string>({ prefix: ["sessions", "by_user", userId] }));
  // Ids made later sort later.
  const ids = entries.map(({ key }) => String(key.at(-1))).filter((id) => id !== exceptId);
  const ended = keep === 0 ? ids : ids.slice(0, -keep);
  for (const id of ended) await deleteSession(kv, userId, id);
  return ended;
}
