import assert from "node:assert/strict";
import sql from "sql-template-tag";
import { type Audit, openAudit } from "../src/audit/audit.ts";
import { verifyLog } from "../src/audit/verification.ts";
import { systemActor } from "../src/base/actor.ts";
import { openDatabase } from "../src/database/database.ts";
import { migrate } from "../src/database/migrations.ts";
import { auditDependencies } from "./support/audit_log.ts";
import { runTask } from "./support/tasks.ts";
import { startApp } from "./support/running_app.ts";

const MIGRATIONS = new URL("../migrations", import.meta.url).pathname;

/** A log of three checkpoints, closed, and what opens it again. */
async function makeLog() {
  await using stack = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "fingerpost_audit_" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const databaseFile = `${folder}/fingerpost.db`;
  await migrate({ path: databaseFile, folder: MIGRATIONS, clock: Date });
  const database = stack.use(openDatabase(databaseFile));
  const dependencies = await auditDependencies(database, databaseFile, Date);
  const record = (audit: Audit, count: number) =>
    database.write(async (connection) => {
      for (let index = 0; index < count; index++) await audit.record(connection, systemActor, { kind: "backup.made" });
    });
  for (let index = 0; index < 3; index++) {
    await using audit = await openAudit(dependencies);
    await record(audit, 5);
  }
  const start = async () => {
    await using audit = await openAudit(dependencies);
    await audit.begin();
    return await database.read.all<{ details: string }>(
      sql`SELECT details FROM security_events WHERE kind = 'audit.broken'`,
    );
  };
  const verify = () => verifyLog({ ...dependencies, connection: database.read });
  const remove = (sequence: number) =>
    database.between((writer) => {
      writer.exec("DROP TRIGGER security_events_keep_delete; DROP TRIGGER audit_checkpoints_keep_delete");
      writer.prepare("DELETE FROM security_events WHERE sequence > ?").run(sequence);
      writer.prepare("DELETE FROM audit_checkpoints WHERE sequence > ?").run(sequence);
    });
  const { checkpointFile } = dependencies;
  const opened = stack.move();
  return {
    dependencies,
    checkpointFile,
    record,
    start,
    verify,
    remove,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

Deno.test("a verification does not vouch for a log's end where the file of checkpoints is gone or has a line that is none", async () => {
  await using log = await makeLog();
  assert.equal((await log.verify()).valid, true);
  const text = await Deno.readTextFile(log.checkpointFile);
  await Deno.writeTextFile(log.checkpointFile, text.replace(/"sequence":15/, `"sequence":"15"`));
  await log.remove(10);
  const fault = (what: string) => ({
    valid: false,
    checked: 10,
    firstBrokenSequence: 11,
    fault: `${what}: whether the end was cut can't be told`,
  });
  assert.deepEqual(await log.verify(), fault("line 3 of the file of checkpoints is none"));
  await Deno.remove(log.checkpointFile);
  assert.deepEqual(await log.verify(), fault("the file of checkpoints is missing"));
});

Deno.test("a start sees a cut tail though an old checkpoint was put behind the last one of the file", async () => {
  await using log = await makeLog();
  const [first] = (await Deno.readTextFile(log.checkpointFile)).split("\n");
  await Deno.writeTextFile(log.checkpointFile, `${first}\n`, { append: true });
  await log.remove(10);
  assert.deepEqual((await log.start()).map(({ details }) => JSON.parse(details)), [{ reason: "cut", sequence: 11 }]);
});

Deno.test("a line that was half written when the process died is no fault, even if a task writes the next one before a start", async () => {
  await using log = await makeLog();
  await Deno.writeTextFile(log.checkpointFile, `{"purpose":"check`, { append: true });
  {
    await using task = await openAudit(log.dependencies);
    await log.record(task, 1);
  }
  assert.deepEqual(await log.start(), []);
  assert.equal((await log.verify()).valid, true);
});

Deno.test("of a changed event and a forged checkpoint behind it the event is told, however long the log", async () => {
  await using log = await makeLog();
  const { database } = log.dependencies;
  await using audit = await openAudit(log.dependencies);
  for (let index = 0; index < 45; index++) await log.record(audit, 1_000);
  await database.between((writer) => {
    writer.exec("DROP TRIGGER security_events_keep_update; DROP TRIGGER audit_checkpoints_keep_update");
    writer.exec("UPDATE security_events SET user_agent = 'x' WHERE sequence = 30000");
    writer.exec("UPDATE audit_checkpoints SET signature = zeroblob(32) WHERE sequence > 35000");
  });
  const { checked, firstBrokenSequence } = await log.verify();
  assert.deepEqual([checked, firstBrokenSequence], [29_999, 30_000]);
});

Deno.test("a file of checkpoints that can't be read is told in one line", async () => {
  await using app = await startApp();
  await app.stop();
  await Deno.remove(`${app.dataDir}/audit.checkpoints`);
  await Deno.mkdir(`${app.dataDir}/audit.checkpoints`);
  const { code, stderr } = await runTask("audit:verify", [], app.dataDir);
  assert.deepEqual([code, stderr.split("\n").length], [1, 2], stderr);
  assert.match(stderr, /^Cannot read the file of checkpoints: Is a directory/);
  await assert.rejects(startApp({ dataDir: app.dataDir }), { code: "UNAVAILABLE" });
});
