import assert from "node:assert/strict";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import type { Sql } from "sql-template-tag";
import * as demoRows from "../src/app/_seed_demo_rows.ts";
import * as checkpointRows from "../src/audit/_checkpoint_rows.ts";
import * as auditRows from "../src/audit/_rows.ts";
import type { SecurityEventFilter } from "../src/audit/audit.ts";
import type { Connection } from "../src/database/database.ts";
import { openConnection } from "../src/database/database.ts";
import { migrate } from "../src/database/migrations.ts";
import * as contentRows from "../src/elements/_content_rows.ts";
import * as feedRows from "../src/elements/_feed_rows.ts";
import * as pageRows from "../src/elements/_page_rows.ts";
import * as listRows from "../src/elements/_list_rows.ts";
import * as rankedRows from "../src/elements/_ranked_rows.ts";
import * as elementRows from "../src/elements/_rows.ts";
import * as sightingRows from "../src/elements/_sighting_rows.ts";
import * as snippetRows from "../src/elements/_snippet_rows.ts";
import * as viewRows from "../src/elements/_view_rows.ts";
import type { Element, ElementFilter } from "../src/elements/elements.ts";
import * as connectionRows from "../src/peers/_connection_rows.ts";
import * as pairingRows from "../src/pairing/_rows.ts";
import * as projectRows from "../src/projects/_rows.ts";
import * as rateLimitRows from "../src/rate_limits/_rows.ts";
import * as tokenRows from "../src/sessions/_rows.ts";
import * as settingRows from "../src/settings/_rows.ts";
import * as statusRows from "../src/status/_rows.ts";
import * as executionRows from "../src/tool_executions/_rows.ts";
import * as userRows from "../src/users/_rows.ts";
import type { WebrtcConnection } from "../src/peers/connections.ts";
import type { ExecutionFilter, RecordedExecution } from "../src/tool_executions/tool_executions.ts";
import type { UserListing } from "../src/users/users.ts";

const ROOT = new URL("..", import.meta.url).pathname;
const ID = "01a20acd-0000-7000-8000-000000000000";
const IDS = [ID, ID];

/** Tables that stay small: one row for each kind of thing that the code knows. */
const SMALL = new Set([
  "audit_keys",
  "rate_limits",
  "app_config",
  "demo_rows",
  "migrations",
  "json_each",
  "sqlite_schema",
  "CONSTANT",
]);

/** Scans that are meant, each with its reason. */
const MEANT: Record<string, string> = {
  "SELECT sequence, hash, signature, made_at AS madeAt FROM audit_checkpoints ORDER BY sequence":
    "a verification needs all of them",
  "SELECT sequence, hash, signature, made_at AS madeAt FROM audit_prunings ORDER BY sequence":
    "a verification needs all of them",
  "SELECT 1 FROM users LIMIT 1": "one row is read",
  "SELECT count(*) AS count FROM users WHERE TRUE": "an admin counts all users, which is asked for by name",
  "SELECT count(*) AS count FROM projects WHERE TRUE": "an admin counts all projects, which is asked for by name",
};

const element: Element = {
  id: ID,
  projectId: ID,
  capturedById: ID,
  revision: 1,
  pageUrl: "https://a.example/",
  pageTitle: null,
  pageId: null,
  selector: "a",
  tagName: "A",
  domId: null,
  classNames: [],
  attributes: {},
  text: null,
  htmlByteSize: 0,
  box: { x: 0, y: 0, width: 0, height: 0 },
  viewport: null,
  accessibility: null,
  component: null,
  note: null,
  status: "OPEN",
  staleSince: null,
  createdAt: 0,
  updatedAt: 0,
};
const user = { id: ID, email: "a@b", name: "A", role: "ADMIN", status: "ACTIVE", passwordHash: "" } as const;
const userTimes = { lockedUntil: null, lastSignInAt: null, createdAt: 0, updatedAt: 0 };
const image = { mimeType: "image/png", width: 1, height: 1, bytes: new Uint8Array(1) } as const;
const token = { id: ID, userId: ID, name: "t", prefix: "fp_x", scopes: [], projectId: null, expiresAt: null };
const tokenTimes = { lastUsedAt: null, createdAt: 0 };
const pairing: pairingRows.PairingRow = {
  id: ID,
  userCode: "BCDFGHJK",
  clientName: "c",
  scopes: ["SIGNALS"],
  ipAddress: null,
  userAgent: null,
  state: "PENDING",
  approvedBy: null,
  sessionId: null,
  projectId: null,
  tokenExpiresAt: null,
  createdAt: 0,
  expiresAt: 0,
};
const setting = { key: "a", value: "1", isSecret: 0, updatedAt: 0 } as const;
const pages = [{ after: null, before: null }, { after: ID, before: null }, { after: null, before: ID }].flatMap((
  keys,
) => [true, false].map((fromEnd) => ({ limit: 20, fromEnd, ...keys })));
const filters: ElementFilter[] = [
  {},
  { status: ["OPEN"] },
  { pageUrlPrefix: "https://a.example/" },
  { pageId: "tab" },
  { tagName: "button" },
  { capturedById: ID },
  { createdAfter: 5 },
  { createdBefore: 5 },
  { status: ["OPEN", "RESOLVED"], tagName: "A", createdAfter: 5, capturedById: ID },
];
const listings = [{ projectId: ID }, { memberId: ID }].flatMap((scope) =>
  filters.flatMap((filter) => [null, `"a"*`].map((match) => ({ scope, filter, match })))
);
const projectScopes = [null, ID].flatMap((memberId) => [null, ID].map((projectId) => ({ memberId, projectId })));

const place = { sequence: 1, hash: new Uint8Array(32) };
const checkpoint = { ...place, signature: new Uint8Array(32), madeAt: 0 };
const securityEvent = {
  ...place,
  id: ID,
  kind: "user.created",
  severity: "INFO",
  actorKind: "system",
  actorId: null,
  subjectId: null,
  ipAddress: null,
  userAgent: null,
  details: "{}",
  occurredAt: 0,
} as const;
const eventFilters: SecurityEventFilter[] = [
  {},
  { kind: ["user.created", "user.deleted"] },
  { severity: ["CRITICAL"] },
  { actorId: ID },
  { occurredAfter: 5 },
  { occurredBefore: 5 },
  { kind: ["user.created"], severity: ["INFO"], actorId: ID, occurredAfter: 5, occurredBefore: 9 },
];

const connectionScopes = [{ projectId: ID }, { memberId: ID }];
const webrtcConnection: WebrtcConnection = {
  id: ID,
  projectId: ID,
  initiatorId: ID,
  state: "NEW",
  bytesReceived: 0,
  bytesSent: 0,
  roundTripMs: null,
  openedAt: null,
  closedAt: null,
  createdAt: 0,
};

const execution: RecordedExecution = {
  id: ID,
  tool: "t",
  actorId: ID,
  outcome: "ok",
  errorCode: null,
  durationMs: 1,
  resultBytes: 1,
  argumentHash: "0".repeat(64),
  startedAt: 0,
};
const anyExecution = { tool: null, outcome: null, actorId: null, startedAfter: null, startedBefore: null };
const executionFilters: ExecutionFilter[] = [
  anyExecution,
  { ...anyExecution, tool: "t" },
  { ...anyExecution, outcome: "ok" },
  { ...anyExecution, outcome: "denied" },
  { ...anyExecution, actorId: ID },
  { ...anyExecution, startedAfter: 5 },
  { ...anyExecution, startedBefore: 5 },
  { tool: "t", outcome: "error", actorId: ID, startedAfter: 5, startedBefore: 9 },
];

const userListings: UserListing[] = [null, ["ADMIN"] as const].flatMap((role) =>
  [null, ["DISABLED"] as const].flatMap((status) => [null, "a"].map((search) => ({ role, status, search })))
);

type Call = (connection: Connection) => Promise<unknown>;

/** Every function of the rows files, called with each kind of arguments that makes another statement. */
const CALLS: Record<string, Call[]> = {
  "audit/_rows.ts insertSecurityEvent": [(c) => auditRows.insertSecurityEvent(c, securityEvent)],
  "audit/_rows.ts findHeadAndKey": [(c) => auditRows.findHeadAndKey(c)],
  "audit/_rows.ts findHead": [(c) => auditRows.findHead(c)],
  "audit/_rows.ts findEvents": [(c) => auditRows.findEvents(c, IDS)],
  "audit/_rows.ts listEventsAfter": [(c) => auditRows.listEventsAfter(c, 1, 100)],
  "audit/_rows.ts chainEvent": [(c) => auditRows.chainEvent(c, place)],
  "audit/_rows.ts listEvents": eventFilters.flatMap((filter) =>
    pages.map((page): Call => (c) => auditRows.listEvents(c, filter, page))
  ),
  "audit/_rows.ts countEvents": eventFilters.map((filter): Call => (c) => auditRows.countEvents(c, filter)),
  "audit/_rows.ts hasRecentEvents": [
    (c) => auditRows.hasRecentEvents(c, { kinds: ["a.b", "c.d"], since: 5 }, 10),
    (c) => auditRows.hasRecentEvents(c, { kinds: ["a.b"], since: 5, column: "actor_id", value: ID }, 10),
    (c) => auditRows.hasRecentEvents(c, { kinds: ["a.b"], since: 5, column: "ip_address", value: "::1" }, 10),
  ],
  "audit/_rows.ts hasEventBetween": [(c) => auditRows.hasEventBetween(c, 5, { since: 5, until: 9 })],
  "audit/_rows.ts deleteEventsThrough": [(c) => auditRows.deleteEventsThrough(c, 5)],
  "audit/_checkpoint_rows.ts listKeys": [(c) => checkpointRows.listKeys(c)],
  "audit/_checkpoint_rows.ts insertKey": [
    (c) => checkpointRows.insertKey(c, { id: ID, firstSequence: 1, sealedKey: new Uint8Array(61) }),
  ],
  "audit/_checkpoint_rows.ts listCheckpoints": [(c) => checkpointRows.listCheckpoints(c)],
  "audit/_checkpoint_rows.ts findCheckpoint": [(c) => checkpointRows.findCheckpoint(c, 5)],
  "audit/_checkpoint_rows.ts findCheckpointAfter": [(c) => checkpointRows.findCheckpointAfter(c, 5)],
  "audit/_checkpoint_rows.ts insertCheckpoint": [(c) => checkpointRows.insertCheckpoint(c, checkpoint)],
  "audit/_checkpoint_rows.ts listPrunings": [(c) => checkpointRows.listPrunings(c)],
  "audit/_checkpoint_rows.ts findPruning": [(c) => checkpointRows.findPruning(c)],
  "audit/_checkpoint_rows.ts insertPruning": [(c) => checkpointRows.insertPruning(c, checkpoint)],
  "rate_limits/_rows.ts listRateLimits": [(c) => rateLimitRows.listRateLimits(c)],
  "rate_limits/_rows.ts insertRateLimit": [
    (c) => rateLimitRows.insertRateLimit(c, { action: "a", maxCount: 1, windowSeconds: 1, updatedAt: 0 }),
  ],
  "rate_limits/_rows.ts upsertRateLimit": [
    (c) => rateLimitRows.upsertRateLimit(c, { action: "a", maxCount: 1, windowSeconds: 1, updatedAt: 0 }),
  ],
  "projects/_rows.ts findOwnByName": [(c) => projectRows.findOwnByName(c, ID, "P")],
  "projects/_rows.ts upsertMember": [
    (c) => projectRows.upsertMember(c, { projectId: ID, userId: ID, role: "OWNER" }, 0),
  ],
  "users/_rows.ts hasUsers": [(c) => userRows.hasUsers(c)],
  "users/_rows.ts findUsers": [(c) => userRows.findUsers(c, IDS)],
  "users/_rows.ts findUserByEmail": [(c) => userRows.findUserByEmail(c, "a@b")],
  "users/_rows.ts findUserWithPassword": [(c) => userRows.findUserWithPassword(c, ID)],
  "users/_rows.ts listUsers": userListings.flatMap((listing) =>
    pages.map((page): Call => (c) => userRows.listUsers(c, listing, page))
  ),
  "users/_rows.ts countUsers": userListings.map((listing): Call => (c) => userRows.countUsers(c, listing)),
  "users/_rows.ts updateUser": [(c) => userRows.updateUser(c, { ...user, ...userTimes })],
  "users/_rows.ts replacePassword": [(c) => userRows.replacePassword(c, { id: ID, from: "", to: "" }, 0)],
  "users/_rows.ts setLockedUntil": [(c) => userRows.setLockedUntil(c, ID, 0)],
  "users/_rows.ts insertUser": [(c) => userRows.insertUser(c, { ...user, ...userTimes }, "a@b")],
  "users/_rows.ts setLastSignIn": [(c) => userRows.setLastSignIn(c, { id: ID, passwordHash: "" }, 0)],
  "users/_rows.ts hasOtherAdmin": [(c) => userRows.hasOtherAdmin(c, ID)],
  "users/_rows.ts deleteUser": [(c) => userRows.deleteUser(c, ID)],
  "app/_seed_demo_rows.ts insertDemoRow": [(c) => demoRows.insertDemoRow(c, "user", ID)],
  "app/_seed_demo_rows.ts countForeignElements": [(c) => demoRows.countForeignElements(c)],
  "app/_seed_demo_rows.ts deleteDemo": [(c) => demoRows.deleteDemo(c)],
  "settings/_rows.ts listSettings": [(c) => settingRows.listSettings(c)],
  "settings/_rows.ts findSetting": [(c) => settingRows.findSetting(c, "a")],
  "settings/_rows.ts upsertSetting": [(c) => settingRows.upsertSetting(c, setting)],
  "settings/_rows.ts insertSetting": [(c) => settingRows.insertSetting(c, setting)],
  "status/_rows.ts listAppliedVersions": [(c) => statusRows.listAppliedVersions(c)],
  "pairing/_rows.ts insertPairing": [(c) => pairingRows.insertPairing(c, pairing, new Uint8Array(32))],
  "pairing/_rows.ts countPairings": [(c) => pairingRows.countPairings(c, 0)],
  "pairing/_rows.ts findByDeviceCode": [(c) => pairingRows.findByDeviceCode(c, new Uint8Array(32), 0)],
  "pairing/_rows.ts findPending": [(c) => pairingRows.findPending(c, "BCDFGHJK", 0)],
  "pairing/_rows.ts decidePairing": [(c) => pairingRows.decidePairing(c, { ...pairing, state: "DENIED" })],
  "pairing/_rows.ts deletePairing": [(c) => pairingRows.deletePairing(c, ID)],
  "pairing/_rows.ts deleteExpiredPairings": [(c) => pairingRows.deleteExpiredPairings(c, 0)],
  "pairing/_rows.ts deleteOldestUnapproved": [(c) => pairingRows.deleteOldestUnapproved(c, 0)],
  "sessions/_rows.ts findTokenByHash": [(c) => tokenRows.findTokenByHash(c, new Uint8Array(32))],
  "sessions/_rows.ts findToken": [(c) => tokenRows.findToken(c, ID)],
  "sessions/_rows.ts isTokenAddress": [(c) => tokenRows.isTokenAddress(c, ID, "::1")],
  "sessions/_rows.ts insertTokenAddress": [
    (c) => tokenRows.insertTokenAddress(c, { tokenId: ID, ipAddress: "::1", firstUsedAt: 0 }),
  ],
  "sessions/_rows.ts listTokens": [(c) => tokenRows.listTokens(c, IDS)],
  "sessions/_rows.ts insertToken": [(c) => tokenRows.insertToken(c, { ...token, ...tokenTimes }, new Uint8Array(32))],
  "sessions/_rows.ts touchToken": [(c) => tokenRows.touchToken(c, ID, { from: null, now: 0 })],
  "sessions/_rows.ts deleteToken": [(c) => tokenRows.deleteToken(c, ID)],
  "projects/_rows.ts insertProject": [
    (c) => projectRows.insertProject(c, { id: ID, name: "P", revision: 0, createdAt: 0 }, ID),
  ],
  "projects/_rows.ts findProjects": [(c) => projectRows.findProjects(c, IDS)],
  "projects/_rows.ts listProjects": projectScopes.flatMap((scope) =>
    pages.map((page): Call => (c) => projectRows.listProjects(c, scope, page))
  ),
  "projects/_rows.ts countProjects": projectScopes.map((scope): Call => (c) => projectRows.countProjects(c, scope)),
  "projects/_rows.ts findRole": [(c) => projectRows.findRole(c, ID, ID)],
  "projects/_rows.ts findFirstOwn": [(c) => projectRows.findFirstOwn(c, ID)],
  "projects/_rows.ts deleteMember": [(c) => projectRows.deleteMember(c, ID, ID)],
  "projects/_rows.ts hasOtherOwner": [(c) => projectRows.hasOtherOwner(c, ID, ID)],
  "projects/_rows.ts listMembers": [(c) => projectRows.listMembers(c, IDS)],
  "projects/_rows.ts takeRevision": [(c) => projectRows.takeRevision(c, ID, 0)],
  "elements/_rows.ts findElement": [
    (c) => elementRows.findElement(c, ID),
    (c) => elementRows.findElement(c, ID, new Set(["note"])),
  ],
  "elements/_rows.ts findElements": [(c) => elementRows.findElements(c, IDS)],
  "elements/_rows.ts findByClientId": [(c) => elementRows.findByClientId(c, ID, ID)],
  "elements/_rows.ts insertElement": [
    (c) => elementRows.insertElement(c, { element, clientId: ID, html: new Uint8Array(), computedStyles: {}, image }),
  ],
  "elements/_rows.ts updateElement": [(c) => elementRows.updateElement(c, element)],
  "elements/_sighting_rows.ts updateFields": [(c) => sightingRows.updateFields(c, element, ["box", "text"])],
  "elements/_sighting_rows.ts updateContents": [
    (c) => sightingRows.updateContents(c, ID, { html: new Uint8Array(1), computedStyles: {} }),
  ],
  "elements/_sighting_rows.ts upsertImage": [(c) => sightingRows.upsertImage(c, ID, image)],
  "elements/_sighting_rows.ts findStale": [
    (c) => sightingRows.findStale(c, { projectId: ID, pageId: "p", selector: "a" }, 100),
  ],
  "elements/_rows.ts deleteElement": [(c) => elementRows.deleteElement(c, ID)],
  "elements/_list_rows.ts listElements": listings.flatMap((listing) =>
    pages.map((page): Call => (c) => listRows.listElements(c, listing, page))
  ),
  "elements/_list_rows.ts countElements": listings.map((listing): Call => (c) => listRows.countElements(c, listing)),
  "elements/_ranked_rows.ts listRanked": listings.filter(({ match }) => match === null).flatMap((listing) =>
    pages.map((page): Call => (c) =>
      rankedRows.listRanked(c, listing, { match: `"a"*`, page: { ...page, afterRank: 1, beforeRank: 4 } })
    )
  ),
  "elements/_snippet_rows.ts findSnippets": [(c) => snippetRows.findSnippets(c, IDS, `"a"*`)],
  "elements/_feed_rows.ts insertFeedRow": [
    (c) => feedRows.insertFeedRow(c, ID, { revision: 1, kind: "CAPTURED", elementId: ID }),
  ],
  "elements/_page_rows.ts findNewestOfPages": [
    (c) => pageRows.findNewestOfPages(c, [{ projectId: ID, pageId: "p" }, { projectId: ID, pageId: "q" }]),
  ],
  "elements/_feed_rows.ts deleteFeedRow": [(c) => feedRows.deleteFeedRow(c, ID, 1)],
  "elements/_feed_rows.ts listFeedRows": [(c) => feedRows.listFeedRows(c, ID, { after: 0, limit: 100 })],
  "peers/_connection_rows.ts upsertConnections": [(c) => connectionRows.upsertConnections(c, [webrtcConnection])],
  "peers/_connection_rows.ts closeOpenConnections": [
    (c) => connectionRows.closeOpenConnections(c, { closedAt: 0, limit: 500 }),
  ],
  "peers/_connection_rows.ts deleteEndedConnections": [
    (c) => connectionRows.deleteEndedConnections(c, { before: 0, limit: 500 }),
  ],
  "peers/_connection_rows.ts findConnection": [(c) => connectionRows.findConnection(c, ID)],
  "peers/_connection_rows.ts listConnections": connectionScopes.flatMap((scope) =>
    pages.map((page): Call => (c) => connectionRows.listConnections(c, scope, page))
  ),
  "peers/_connection_rows.ts countConnections": connectionScopes.map((scope): Call => (c) =>
    connectionRows.countConnections(c, scope)
  ),
  "tool_executions/_rows.ts insertExecutions": [(c) => executionRows.insertExecutions(c, [execution])],
  "tool_executions/_rows.ts findExecution": [(c) => executionRows.findExecution(c, ID)],
  "tool_executions/_rows.ts listExecutions": executionFilters.flatMap((filter) =>
    pages.map((page): Call => (c) => executionRows.listExecutions(c, filter, page))
  ),
  "tool_executions/_rows.ts countExecutions": executionFilters.map((filter): Call => (c) =>
    executionRows.countExecutions(c, filter)
  ),
  "tool_executions/_rows.ts deleteExecutionsBefore": [
    (c) => executionRows.deleteExecutionsBefore(c, { before: 0, limit: 500 }),
  ],
  "elements/_content_rows.ts findHtml": [(c) => contentRows.findHtml(c, IDS, 100)],
  "elements/_content_rows.ts findComputedStyles": [(c) => contentRows.findComputedStyles(c, IDS)],
  "elements/_content_rows.ts findScreenshots": [(c) => contentRows.findScreenshots(c, IDS)],
  "elements/_content_rows.ts findImage": [(c) => contentRows.findImage(c, ID)],
  "elements/_content_rows.ts listComments": [(c) => contentRows.listComments(c, IDS)],
  "elements/_content_rows.ts insertComment": [
    (c) => contentRows.insertComment(c, { id: ID, elementId: ID, authorId: ID, body: "x", createdAt: 0 }),
  ],
  "elements/_view_rows.ts findHtmlBytes": [(c) => viewRows.findHtmlBytes(c, IDS, 100)],
  "elements/_view_rows.ts findStyledElements": [(c) => viewRows.findStyledElements(c, IDS)],
  "elements/_view_rows.ts findImages": [(c) => viewRows.findImages(c, IDS)],
};

/** The names of all functions of rows files that take a connection, and of other files that hold SQL. */
async function findRowsFunctions(): Promise<{ functions: string[]; elsewhere: string[] }> {
  const functions: string[] = [];
  const elsewhere: string[] = [];
  for (const room of Array.from(Deno.readDirSync(`${ROOT}src`), ({ name }) => name)) {
    if (room === "main.ts" || room === "database") continue;
    for (const { name } of Deno.readDirSync(`${ROOT}src/${room}`)) {
      if (!name.endsWith(".ts")) continue;
      const text = await Deno.readTextFile(`${ROOT}src/${room}/${name}`);
      const exported = Array.from(text.matchAll(/^export (?:async )?function (\w+)\(\s*connection: Connection/gm));
      if (/rows\.ts$/.test(name)) functions.push(...exported.map(([, called]) => `${room}/${name} ${called}`));
      else if (/from "sql-template-tag"/.test(text)) elsewhere.push(`${room}/${name}`);
    }
  }
  return { functions, elsewhere };
}

/** The statements that a call makes; every answer is empty, so that what follows from rows is not reached. */
async function statementsOf(call: Call): Promise<Sql[]> {
  const statements: Sql[] = [];
  const record = <T>(query: Sql, answer: T): Promise<T> => {
    statements.push(query);
    return Promise.resolve(answer);
  };
  await call({
    all: (query) => record(query, []),
    get: (query) => record(query, undefined),
    run: (query) => record(query, 0),
  });
  return statements;
}

/** Scans of tables that grow in the plan of a statement. https://sqlite.org/eqp.html */
function findScans(database: DatabaseSync, { sql, values }: Sql): string[] {
  const text = sql.replace(/\s+/g, " ").trim();
  if (MEANT[text] !== undefined) return [];
  const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values as SQLInputValue[]);
  return plan.map(({ detail }) => String(detail)).filter((detail) => {
    const [, table] = /^SCAN (\w+)/.exec(detail) ?? [];
    if (table === undefined || SMALL.has(table) || /VIRTUAL TABLE INDEX/.test(detail)) return false;
    // In an index's order and with an end, only as many rows are read as are wanted.
    const isPage = /USING (COVERING )?INDEX/.test(detail) && /LIMIT \?/.test(sql) &&
      !/\bAND (status|tag|page|captured)/.test(sql);
    // A bounded number of the elements next in order, whatever is looked for among them.
    const isLookedAt = /sqlite_autoindex_elements_1$/.test(detail) && /looked_at AS .*LIMIT iif/.test(text);
    return !isPage && !isLookedAt && !isDerived(plan, table);
  }).map((detail) => `${detail}: ${text.slice(0, 200)}`);
}

// A subquery's result is scanned once; how it was made is in the plan itself.
function isDerived(plan: Record<string, unknown>[], table: string): boolean {
  return plan.some(({ detail }) =>
    new RegExp(`^(MATERIALIZE|CO-ROUTINE|LIST SUBQUERY) ${table}\\b`).test(String(detail))
  );
}

async function openFilled(): Promise<DatabaseSync & { folder: string }> {
  const folder = await Deno.makeTempDir({ prefix: "fingerpost_plans_" });
  await migrate({ path: `${folder}/test.db`, folder: `${ROOT}migrations`, clock: Date });
  return Object.assign(openConnection(`${folder}/test.db`, { readOnly: false }), { folder });
}

Deno.test("every function of the rows files has its line in the table of statements, and SQL lies nowhere else", async () => {
  const { functions, elsewhere } = await findRowsFunctions();
  const covered = new Set(Object.keys(CALLS));
  assert.deepEqual(functions.filter((name) => !covered.has(name)), []);
  assert.deepEqual([...covered].filter((name) => !functions.includes(name)), []);
  // Readiness asks for a 1.
  assert.deepEqual(elsewhere, ["app/app.ts"]);
});

Deno.test("no statement scans a table that grows, whether its statistics are known or not", async () => {
  const database = await openFilled();
  try {
    const statements = (await Promise.all(Object.values(CALLS).flat().map(statementsOf))).flat();
    assert.ok(statements.length > 250, String(statements.length));
    for (const isAnalyzed of [false, true]) {
      if (isAnalyzed) fill(database);
      const scans = new Set(statements.flatMap((statement) => findScans(database, statement)));
      assert.deepEqual([...scans], [], isAnalyzed ? "with statistics" : "without");
    }
  } finally {
    database.close();
    await Deno.remove(database.folder, { recursive: true });
  }
});

Deno.test("what an alert rule counts is read from an index alone, and no event from before its window", async () => {
  const database = await openFilled();
  const statements = (await Promise.all((CALLS["audit/_rows.ts hasRecentEvents"] ?? []).map(statementsOf))).flat();
  assert.equal(statements.length, 3);
  for (const { sql, values } of statements) {
    const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values as SQLInputValue[]);
    const reads = plan.map(({ detail }) => String(detail)).filter((detail) => / security_events /.test(detail));
    assert.notEqual(reads.length, 0);
    for (const read of reads) {
      assert.match(read, /COVERING INDEX security_events_refused \(kind=\? AND occurred_at>\?\)/);
    }
  }
  database.close();
  await Deno.remove(database.folder, { recursive: true });
});

Deno.test("a page of a project, whatever one filter it has, is read from an index in its order and nothing is sorted", async () => {
  const database = await openFilled();
  const request: Record<string, ElementFilter> = {
    elements_by_project: {},
    elements_by_status: { status: ["OPEN"] },
    elements_by_page: { pageId: "tab-1" },
    elements_by_tag_name: { tagName: "a" },
    elements_by_captor: { capturedById: ID },
  };
  for (const isAnalyzed of [false, true]) {
    if (isAnalyzed) fill(database);
    for (const [index, filter] of Object.entries(request)) {
      for (const times of [{}, { createdAfter: 5 }, { createdBefore: 5, createdAfter: 1 }]) {
        const listing = { scope: { projectId: ID }, filter: { ...filter, ...times }, match: null };
        for (const page of pages) {
          const [statement] = await statementsOf((c) => listRows.listElements(c, listing, page));
          const plan = database.prepare(`EXPLAIN QUERY PLAN ${statement?.sql}`).all(
            ...(statement?.values ?? []) as SQLInputValue[],
          ).map(({ detail }) => String(detail));
          assert.ok(plan.some((detail) => detail.includes(`USING INDEX ${index} (project_id=?`)), plan.join());
          assert.ok(!plan.some((detail) => /TEMP B-TREE/.test(detail)), plan.join());
        }
      }
    }
  }
  database.close();
  await Deno.remove(database.folder, { recursive: true });
});

Deno.test("the test of statements finds a scan", async () => {
  const database = await openFilled();
  const scans = (text: string) => findScans(database, { sql: text, values: [] as unknown[] } as Sql).length;
  assert.equal(scans("SELECT id FROM elements WHERE dom_id = 'x'"), 1);
  assert.equal(scans("SELECT count(*) FROM element_comments WHERE body > 'x'"), 1);
  assert.equal(scans("SELECT id FROM users ORDER BY name LIMIT 5"), 1);
  assert.equal(scans("SELECT id FROM elements WHERE id = 'x'"), 0);
  database.close();
  await Deno.remove(database.folder, { recursive: true });
});

function fill(database: DatabaseSync): void {
  const id = (n: string) => `printf('01a20acd-0000-7000-8000-%012x', ${n})`;
  database.exec(`
    INSERT INTO users SELECT ${
    id("value")
  }, value || '@b', value || '@b', 'A', CASE WHEN value % 50 THEN 'DEVELOPER' ELSE 'ADMIN' END,
      'ACTIVE', '$2b$12$' || hex(zeroblob(26)) || 'x', NULL, NULL, 0, 0 FROM generate_numbers;`.replace(
    "generate_numbers",
    `(WITH RECURSIVE n (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 2000) SELECT value FROM n)`,
  ));
  database.exec(`
    INSERT INTO projects SELECT id, 'P', 0, 0, 0 FROM users;
    INSERT INTO project_members SELECT projects.id, users.id, 'EDITOR', 0 FROM projects JOIN users ON users.rowid % 500 = projects.rowid % 500;
    INSERT INTO elements (id, project_id, captured_by, client_id, revision, page_url, page_id, selector, tag_name, class_names, attributes,
      html_byte_size, box, status, created_at, updated_at)
    WITH RECURSIVE n (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 10000)
    SELECT ${id("100000 + value")}, ${id("value % 2000 + 1")}, ${id("value % 2000 + 1")}, ${id("value")}, 1,
      'https://a.example/' || (value % 7), 'tab-' || (value % 11), 'a', 'A', '[]', '{}', 0, '{"x":0,"y":0,"width":0,"height":0}',
      CASE WHEN value % 9 THEN 'OPEN' ELSE 'RESOLVED' END, value, value FROM n;
    ANALYZE`);
}
