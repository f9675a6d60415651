import { DatabaseSync } from "node:sqlite";
import { fromGlobalId, newId } from "../src/base/ids.ts";
import { openKv } from "../src/kv/kv.ts";
import { insertSession } from "../src/sessions/_records.ts";
import { newSessionToken, tokenKey } from "../src/sessions/_tokens.ts";

/** Adds members of a project straight into the files of a server that does not run; returns a session's token of each. */
export async function addMembers(
  dataDir: string,
  { projectId, count }: { projectId: string; count: number },
): Promise<string[]> {
  using database = new DatabaseSync(`${dataDir}/fingerpost.db`);
  using kv = await openKv(`${dataDir}/kv.db`);
  const user = database.prepare(`
    INSERT INTO users (id, email, email_key, name, role, password_hash, created_at, updated_at)
    SELECT ?, ?, ?, 'Somebody', 'DEVELOPER', password_hash, 0, 0 FROM users LIMIT 1`);
  const member = database.prepare(
    "INSERT INTO project_members (project_id, user_id, role, created_at) VALUES (?, ?, 'EDITOR', 0)",
  );
  const tokens: string[] = [];
  for (let index = 0; index < count; index++) {
    const [userId, token, now] = [newId(), newSessionToken(), Date.now()];
    user.run(userId, `${index}@example.org`, `${index}@example.org`);
    member.run(fromGlobalId(projectId)?.id ?? "", userId);
    const times = { createdAt: now, lastUsedAt: now, endsAt: now + 30 * 24 * 3_600_000 };
    await insertSession(kv, tokenKey(token), { id: newId(), userId, ...times, ipAddress: null, userAgent: null });
    tokens.push(token);
  }
  return tokens;
}
