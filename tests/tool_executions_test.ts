import assert from "node:assert/strict";
import sql from "sql-template-tag";
import type { UserActor } from "../src/base/actor.ts";
import { newId } from "../src/base/ids.ts";
import { type Database, openDatabase } from "../src/database/database.ts";
import { migrate } from "../src/database/migrations.ts";
import { openKv } from "../src/kv/kv.ts";
import { createRateLimits } from "../src/rate_limits/rate_limits.ts";
import { createToolExecutions, type ToolExecutions } from "../src/tool_executions/tool_executions.ts";
import { openAuditOf } from "./support/audit_log.ts";
import { createAccessToken } from "./support/captures.ts";
import { collectLog } from "./support/log_lines.ts";
import { movableClock } from "./support/movable_clock.ts";
import { addPerson, write } from "./support/people.ts";
import { type RunningApp, startApp } from "./support/running_app.ts";
import { countStatements } from "./support/statements.ts";
import { addToolExecutions, listToolExecutions, RECORD, toolExecution } from "./support/tool_executions.ts";

const MIGRATIONS = new URL("../migrations", import.meta.url).pathname;
const DAY_MS = 86_400_000;
const CALLED = {
  tool: "get_element",
  outcome: "ok",
  errorCode: null,
  durationMs: 1,
  resultBytes: 1,
  argumentHash: "0".repeat(64),
  startedAt: Date.now(),
} as const;

interface Records extends AsyncDisposable {
  database: Database;
  executions: ToolExecutions;
  actor: UserActor;
  count(): Promise<number>;
}

/** The records alone, on a database of their own with one person in it. */
async function openRecords(): Promise<Records> {
  await using stack = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "fingerpost_executions_" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const path = `${folder}/fingerpost.db`;
  await migrate({ path, folder: MIGRATIONS, clock: Date });
  const database = stack.use(openDatabase(path));
  const userId = newId();
  await database.write((connection) =>
    connection.run(sql`INSERT INTO users (id, email, email_key, name, role, password_hash, created_at, updated_at)
      VALUES (${userId}, 'a@b', 'a@b', 'A', 'ADMIN', '$2b$12$' || ${"x".repeat(53)}, 0, 0)`)
  );
  const clock = movableClock();
  const kv = stack.use(await openKv(`${folder}/kv.db`));
  const audit = stack.use(await openAuditOf(database, path, clock));
  const rateLimits = createRateLimits({ database, kv, audit, clock });
  const executions = stack.use(createToolExecutions({ database, rateLimits, clock }));
  const origin = { ipAddress: null, userAgent: null };
  const opened = stack.move();
  return {
    database,
    executions,
    actor: { kind: "user", userId, role: "ADMIN", sessionId: newId(), origin },
    count: async () =>
      (await database.read.get<{ count: number }>(sql`SELECT count(*) AS count FROM mcp_tool_executions`))?.count ?? 0,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

const codeOf = async (app: RunningApp, query: string, variables: Record<string, unknown>, token: string | null) =>
  (await app.graphql(query, variables, token)).errors?.[0]?.extensions.code ?? "ok";

Deno.test("recordToolExecutions keeps what a client's own adapter tells, by whoever the credential is of", async () => {
  await using app = await startApp();
  const person = await addPerson(app);
  const token = await createAccessToken(app, person.token, { scopes: ["SIGNALS"] });
  const failed = toolExecution({
    outcome: "error",
    errorCode: "NOT_FOUND",
    durationMs: 12.25,
    tool: "set_element_status",
  });
  assert.equal((await app.ask(RECORD, { inputs: [failed] }, token)).recordToolExecutions, true);
  await app.ask(RECORD, { inputs: [toolExecution()] }, person.token);
  const seen = await listToolExecutions(app, person.token);
  assert.deepEqual(
    seen.map(({ tool, outcome, errorCode, actor }) => [tool, outcome, errorCode, actor.id]).toSorted(),
    [["get_element", "ok", null, person.id], ["set_element_status", "error", "NOT_FOUND", person.id]],
  );
  const [{ durationMs, resultBytes, argumentHash, startedAt }] = seen.filter(({ outcome }) => outcome === "error");
  assert.deepEqual([durationMs, resultBytes, argumentHash, startedAt], [
    12.25,
    100,
    "a".repeat(64),
    failed["startedAt"],
  ]);
});

Deno.test("each sees the calls of its own account, and admins and their tokens with AUDIT_READ see all", async () => {
  await using app = await startApp();
  const [one, other] = [await addPerson(app), await addPerson(app)];
  for (const { token } of [one, other]) await app.ask(RECORD, { inputs: [toolExecution()] }, token);
  const owners = async (token: string, filter = {}) =>
    (await listToolExecutions(app, token, { filter })).map(({ actor }) => actor.id).toSorted();
  assert.deepEqual(await owners(one.token), [one.id]);
  assert.deepEqual(await owners(one.token, { actorId: one.id }), [one.id]);
  const all = [one.id, other.id].toSorted();
  assert.deepEqual(await owners(app.token), all);
  assert.deepEqual(await owners(await createAccessToken(app, app.token, { scopes: ["AUDIT_READ"] })), all);
  assert.deepEqual(await owners(await createAccessToken(app, app.token, { scopes: ["ELEMENTS_READ"] })), []);
  assert.deepEqual(await owners(await createAccessToken(app, other.token, { scopes: ["AUDIT_READ"] })), [other.id]);
  const list = `query ($id: ID!) { mcpToolExecutions(filter: { actorId: $id }) { totalCount } }`;
  assert.equal(await codeOf(app, list, { id: other.id }, one.token), "FORBIDDEN");
  const [{ id }] = await listToolExecutions(app, other.token);
  const node = async (token: string) =>
    (await app.ask(`query ($id: ID!) { node(id: $id) { id } }`, { id }, token)).node;
  assert.deepEqual([await node(one.token), await node(other.token), await node(app.token)], [null, { id }, { id }]);
});

Deno.test("mcpToolExecutions filters by tool, outcome, account and time, and counts what is filtered", async () => {
  await using app = await startApp();
  const person = await addPerson(app);
  const startedAt = Date.parse("2026-01-01T00:00:00Z");
  addToolExecutions(app, { count: 30, personIds: [person.id], outcome: "denied", startedAt });
  for (const tool of ["get_element", "list_pages"]) {
    await app.ask(RECORD, { inputs: [toolExecution({ tool })] }, app.token);
  }
  const query = `query ($filter: McpToolExecutionFilter) { mcpToolExecutions(filter: $filter) { totalCount } }`;
  const count = async (filter: Record<string, unknown>) =>
    (await app.ask(query, { filter }, app.token)).mcpToolExecutions.totalCount;
  assert.equal(await count({}), 32);
  assert.equal(await count({ tool: "list_pages" }), 1);
  assert.equal(await count({ tool: "get_element", outcome: "ok" }), 1);
  assert.equal(await count({ outcome: "denied", actorId: person.id }), 30);
  assert.equal(await count({ outcome: "no such" }), 0);
  const [from, until] = ["2026-01-01T00:09:00Z", "2026-01-01T00:12:00Z"];
  assert.equal(await count({ startedAfter: from, startedBefore: until }), 2, "neither end is in it");
  assert.equal(await count({ startedBefore: "9999-01-01T00:00:00Z", startedAfter: "0001-01-01T00:00:00Z" }), 32);
});

Deno.test("recordToolExecutions refuses what no call can be, guests, and more than the rule for MCP allows", async () => {
  await using app = await startApp();
  const record = (changes: Record<string, unknown>, token: string | null = app.token) =>
    codeOf(app, RECORD, { inputs: [toolExecution(changes)] }, token);
  const later = (milliseconds: number) => new Date(Date.now() + milliseconds).toISOString();
  const wrong: Record<string, unknown>[] = [
    { tool: "" },
    { tool: "Get" },
    { tool: "1a" },
    { tool: "a".repeat(101) },
    { tool: "a b" },
    { outcome: "fine" },
    { errorCode: "NOT_FOUND" },
    { outcome: "error", errorCode: "not found" },
    { durationMs: -1 },
    { durationMs: 1e300 },
    { resultBytes: -1 },
    { argumentHash: "a".repeat(63) },
    { argumentHash: "A".repeat(64) },
    { startedAt: later(120_000) },
    { startedAt: later(-2 * DAY_MS) },
  ];
  for (const changes of wrong) assert.equal(await record(changes), "INVALID_INPUT", JSON.stringify(changes));
  assert.equal(await record({}, null), "UNAUTHENTICATED");
  assert.equal((await listToolExecutions(app, app.token)).length, 0);
  assert.equal(await record({ startedAt: later(30_000) }), "ok", "a clock may be a little ahead");
  const rule = { action: "mcp", limit: 2, windowSeconds: 600 };
  await app.ask(`mutation ($rule: SetRateLimitInput!) { setRateLimit(input: $rule) { action } }`, { rule }, app.token);
  assert.deepEqual([await record({}), await record({})], ["ok", "RATE_LIMITED"]);
});

Deno.test("recordToolExecutions takes 1 to 100 calls, none where one of them can be none, and each counts against the rule for MCP", async () => {
  await using app = await startApp();
  const record = (calls: Record<string, unknown>[]) =>
    codeOf(app, RECORD, { inputs: calls.map(toolExecution) }, app.token);
  const kept = async () =>
    (await app.ask(`{ mcpToolExecutions { totalCount } }`, {}, app.token)).mcpToolExecutions.totalCount;
  assert.equal(await record([]), "INVALID_INPUT");
  assert.equal(await record(Array.from({ length: 101 }, () => ({}))), "INVALID_INPUT");
  assert.equal(await record([{}, { tool: "Get" }, {}]), "INVALID_INPUT");
  assert.equal(await kept(), 0);
  assert.equal(await record(Array.from({ length: 100 }, () => ({}))), "ok");
  assert.equal(await kept(), 100);
  const rule = { action: "mcp", limit: 102, windowSeconds: 600 };
  await app.ask(`mutation ($rule: SetRateLimitInput!) { setRateLimit(input: $rule) { action } }`, { rule }, app.token);
  assert.equal(await record([{}, {}, {}]), "RATE_LIMITED");
  assert.equal(await kept(), 102, "those before the one too many");
});

Deno.test("a deleted account's calls stay, without its name", async () => {
  await using app = await startApp();
  const person = await addPerson(app);
  await app.ask(RECORD, { inputs: [toolExecution()] }, person.token);
  await listToolExecutions(app, app.token);
  await app.ask(`mutation ($id: ID!) { deleteUser(id: $id) }`, { id: person.id }, app.token);
  assert.deepEqual((await listToolExecutions(app, app.token)).map(({ actor }) => actor), [null]);
});

Deno.test("calls older than mcp.retention_days are deleted by the scheduled pruning, 30 days where nobody said else", async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "fingerpost_retention_" });
  const left = () =>
    write(
      { dataDir },
      (database) => Number(database.prepare("SELECT count(*) AS count FROM mcp_tool_executions").get()?.["count"]),
    );
  const set = `mutation ($value: JSON!) { setConfig(key: "mcp.retention_days", value: $value) { key } }`;
  const restartWith = async (value?: number) => {
    await using app = await startApp({ dataDir });
    if (value !== undefined) await app.ask(set, { value }, await app.signIn());
  };
  try {
    await restartWith();
    for (const days of [400, 31, 29, 2]) {
      addToolExecutions({ dataDir }, { count: 2, personIds: [], startedAt: Date.now() - days * DAY_MS });
    }
    // The run at a start is awaited by the stop.
    await restartWith(1);
    assert.equal(left(), 4);
    await restartWith(400);
    assert.equal(left(), 0);
    addToolExecutions({ dataDir }, { count: 2, personIds: [], startedAt: Date.now() - 399 * DAY_MS });
    await restartWith();
    assert.equal(left(), 2);
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});

Deno.test("record() has nobody wait: calls are written in groups, and at the latest when the records close", async () => {
  await using records = await openRecords();
  const { executions, actor } = records;
  using count = countStatements();
  for (let index = 0; index < 2_400; index++) executions.record(actor, CALLED);
  assert.equal(count.texts.length, 0);
  await executions[Symbol.asyncDispose]();
  assert.equal(count.texts.filter((text) => text.startsWith("INSERT")).length, 3);
  assert.equal(await records.count(), 2_400);
});

Deno.test("record() writes within a second by itself, whoever is gone by then or called what no tool is called", async () => {
  await using records = await openRecords();
  const { executions, actor, database } = records;
  executions.record({ ...actor, userId: newId() }, CALLED);
  executions.record(actor, { ...CALLED, tool: "Secret of somebody" });
  const until = performance.now() + 5_000;
  while (await records.count() < 2 && performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const rows = await database.read.all<{ tool: string; actorId: string | null }>(
    sql`SELECT tool, actor_id AS actorId FROM mcp_tool_executions`,
  );
  assert.deepEqual(
    new Set(rows.map(({ tool, actorId }) => `${tool} ${actorId}`)),
    new Set(["get_element null", `unknown ${actor.userId}`]),
  );
});

Deno.test("while the database fails at most 10,000 calls wait, the oldest, and how many came after them is logged", async () => {
  await using records = await openRecords();
  await using log = await collectLog();
  const { executions, actor, database } = records;
  const setPages = (count: string) => database.between((writer) => writer.exec(`PRAGMA max_page_count = ${count}`));
  await setPages("1");
  for (let index = 0; index < 10_007; index++) executions.record(actor, { ...CALLED, resultBytes: index });
  const page = { limit: 1, fromEnd: false, after: null, before: null };
  const filter = { tool: null, outcome: null, actorId: null, startedAfter: null, startedBefore: null };
  assert.equal((await executions.list(actor, { filter, page })).items.length, 0);
  assert.deepEqual([log.of("warning").length, log.of("error")], [1, ["7 tool executions are not in the records"]]);
  await setPages("4294967294");
  await executions.list(actor, { filter, page });
  const row = await database.read.get<{ count: number; last: number }>(
    sql`SELECT count(*) AS count, max(result_bytes) AS last FROM mcp_tool_executions`,
  );
  assert.deepEqual([row?.count, row?.last], [10_000, 9_999]);
});

Deno.test("prune() deletes 500 rows a transaction, and nothing from the time on", async () => {
  await using records = await openRecords();
  const { executions, actor } = records;
  const until = Date.now() - DAY_MS;
  for (let index = -1_100; index < 3; index++) executions.record(actor, { ...CALLED, startedAt: until + index });
  await executions.get(actor, newId()).catch(() => {});
  using count = countStatements();
  assert.equal(await executions.prune(until), 1_100);
  assert.equal(count.texts.filter((text) => text.startsWith("DELETE")).length, 3);
  assert.equal(await records.count(), 3);
});
