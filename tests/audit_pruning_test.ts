import assert from "node:assert/strict";
import sql from "sql-template-tag";
import { openAudit } from "../src/audit/audit.ts";
import { exportLog } from "../src/audit/export.ts";
import { verifyLog } from "../src/audit/verification.ts";
import { systemActor } from "../src/base/actor.ts";
import { type Connection, openDatabase } from "../src/database/database.ts";
import { migrate } from "../src/database/migrations.ts";
import { createSealer } from "../src/database/sealing.ts";
import { auditDependencies } from "./support/audit_log.ts";
import { movableClock } from "./support/movable_clock.ts";
import { write } from "./support/people.ts";
import { startApp } from "./support/running_app.ts";
import { runTask } from "./support/tasks.ts";

const MIGRATIONS = new URL("../migrations", import.meta.url).pathname;
const DAY_MS = 86_400_000;

/** The audit log alone, on a data folder of its own. */
async function openLog() {
  await using stack = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "fingerpost_audit_" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const databaseFile = `${folder}/fingerpost.db`;
  await migrate({ path: databaseFile, folder: MIGRATIONS, clock: Date });
  const database = stack.use(openDatabase(databaseFile));
  const clock = movableClock();
  const dependencies = await auditDependencies(database, databaseFile, clock);
  const audit = stack.use(await openAudit(dependencies));
  const record = (count: number) =>
    database.write(async (connection) => {
      for (let index = 0; index < count; index++) {
        await audit.record(connection, systemActor, { kind: "element.captured", details: { index } });
      }
    });
  const verify = () => verifyLog({ ...dependencies, connection: database.read });
  const opened = stack.move();
  return { audit, clock, record, verify, dependencies, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

Deno.test("a checkpoint is signed every 1,000 events, in the table and in the file", async () => {
  await using log = await openLog();
  for (let index = 0; index < 25; index++) await log.record(100);
  const { checkpointFile, database } = log.dependencies;
  await log.audit[Symbol.asyncDispose]();
  const stored = await database.read.all(sql`SELECT sequence FROM audit_checkpoints ORDER BY sequence`);
  assert.deepEqual(
    stored.map((row) => ({ ...row as object })),
    [1_000, 2_000, 2_500].map((sequence) => ({ sequence })),
  );
  const places = (await Deno.readTextFile(checkpointFile)).trim().split("\n").map((line) => JSON.parse(line).sequence);
  assert.deepEqual(places, [1_000, 2_000, 2_500]);
});

Deno.test("audit.prune() deletes what is older, behind a checkpoint only, and what is left can still be verified", async () => {
  await using log = await openLog();
  assert.equal(await log.audit.prune(log.clock.now()), 0, "nothing is there");
  for (let index = 0; index < 23; index++) await log.record(100);
  log.clock.advance(40 * DAY_MS);
  await log.record(700);
  assert.equal(await log.audit.prune(log.clock.now() - 90 * DAY_MS), 0, "nothing is so old");
  // 2,300 are old, and a checkpoint vouches for 2,000 of them.
  assert.equal(await log.audit.prune(log.clock.now() - 30 * DAY_MS), 2_000);
  const { valid, checked, firstBrokenSequence } = await log.verify();
  assert.deepEqual({ valid, checked, firstBrokenSequence }, { valid: true, checked: 1_002, firstBrokenSequence: null });
  assert.equal(await log.audit.prune(log.clock.now() - 30 * DAY_MS), 0);
  await log.record(1);
  assert.equal((await log.verify()).valid, true);
});

Deno.test("a clock that was wrong for a while has nothing young deleted, and nothing old kept", async () => {
  await using log = await openLog();
  await log.record(1_000);
  log.clock.advance(-400 * DAY_MS);
  await log.record(1_000);
  log.clock.advance(400 * DAY_MS);
  await log.record(1);
  assert.equal(await log.audit.prune(log.clock.now() - 365 * DAY_MS), 0);
  log.clock.advance(4_000 * DAY_MS);
  await log.record(500);
  log.clock.advance(-3_900 * DAY_MS);
  await log.record(1_000);
  assert.equal(await log.audit.prune(log.clock.now() - 30 * DAY_MS), 2_000);
  log.clock.advance(31 * DAY_MS);
  assert.ok(await log.audit.prune(log.clock.now() - 30 * DAY_MS) >= 1_000, "with the events from the future");
});

Deno.test("an export from which events are pruned while it is written says so, rather than not to hold", async () => {
  await using log = await openLog();
  for (let index = 0; index < 4; index++) await log.record(1_000);
  log.clock.advance(DAY_MS);
  await log.record(1);
  const { read } = log.dependencies.database;
  const connection: Connection = {
    ...read,
    all: async (query) => {
      if (query.sql.includes("FROM security_events")) await log.audit.prune(log.clock.now());
      return await read.all(query);
    },
  };
  const path = `${log.dependencies.databaseFile}.jsonl`;
  await assert.rejects(exportLog(connection, { path, onProgress: () => {} }), {
    code: "UNAVAILABLE",
    message: "Cannot export: events were deleted by age meanwhile; export again",
  });
});

Deno.test("a long log is verified in parts, and a fault in any of them is found", async () => {
  await using log = await openLog();
  for (let index = 0; index < 45; index++) await log.record(1_000);
  assert.deepEqual(await log.verify(), { valid: true, checked: 45_000, firstBrokenSequence: null, fault: null });
  const change = (sequence: number) =>
    log.dependencies.database.between((writer) => {
      writer.exec("DROP TRIGGER IF EXISTS security_events_keep_update");
      writer.prepare("UPDATE security_events SET user_agent = 'x' WHERE sequence = ?").run(sequence);
    });
  for (const sequence of [44_999, 22_501, 22_500, 22_499, 7]) {
    await change(sequence);
    const { valid, checked, firstBrokenSequence } = await log.verify();
    assert.deepEqual([valid, checked, firstBrokenSequence], [false, sequence - 1, sequence]);
  }
});

Deno.test("nobody deletes events that were not pruned, and the last one is never pruned", async () => {
  await using log = await openLog();
  await log.record(1_000);
  await log.record(1);
  log.clock.advance(DAY_MS);
  assert.equal(await log.audit.prune(log.clock.now()), 1_000);
  assert.equal(await log.audit.prune(log.clock.now()), 0);
  assert.equal((await log.verify()).checked, 2);
});

Deno.test("a log whose secret key is lost goes on under a new one, and says that its past can't be verified", async () => {
  await using log = await openLog();
  await log.record(5);
  const sealer = await createSealer([new Uint8Array(32).fill(2)]);
  await using other = await openAudit({ ...log.dependencies, sealer });
  await assert.rejects(
    log.dependencies.database.write((c) => other.record(c, systemActor, { kind: "server.started" })),
    {
      code: "UNAVAILABLE",
    },
  );
  await other.begin();
  await log.dependencies.database.write((c) => other.record(c, systemActor, { kind: "server.started" }));
  const { valid, firstBrokenSequence } = await verifyLog({
    ...log.dependencies,
    sealer,
    connection: log.dependencies.database.read,
  });
  assert.deepEqual({ valid, firstBrokenSequence }, { valid: false, firstBrokenSequence: 1 });
});

Deno.test("a server deletes events older than audit.retention_days when it starts", async () => {
  const clock = movableClock();
  await using app = await startApp({ clock });
  await app.ask(`mutation { setConfig(key: "audit.retention_days", value: 30) { key } }`, {}, app.token);
  await app.stop();
  const before = write(app, (database) => database.prepare("SELECT count(*) AS n FROM security_events").get()?.["n"]);
  clock.advance(31 * DAY_MS);
  for (let start = 1; start <= 2; start++) await (await startApp({ dataDir: app.dataDir, clock })).stop();
  const left = write(app, (database) => database.prepare("SELECT sequence, kind, details FROM security_events").all());
  // The first start kept the last event there was, for the next one is linked to it; the second found it behind a checkpoint.
  assert.ok(left.every(({ sequence }) => Number(sequence) > Number(before)), JSON.stringify(left));
  const pruned = left.filter(({ kind }) => kind === "audit.pruned").map(({ details }) => JSON.parse(String(details)));
  assert.equal(pruned.reduce((sum, { events }) => sum + events, 0), before);
  assert.equal(pruned.at(-1).through, before);
  assert.equal((await runTask("audit:verify", [], app.dataDir)).code, 0);
});
