import { newId } from "../../src/base/ids.ts";
import { openKv } from "../../src/kv/kv.ts";
import { insertSession } from "../../src/sessions/_records.ts";
import { newSessionToken, tokenKey } from "../../src/sessions/_tokens.ts";
import type { RunningApp } from "./running_app.ts";

const MAX_AGE_MS = 30 * 24 * 3_600_000;

/** A session of a person, as sign-in would make it but without the time that a password takes. It ends by itself after `maxAgeMs`. */
export async function makeSession(
  app: Pick<RunningApp, "dataDir">,
  personId: string,
  { maxAgeMs = MAX_AGE_MS }: { maxAgeMs?: number } = {},
): Promise<string> {
  using kv = await openKv(`${app.dataDir}/kv.db`);
  const token = newSessionToken();
  const now = Date.now();
  const times = { createdAt: now, lastUsedAt: now, endsAt: now + maxAgeMs };
  const userId = personId.slice(personId.indexOf("_") + 1);
  await insertSession(kv, tokenKey(token), { id: newId(), userId, ...times, ipAddress: null, userAgent: null });
  return token;
}
