import assert from "node:assert/strict";
import type { UserActor } from "../src/base/actor.ts";
import { systemClock as clock } from "../src/base/clock.ts";
import { fromGlobalId } from "../src/base/ids.ts";
import { openDatabase } from "../src/database/database.ts";
import { createElements } from "../src/elements/elements.ts";
import { createEvents, type Events } from "../src/events/events.ts";
import { openKv } from "../src/kv/kv.ts";
import { createProjects } from "../src/projects/projects.ts";
import { createRateLimits } from "../src/rate_limits/rate_limits.ts";
import { openAuditOf } from "./support/audit_log.ts";
import { createProject } from "./support/captures.ts";
import { startApp } from "./support/running_app.ts";

/** A bus that tells how many subscriptions were not ended. */
function countedEvents(): { events: Events; open: () => number } {
  const events = createEvents();
  let open = 0;
  const subscribe: Events["subscribe"] = (topic, key, options) => {
    const subscription = events.subscribe(topic, key, options);
    const end = subscription.end.bind(subscription);
    open++;
    subscription.end = () => {
      subscription.end = end;
      open--;
      end();
    };
    return subscription;
  };
  return { events: { ...events, subscribe }, open: () => open };
}

Deno.test("elements.watch() leaves nothing on the bus, however its reader goes", async () => {
  await using app = await startApp();
  const projectId = fromGlobalId(await createProject(app, app.token))?.id ?? "";
  const userId = fromGlobalId((await app.ask(`{ viewer { id } }`, {}, app.token)).viewer.id)?.id ?? "";
  await app.stop();
  await using database = openDatabase(`${app.dataDir}/fingerpost.db`);
  using kv = await openKv(`${app.dataDir}/kv.db`);
  const { events, open } = countedEvents();
  const audit = await openAuditOf(database, `${app.dataDir}/fingerpost.db`, clock);
  const projects = createProjects({ database, audit, clock });
  const rateLimits = createRateLimits({ database, kv, audit, clock });
  const elements = createElements({ database, audit, events, rateLimits, projects, clock });
  const origin = { ipAddress: null, userAgent: null };
  const actor: UserActor = { kind: "user", userId, role: "ADMIN", sessionId: "", origin };
  const watch = (signal: AbortSignal, after = 0) => elements.watch(actor, { projectId, after, signal });

  await watch(AbortSignal.abort());
  assert.equal(open(), 0, "gone before it was there");
  const unread = new AbortController();
  await watch(unread.signal);
  assert.equal(open(), 1);
  unread.abort();
  assert.equal(open(), 0, "gone before it read anything");
  const waiting = new AbortController();
  const next = (await watch(waiting.signal)).next();
  waiting.abort();
  assert.equal((await next).done, true);
  assert.equal(open(), 0, "gone while it waited");
  const returned = await watch(new AbortController().signal);
  const pending = returned.next();
  await returned.return(undefined);
  assert.equal((await pending).done, true);
  await assert.rejects(watch(new AbortController().signal, 99), { code: "INVALID_INPUT" });
  assert.equal(open(), 0, "returned, or refused");
});
