import assert from "node:assert/strict";
import { configure, type LogRecord, reset } from "@logtape/logtape";
import sql from "sql-template-tag";
import type { UserActor } from "../src/base/actor.ts";
import { newId } from "../src/base/ids.ts";
import { type Database, openDatabase } from "../src/database/database.ts";
import { migrate } from "../src/database/migrations.ts";
import { type Connections, openConnections, type WebrtcConnection } from "../src/peers/connections.ts";
import { createProjects } from "../src/projects/projects.ts";
import type { LeftPeer, Peer, RelayedSignal, SignalKind } from "../src/signalling/signalling.ts";
import { openAuditOf } from "./support/audit_log.ts";
import { movableClock } from "./support/movable_clock.ts";
import { countStatements } from "./support/statements.ts";

const MIGRATIONS = new URL("../migrations", import.meta.url).pathname;
const SECOND_MS = 1_000;
const DAY_MS = 86_400_000;

interface Records extends AsyncDisposable {
  connections: Connections;
  clock: ReturnType<typeof movableClock>;
  database: Database;
  /** A signal, as signalling tells of it. */
  signal(kind: SignalKind, from: Peer, to: Peer, negotiationId?: string): void;
  leave(peer: Peer): void;
  peer(kind?: Peer["kind"]): Peer;
  /** Those who are in a room, by the ids of their peers. */
  present: Set<string>;
  /** All rows, oldest first. */
  rows(): Promise<WebrtcConnection[]>;
  states(): Promise<string[]>;
}

/** The records alone, on a database of their own, told by hand what signals were relayed. */
async function openRecords(): Promise<Records> {
  await using stack = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "fingerpost_records_" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const path = `${folder}/fingerpost.db`;
  await migrate({ path, folder: MIGRATIONS, clock: Date });
  const database = stack.use(openDatabase(path));
  const clock = movableClock();
  const userId = newId();
  await database.write((connection) =>
    connection.run(sql`INSERT INTO users (id, email, email_key, name, role, password_hash, created_at, updated_at)
      VALUES (${userId}, 'a@b', 'a@b', 'A', 'ADMIN', '$2b$12$' || ${"x".repeat(53)}, 0, 0)`)
  );
  const actor: UserActor = {
    kind: "user",
    userId,
    role: "ADMIN",
    sessionId: newId(),
    origin: { ipAddress: null, userAgent: null },
  };
  const audit = stack.use(await openAuditOf(database, path, clock));
  const projects = createProjects({ database, audit, clock });
  const { id: projectId } = await projects.create(actor, { name: "Shop" });
  const relayed: ((fact: RelayedSignal) => void)[] = [];
  const left: ((fact: LeftPeer) => void)[] = [];
  const present = new Set<string>();
  const signalling = {
    onRelayed: (listener: typeof relayed[number]) => void relayed.push(listener),
    onPeerLeft: (listener: typeof left[number]) => void left.push(listener),
    isInRoom: (peerId: string) => present.has(peerId),
  };
  const connections = stack.use(await openConnections({ database, projects, signalling, clock }));
  const rows = async () => {
    const page = { limit: 100, fromEnd: true, after: null, before: null };
    return (await connections.list(actor, { projectId, page })).items.toReversed();
  };
  const opened = stack.move();
  return {
    connections,
    clock,
    database,
    present,
    rows,
    states: async () => (await rows()).map(({ state }) => state),
    signal: (kind, from, to, negotiationId = "n1") => {
      for (const listener of relayed) listener({ projectId, from, to, negotiationId, kind });
    },
    leave: ({ id: peerId }) => {
      present.delete(peerId);
      for (const listener of left) listener({ projectId, peerId });
    },
    peer: (kind = "EXTENSION") => {
      const peer = { id: newId(), label: "", kind, userId: kind === "SERVER" ? null : userId, joinedAt: 0 };
      if (kind !== "SERVER") present.add(peer.id);
      return peer;
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

const NOTHING = { bytesReceived: 0, bytesSent: 0, roundTripMs: null };

/** Keeps what is logged from a level on. */
async function keepLog(): Promise<{ records: LogRecord[] } & AsyncDisposable> {
  const records: LogRecord[] = [];
  await configure({
    reset: true,
    sinks: { kept: (record) => void records.push(record) },
    loggers: [
      { category: "fingerpost", lowestLevel: "warning", sinks: ["kept"] },
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["kept"] },
    ],
  });
  return { records, [Symbol.asyncDispose]: reset };
}

Deno.test("connections.sweep() ends an offer that nobody answered in 60 s as FAILED, and a late answer changes nothing", async () => {
  await using records = await openRecords();
  const { clock, connections } = records;
  const [one, other, server] = [records.peer(), records.peer(), records.peer("SERVER")];
  records.signal("OFFER", one, other);
  records.signal("OFFER", one, server);
  records.signal("OFFER", one, other, "answered");
  records.signal("ANSWER", other, one, "answered");
  clock.advance(59 * SECOND_MS);
  connections.sweep();
  assert.deepEqual(await records.states(), ["NEW", "NEW", "CONNECTING"]);
  clock.advance(SECOND_MS);
  connections.sweep();
  assert.deepEqual(await records.states(), ["FAILED", "FAILED", "CONNECTING"]);
  records.signal("ANSWER", other, one);
  assert.deepEqual(await records.states(), ["FAILED", "FAILED", "CONNECTING"]);
});

Deno.test("connections.sweep() ends what was silent for 10 minutes, unless two pages are both in the room", async () => {
  await using records = await openRecords();
  const { clock, connections } = records;
  const [one, other, gone, server] = [records.peer(), records.peer(), records.peer(), records.peer("SERVER")];
  for (const [negotiationId, to] of [["pages", other], ["gone", gone], ["server", server]] as const) {
    records.signal("OFFER", one, to, negotiationId);
    records.signal("ANSWER", to, one, negotiationId);
  }
  // Without a word: signalling tells of it otherwise.
  records.present.delete(gone.id);
  clock.advance(300 * SECOND_MS);
  connections.report({ peerId: one.id, negotiationId: "server" }, { state: "CONNECTED", ...NOTHING });
  clock.advance(300 * SECOND_MS);
  connections.sweep();
  assert.deepEqual(await records.states(), ["CONNECTING", "CLOSED", "CONNECTED"]);
  clock.advance(300 * SECOND_MS);
  connections.sweep();
  assert.deepEqual(await records.states(), ["CONNECTING", "CLOSED", "CLOSED"]);
});

Deno.test("connections.report() takes what the server's side says, in any order with the signals, and numbers at most every 4 s", async () => {
  await using records = await openRecords();
  const { clock, connections } = records;
  const [page, server] = [records.peer(), records.peer("SERVER")];
  const key = { peerId: page.id, negotiationId: "n1" };
  const row = async () => (await records.rows())[0];
  connections.report(key, { state: "CONNECTED", ...NOTHING });
  assert.deepEqual(await records.rows(), []);
  records.signal("OFFER", page, server);
  connections.report(key, { state: "CONNECTED", bytesReceived: 5, bytesSent: 6, roundTripMs: 0.5 });
  records.signal("ANSWER", server, page);
  const opened = await row();
  assert.deepEqual([opened?.state, opened?.bytesReceived, opened?.bytesSent, opened?.roundTripMs], [
    "CONNECTED",
    5,
    6,
    0.5,
  ]);
  clock.advance(3 * SECOND_MS);
  connections.report(key, { state: "CONNECTED", bytesReceived: 50, bytesSent: 60, roundTripMs: 1 });
  assert.equal((await row())?.bytesReceived, 5);
  clock.advance(SECOND_MS);
  connections.report(key, { state: "CONNECTED", bytesReceived: 51, bytesSent: 61, roundTripMs: null });
  assert.equal((await row())?.bytesReceived, 51);
  connections.report(key, { state: "DISCONNECTED", ...NOTHING });
  connections.report(key, { state: "CONNECTING", ...NOTHING });
  assert.equal((await row())?.state, "DISCONNECTED");
  connections.report(key, { state: "CONNECTED", ...NOTHING });
  assert.deepEqual([(await row())?.state, (await row())?.openedAt], ["CONNECTED", opened?.openedAt]);
  connections.report(key, { state: "FAILED", bytesReceived: NaN, bytesSent: Infinity, roundTripMs: Infinity });
  connections.report(key, { state: "CONNECTED", ...NOTHING });
  records.signal("BYE", server, page);
  const ended = await row();
  assert.deepEqual(
    [ended?.state, ended?.bytesReceived, ended?.bytesSent, ended?.roundTripMs],
    ["FAILED", 0, Number.MAX_SAFE_INTEGER, null],
  );
});

Deno.test("a connection that the page ends is CLOSED with its last numbers, whether the server reports before or after", async () => {
  await using records = await openRecords();
  const { connections } = records;
  const [page, leaver, server] = [records.peer(), records.peer(), records.peer("SERVER")];
  const last = { state: "FAILED", bytesReceived: 7, bytesSent: 8, roundTripMs: 1 } as const;
  records.signal("OFFER", page, server);
  records.signal("BYE", page, server);
  connections.report({ peerId: page.id, negotiationId: "n1" }, last);
  records.signal("BYE", server, page);
  records.signal("OFFER", leaver, server);
  records.leave(leaver);
  connections.report({ peerId: leaver.id, negotiationId: "n1" }, last);
  // Refused: nothing but a BYE comes back.
  records.signal("OFFER", page, server);
  records.signal("BYE", server, page);
  assert.deepEqual(
    (await records.rows()).map(({ state, bytesReceived }) => [state, bytesReceived]),
    [["CLOSED", 7], ["CLOSED", 7], ["CLOSED", 0]],
  );
});

Deno.test("what begins and ends within a second is one row and one transaction, and no signal waits for it", async () => {
  await using records = await openRecords();
  const { database } = records;
  const peers = [records.peer(), records.peer()] as const;
  using count = countStatements();
  for (let index = 0; index < 200; index++) {
    records.signal("OFFER", ...peers, String(index));
    records.signal("ANSWER", peers[1], peers[0], String(index));
    records.signal("BYE", ...peers, String(index));
  }
  records.signal("OFFER", ...peers, "closed by the end");
  assert.equal(count.texts.length, 0);
  await records.connections[Symbol.asyncDispose]();
  assert.deepEqual(count.texts.filter((text) => text.startsWith("INSERT")).length, 1);
  const rows = await database.read.all<{ state: string }>(sql`SELECT state FROM webrtc_connections`);
  assert.deepEqual([rows.length, new Set(rows.map(({ state }) => state))], [201, new Set(["CLOSED"])]);
});

Deno.test("a peer has at most 256 negotiations on record at once, and all together 10,000", async () => {
  await using records = await openRecords();
  const { database } = records;
  const count = async () =>
    (await database.read.get<{ count: number }>(sql`SELECT count(*) AS count FROM webrtc_connections`))?.count;
  const [flooder, victim] = [records.peer(), records.peer()];
  for (let index = 0; index < 300; index++) records.signal("OFFER", flooder, records.peer(), String(index));
  records.signal("OFFER", victim, records.peer());
  await records.rows();
  assert.equal(await count(), 257);
  records.leave(flooder);
  for (let index = 0; index < 10_100; index++) records.signal("OFFER", records.peer(), records.peer());
  await records.rows();
  assert.equal(await count(), 256 + 10_000);
});

Deno.test("while the database fails, records wait in bounded memory, and it is told once; then they are written", async () => {
  await using records = await openRecords();
  await using log = await keepLog();
  const { database } = records;
  const setPages = (count: string) => database.between((writer) => writer.exec(`PRAGMA max_page_count = ${count}`));
  await setPages("1");
  const pairs = Array.from({ length: 1_200 }, () => [records.peer(), records.peer()] as const);
  for (let round = 0; round < 10; round++) {
    for (const [one, other] of pairs) {
      records.signal("OFFER", one, other);
      records.signal("BYE", other, one);
    }
    assert.equal((await records.rows()).length, 0);
  }
  assert.deepEqual(log.records.map(({ level }) => level), ["warning"]);
  await setPages("4294967294");
  await records.rows();
  const row = await database.read.get<{ count: number }>(sql`SELECT count(*) AS count FROM webrtc_connections`);
  assert.equal(row?.count, 10_000);
});

Deno.test("connections.prune() deletes what ended 90 days ago, and what is open stays", async () => {
  await using records = await openRecords();
  const { clock, connections } = records;
  const [one, other] = [records.peer(), records.peer()];
  records.signal("OFFER", one, other, "open");
  records.signal("ANSWER", other, one, "open");
  for (const negotiationId of ["old", "young"]) {
    records.signal("OFFER", one, other, negotiationId);
    records.signal("BYE", one, other, negotiationId);
    clock.advance(DAY_MS);
  }
  await records.rows();
  clock.advance(87 * DAY_MS);
  assert.equal(await connections.prune(), 0);
  clock.advance(DAY_MS + SECOND_MS);
  assert.equal(await connections.prune(), 1);
  assert.deepEqual(await records.states(), ["CONNECTING", "CLOSED"]);
  clock.advance(DAY_MS);
  assert.equal(await connections.prune(), 1);
  assert.deepEqual(await records.states(), ["CONNECTING"]);
});

Deno.test("connections.prune() deletes 500 rows a transaction", async () => {
  await using records = await openRecords();
  const { clock, connections } = records;
  for (let index = 0; index < 1_100; index++) {
    const [one, other] = [records.peer(), records.peer()];
    records.signal("OFFER", one, other);
    records.signal("BYE", one, other);
  }
  await records.rows();
  clock.advance(91 * DAY_MS);
  using count = countStatements();
  assert.equal(await connections.prune(), 1_100);
  assert.equal(count.texts.filter((text) => text.startsWith("DELETE")).length, 3);
});
