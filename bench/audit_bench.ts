// What the audit log costs: an event recorded beside the bare engine's insert, and the verification of a long log. One run,
// interleaved rounds, medians. Run by hand: `deno task bench:audit`. It passes or fails nothing.
import { DatabaseSync } from "node:sqlite";
import { openAudit } from "../src/audit/audit.ts";
import { verifyLog } from "../src/audit/verification.ts";
import type { UserActor } from "../src/base/actor.ts";
import { systemClock as clock } from "../src/base/clock.ts";
import { newId } from "../src/base/ids.ts";
import { openDatabase } from "../src/database/database.ts";
import { migrate } from "../src/database/migrations.ts";
import { createSealer } from "../src/database/sealing.ts";
import { createEvents } from "../src/events/events.ts";

const ROUNDS = 5;
const EVENTS_A_ROUND = 40_000;
/** As many share a transaction, so that the figures are the log's and not the disk's. */
const EVENTS_A_COMMIT = 1_000;

const folder = await Deno.makeTempDir({ prefix: "fingerpost_bench_" });
const databaseFile = `${folder}/fingerpost.db`;
await migrate({ path: databaseFile, folder: new URL("../migrations", import.meta.url).pathname, clock: Date });
const database = openDatabase(databaseFile);
const sealer = await createSealer([crypto.getRandomValues(new Uint8Array(32))]);
const files = { databaseFile, checkpointFile: `${folder}/audit.checkpoints` };
const audit = await openAudit({ database, events: createEvents(), sealer, clock, ...files });
const bare = openBare();
const origin = {
  ipAddress: "192.0.2.17",
  userAgent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.0.0",
};
const actor: UserActor = { kind: "user", userId: newId(), role: "DEVELOPER", sessionId: newId(), origin };

const recorded: number[] = [];
const inserted: number[] = [];
const verified: number[] = [];
for (let round = 1; round <= ROUNDS; round++) {
  inserted.push(await timed(insertBare) * 1_000 / EVENTS_A_ROUND);
  recorded.push(await timed(recordEvents) * 1_000 / EVENTS_A_ROUND);
  let checked = 0;
  const milliseconds = await timed(async () => {
    const verification = await verifyLog({ connection: database.read, sealer, ...files });
    if (!verification.valid) throw new Error(JSON.stringify(verification));
    checked = verification.checked;
  });
  verified.push(checked / milliseconds * 1_000);
}
// deno-lint-ignore no-console -- the table is what a bench is for
console.table({
  "insert, bare engine": { median: `${median(inserted).toFixed(1)} µs an event` },
  "record in the chain": { median: `${median(recorded).toFixed(1)} µs an event` },
  "verify": { median: `${Math.round(median(verified)).toLocaleString("en")} events/s` },
});
bare.close();
await audit[Symbol.asyncDispose]();
await database[Symbol.asyncDispose]();
await Deno.remove(folder, { recursive: true });

async function recordEvents(): Promise<void> {
  for (let done = 0; done < EVENTS_A_ROUND; done += EVENTS_A_COMMIT) {
    await database.write(async (connection) => {
      for (let index = 0; index < EVENTS_A_COMMIT; index++) {
        const details = { projectId: actor.sessionId, revision: index };
        await audit.record(connection, actor, { kind: "element.captured", subjectId: actor.userId, details });
      }
    });
  }
}

function insertBare(): Promise<void> {
  const insert = bare.prepare("INSERT INTO events VALUES (?, ?, 'element.captured', 'INFO', 'user', ?, ?, ?, ?, ?, ?)");
  for (let done = 0; done < EVENTS_A_ROUND; done += EVENTS_A_COMMIT) {
    bare.exec("BEGIN");
    for (let index = 0; index < EVENTS_A_COMMIT; index++) {
      const details = JSON.stringify({ projectId: actor.sessionId, revision: index });
      insert.run(null, newId(), actor.userId, actor.userId, origin.ipAddress, origin.userAgent, details, clock.now());
    }
    bare.exec("COMMIT");
  }
  return Promise.resolve();
}

function openBare(): DatabaseSync {
  const connection = new DatabaseSync(`${folder}/bare.db`);
  connection.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    CREATE TABLE events (sequence INTEGER PRIMARY KEY, id TEXT UNIQUE, kind TEXT, severity TEXT, actor_kind TEXT, actor_id TEXT,
      subject_id TEXT, ip_address TEXT, user_agent TEXT, details TEXT, occurred_at INTEGER) STRICT`);
  return connection;
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
