import assert from "node:assert/strict";
import type { DatabaseSync } from "node:sqlite";
import { createProject } from "./support/captures.ts";
import { write } from "./support/people.ts";
import { type RunningApp, startApp } from "./support/running_app.ts";
import { runTask } from "./support/tasks.ts";

const VERIFY = `{ verifyAudit { valid checked firstBrokenSequence } }`;
const EVENTS = `query ($filter: SecurityEventFilter) {
  securityEvents(filter: $filter, first: 50) { totalCount edges { node { sequence kind severity details } } }
}`;

/** Changes rows as somebody would who has the file: the triggers are no obstacle to them. */
function tamper(app: Pick<RunningApp, "dataDir">, work: (database: DatabaseSync) => void): void {
  write(app, (database) => {
    const triggers = database.prepare(
      "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND name GLOB '*_keep_*'",
    )
      .all();
    for (const { name } of triggers) database.exec(`DROP TRIGGER ${name}`);
    work(database);
    for (const { sql } of triggers) database.exec(String(sql));
  });
}

/** A stopped app whose log has 30 events and more. */
async function makeLog(): Promise<RunningApp> {
  const app = await startApp();
  for (let index = 0; index < 30; index++) await createProject(app, app.token, `Project ${index}`);
  await app.stop();
  return app;
}

async function verify(
  app: RunningApp,
): Promise<{ code: number; valid: boolean; checked: number; firstBrokenSequence: number | null }> {
  const { code, stdout } = await runTask("audit:verify", ["--json"], app.dataDir);
  return { code, ...JSON.parse(stdout) };
}

const lastSequence = (app: RunningApp) =>
  write(
    app,
    (database) => Number(database.prepare("SELECT max(sequence) AS last FROM security_events").get()?.["last"]),
  );

Deno.test("a log that nobody touched holds, through restarts, for the API and the task alike", async () => {
  await using app = await makeLog();
  const last = lastSequence(app);
  const { code, valid, checked, firstBrokenSequence } = await verify(app);
  assert.deepEqual({ code, valid, checked, firstBrokenSequence }, {
    code: 0,
    valid: true,
    checked: last,
    firstBrokenSequence: null,
  });
  await using again = await startApp({ dataDir: app.dataDir });
  const token = await again.signIn();
  const { verifyAudit } = await again.ask(VERIFY, {}, token);
  assert.deepEqual(verifyAudit, { valid: true, checked: last + 2, firstBrokenSequence: null });
  const { securityEvents } = await again.ask(EVENTS, { filter: { kind: ["audit.verified"] } }, token);
  assert.deepEqual(securityEvents.edges[0].node.details, { checked: last + 2, firstBrokenSequence: null });
});

/** What somebody with the file may do to the log, and the first event that shows it: `last` is the last there was. */
const TAMPERINGS: [string, (database: DatabaseSync, last: number) => void, (last: number) => number][] = [
  [
    "a changed event",
    (database) => database.exec("UPDATE security_events SET ip_address = '10.0.0.1' WHERE sequence = 7"),
    () => 7,
  ],
  [
    "changed details",
    (database) => database.exec("UPDATE security_events SET details = json_object('x', 1) WHERE sequence = 9"),
    () => 9,
  ],
  ["a removed event", (database) => database.exec("DELETE FROM security_events WHERE sequence = 7"), () => 7],
  ["a removed first event", (database) => database.exec("DELETE FROM security_events WHERE sequence = 1"), () => 1],
  [
    "an event in the place of a removed one",
    (database) => {
      database.exec("DELETE FROM security_events WHERE sequence = 12");
      database.exec("UPDATE security_events SET sequence = sequence - 1 WHERE sequence > 12");
    },
    () => 12,
  ],
  [
    "an inserted event",
    (database, last) =>
      database.prepare(
        `INSERT INTO security_events (sequence, id, kind, severity, actor_kind, details, occurred_at, hash)
        VALUES (?, ?, 'user.created', 'INFO', 'system', '{}', 1, zeroblob(32))`,
      ).run(last + 1, crypto.randomUUID()),
    (last) => last + 1,
  ],
  [
    "two events in each other's place",
    (database) =>
      database.exec(
        "UPDATE security_events SET sequence = CASE sequence WHEN 5 THEN -1 ELSE 5 END WHERE sequence IN (5, 6);" +
          "UPDATE security_events SET sequence = 6 WHERE sequence = -1",
      ),
    () => 5,
  ],
  [
    "a cut tail",
    (database, last) => database.prepare("DELETE FROM security_events WHERE sequence > ?").run(last - 3),
    (last) => last - 2,
  ],
  ["no event left", (database) => database.exec("DELETE FROM security_events"), () => 1],
  [
    "a checkpoint of a cut chain, forged",
    (database, last) => {
      database.prepare("DELETE FROM security_events WHERE sequence > ?").run(last - 3);
      database.prepare(
        `UPDATE audit_checkpoints SET sequence = ?, hash = (SELECT hash FROM security_events WHERE sequence = ?)
        WHERE sequence = (SELECT max(sequence) FROM audit_checkpoints)`,
      ).run(last - 3, last - 3);
    },
    (last) => last - 3,
  ],
  [
    "a pruning that nobody made",
    (database) => {
      database.exec(
        "INSERT INTO audit_prunings SELECT sequence, hash, zeroblob(32), 0 FROM security_events WHERE sequence = 8",
      );
      database.exec("DELETE FROM security_events WHERE sequence <= 8");
    },
    () => 8,
  ],
];

for (const [name, change, expected] of TAMPERINGS) {
  Deno.test(`the audit log shows ${name}`, async () => {
    await using app = await makeLog();
    const last = lastSequence(app);
    tamper(app, (database) => change(database, last));
    const { code, valid, firstBrokenSequence } = await verify(app);
    assert.deepEqual({ code, valid, firstBrokenSequence }, {
      code: 1,
      valid: false,
      firstBrokenSequence: expected(last),
    });
  });
}

Deno.test("a chain that another server made in this one's place does not hold", async () => {
  await using app = await makeLog();
  const dataDir = await Deno.makeTempDir();
  await (await startApp({ dataDir })).stop();
  for (const suffix of ["", "-wal", "-shm"]) await Deno.remove(`${app.dataDir}/fingerpost.db${suffix}`).catch(() => {});
  await Deno.rename(`${dataDir}/fingerpost.db`, `${app.dataDir}/fingerpost.db`);
  await Deno.remove(dataDir, { recursive: true });
  // Its own key and file of checkpoints stayed: the log is whole in itself, but not under this key.
  assert.deepEqual([(await verify(app)).valid, (await verify(app)).firstBrokenSequence], [false, 1]);
});

Deno.test("a start that finds the chain shorter than its last checkpoint says so, keeps the checkpoint and goes on behind it", async () => {
  await using app = await makeLog();
  const last = lastSequence(app);
  const checkpoints = await Deno.readTextFile(`${app.dataDir}/audit.checkpoints`);
  tamper(app, (database) => {
    database.prepare("DELETE FROM security_events WHERE sequence > ?").run(last - 5);
    database.prepare("DELETE FROM audit_checkpoints WHERE sequence > ?").run(last - 5);
  });
  await using again = await startApp({ dataDir: app.dataDir });
  const token = await again.signIn();
  const { securityEvents } = await again.ask(EVENTS, { filter: { severity: ["CRITICAL"] } }, token);
  assert.deepEqual(securityEvents.edges.map(({ node }: { node: unknown }) => node), [
    { sequence: last + 1, kind: "audit.broken", severity: "CRITICAL", details: { reason: "cut", sequence: last - 4 } },
  ]);
  assert.ok((await Deno.readTextFile(`${app.dataDir}/audit.checkpoints`)).startsWith(checkpoints));
  const { verifyAudit } = await again.ask(VERIFY, {}, token);
  assert.deepEqual([verifyAudit.valid, verifyAudit.firstBrokenSequence], [false, last - 4]);
});

Deno.test("a start that finds events without a chain begins one, and says so with the number of events that nothing vouches for", async () => {
  await using app = await makeLog();
  const last = lastSequence(app);
  tamper(app, (database) => {
    database.exec("UPDATE security_events SET hash = NULL, details = json_object('forged', sequence = 7)");
    database.exec("DELETE FROM audit_keys; DELETE FROM audit_checkpoints");
  });
  await Deno.remove(`${app.dataDir}/audit.checkpoints`);
  await using again = await startApp({ dataDir: app.dataDir });
  const { securityEvents } = await again.ask(EVENTS, { filter: { kind: ["audit.begun"] } }, await again.signIn());
  assert.deepEqual(securityEvents.edges.map(({ node }: { node: unknown }) => node), [
    { sequence: last + 1, kind: "audit.begun", severity: "WARNING", details: { events: last } },
  ]);
});
