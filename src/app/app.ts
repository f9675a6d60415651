import type { GraphQLSchema } from "graphql";
import sql from "sql-template-tag";
import { createEdge, type Edge } from "../api/edge.ts";
import { createStreamAnswer } from "../api/event_stream.ts";
import { createPersistedDocuments } from "../api/persisted_documents.ts";
import { createGraphqlHttp } from "../api/graphql_http.ts";
import { createOperations } from "../api/operations.ts";
import { type NoteRefusal, noteRefusalsIn } from "../api/refused_attempts.ts";
import { type BodyReader, createBodyReader } from "../api/request_body.ts";
import { buildSchema } from "../api/schema.ts";
import { createWebSockets, type WebSockets } from "../api/web_socket.ts";
import { openAudit } from "../audit/audit.ts";
import { type GuestActor, systemActor } from "../base/actor.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import { type Config, isLoopback } from "../base/config.ts";
import { roomLog } from "../base/log.ts";
import { openDatabase } from "../database/database.ts";
import { databaseSize } from "../database/disk.ts";
import { startUpkeep } from "../database/upkeep.ts";
import { createElements, type Elements } from "../elements/elements.ts";
import { createEvents } from "../events/events.ts";
import { openKv } from "../kv/kv.ts";
import { startScrubbing } from "../kv/scrubbing.ts";
import { createPairing } from "../pairing/pairing.ts";
import { createPairPage } from "../pages/pair_page.ts";
import { openConnections } from "../peers/connections.ts";
import { createPeers } from "../peers/peers.ts";
import { createProjects } from "../projects/projects.ts";
import { createRateLimits, type RateLimits, subjectOf } from "../rate_limits/rate_limits.ts";
import { createSealer } from "../database/sealing.ts";
import { createSettings } from "../settings/settings.ts";
import { createSessions, type Sessions } from "../sessions/sessions.ts";
import { createSignalling } from "../signalling/signalling.ts";
import { createStatus } from "../status/status.ts";
import { createToolExecutions, type ToolExecutions } from "../tool_executions/tool_executions.ts";
import { createUsers, type Credentials } from "../users/users.ts";
import { readFailure } from "./backup_failure.ts";
import { noteRestore } from "./restore_journal.ts";
import { MIGRATIONS, openDataFolder } from "./data_folder.ts";
import { bringUpToDate, resealWithCurrentKey } from "./bringing_up_to_date.ts";
import { readMcpDocuments } from "./mcp_folders.ts";
import { createMcpService, type McpService } from "./mcp_service.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import { startScheduledBackups } from "./scheduled_backups.ts";
import { startScheduledPruning } from "./scheduled_pruning.ts";
import { keepStatementFile } from "./statement_file.ts";
import { readTrustedDocuments } from "./trusted_documents.ts";
import { VERSION } from "./version.ts";

/** Every room, built on one data folder; what the routes need of them. */
export interface App extends AsyncDisposable {
  edge: Edge;
  bodies: BodyReader;
  metrics: Metrics;
  graphql: (request: Request, guest: GuestActor) => Promise<Response>;
  webSockets: WebSockets;
  mcp: McpService;
  pairPage: ReturnType<typeof createPairPage>;
  servesPointerScript: boolean;
  follow: Sessions["follow"];
  elements: Elements;
  toolExecutions: ToolExecutions;
  rateLimits: RateLimits;
  noteRefusal: NoteRefusal;
  schema: GraphQLSchema;
  /** "ok" or "failing" for each store, without a reason that would help an attacker. */
  checkReadiness(): Promise<Record<string, "ok" | "failing">>;
  /** Ends subscriptions and sockets, so that no request is left waiting for news. */
  endStreams(): void;
}

/** What may be set beside the settings. */
export interface AppOptions {
  clock?: Clock;
  /** Told the first admin as soon as this start has made it, whatever fails after. */
  onFirstAdmin?: (credentials: Credentials) => void;
  /** The origin under which clients reach the server; known once it listens. */
  publicUrl: () => string;
  /** Puts something around the limits: a bench measures so what they cost. */
  wrapRateLimits?: (rateLimits: RateLimits) => RateLimits;
  /** Puts something in front of the MCP adapter: a test has tools of its own so. */
  wrapMcp?: (mcp: McpService) => McpService;
  /** How long an operation may take; 10 s if absent. */
  operationDeadlineMs?: number;
}

const log = roomLog("app");

/** Builds every room in order, lower floors first; disposing it closes them in reverse. Throws `UNAVAILABLE`, `INVALID_INPUT`. */
export async function createApp(
  config: Config,
  { clock = systemClock, publicUrl, wrapRateLimits = (limits) => limits, wrapMcp = (mcp) => mcp, ...options }:
    AppOptions,
): Promise<App> {
  const { onFirstAdmin, operationDeadlineMs } = options;
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await openDataFolder(config.dataDir, config.secretKeys));
  const only = config.trustedDocuments === "only";
  const trusted = await readTrustedDocuments(folder.paths.trustedDocuments, {
    isNeeded: only,
    own: await readMcpDocuments(),
  });
  const { migrated, hasDrifted } = await bringUpToDate(config.dataDir, folder.paths.database, clock);
  const database = stack.use(openDatabase(folder.paths.database));
  stack.use(startUpkeep(database, folder.paths.database));
  stack.use(keepStatementFile(folder.paths.statements, { database, clock }));
  const kv = stack.use(await openKv(folder.paths.kv));
  stack.use(startScrubbing(kv, folder.paths.kv));
  const events = stack.use(createEvents());
  const sealer = await createSealer(folder.secretKeys);
  const { database: databaseFile, auditCheckpoints: checkpointFile } = folder.paths;
  const audit = stack.use(await openAudit({ database, events, sealer, clock, databaseFile, checkpointFile }));
  await audit.begin();
  await resealWithCurrentKey(config, folder, { database, sealer });
  const record = (
    kind: "database.migrated" | "database.restored" | "server.started" | "server.stopped",
    details = {},
  ) => database.write((connection) => audit.record(connection, systemActor, { kind, details }));
  await noteRestore(config.dataDir, (archive) => record("database.restored", { archive }));
  if (migrated.length > 0) await record("database.migrated", { versions: migrated.join(" ") });
  stack.use(startScheduledBackups(config, { paths: folder.paths, database, audit, clock }));
  const rateLimits = wrapRateLimits(createRateLimits({ database, kv, audit, clock }));
  const settings = createSettings({ database, audit, sealer, clock });
  const checkReadiness = async () => ({
    database: await stateOf(database.read.get(sql`SELECT 1`)),
    kv: await stateOf(kv.get(["readiness"])),
  });
  const status = createStatus({
    database,
    paths: folder.paths,
    migrations: MIGRATIONS,
    version: VERSION,
    isWell: async () =>
      !hasDrifted && await readFailure(folder.paths.backupFailure) === null &&
      Object.values(await checkReadiness()).every((state) => state === "ok"),
  });
  const users = createUsers({ database, audit, clock });
  const projects = createProjects({ database, audit, clock });
  const requireProject = async (...request: Parameters<typeof projects.get>) => void await projects.get(...request);
  const sessions = stack.use(createSessions({ database, kv, audit, rateLimits, users, clock, requireProject }));
  const pairing = createPairing({ database, audit, rateLimits, users, sessions, clock, requireProject });
  const toolExecutions = stack.use(createToolExecutions({ database, rateLimits, clock }));
  const elements = createElements({ database, audit, events, rateLimits, projects, sessions, clock });
  const signalling = stack.use(createSignalling({ projects, rateLimits, settings, turn: config.turn, clock }));
  const noteRefusal = noteRefusalsIn(audit);
  const connections = stack.use(await openConnections({ database, projects, signalling, clock }));
  stack.use(startScheduledPruning({ audit, connections, toolExecutions, pairing, settings, clock }));
  const rtc = { hosts: config.rtcHosts, ports: config.rtcPorts };
  const peers = stack.use(
    createPeers({ signalling, elements, projects, sessions, connections, noteRefusal, clock, rtc }),
  );
  const { allowedOrigins, trustedProxies } = config;
  const secureCookies = config.publicUrl?.startsWith("https:") ?? false;
  if (!secureCookies && !isLoopback(config.host)) {
    log.warning(
      "Others on the network can read passwords and tokens: put a proxy with TLS in front, see docs/proxies.md",
    );
  }
  const rooms = { sessions, projects, pairing, toolExecutions, elements, signalling, peers, connections };
  const schema = buildSchema({ audit, users, rateLimits, settings, status, ...rooms }, {
    publicUrl,
    secureCookies,
    clock,
  });
  const metrics = createMetrics({
    version: VERSION,
    openSockets: () => webSockets.openCount(),
    mcpStreams: () => mcp.streamCount(),
    databaseBytes: () => databaseSize(folder.paths.database),
  });
  const operations = stack.use(createOperations(schema, {
    introspection: config.introspection ?? isLoopback(config.host),
    follow: sessions.follow,
    noteRefusal,
    noteError: metrics.failed,
    rateLeft: (actor) => rateLimits.left("graphql", subjectOf(actor)),
    deadlineMs: operationDeadlineMs,
  }));
  const pairPage = createPairPage({ pairing, sessions, projects, users, noteRefusal, secureCookies, clock });
  const edge = createEdge({ sessions, publicUrl, allowedOrigins, trustedProxies, secureCookies });
  const stopped = new AbortController();
  const bodies = stack.use(createBodyReader());
  const persisted = createPersistedDocuments({ trusted, only });
  const graphql = createGraphqlHttp({
    operations,
    persisted,
    bodies,
    streamAnswer: createStreamAnswer(schema),
    edge,
    rateLimits,
    noteRefusal,
    secureCookies,
    stopped: stopped.signal,
  });
  const webSockets = createWebSockets({ operations, persisted, edge, rateLimits, sessions, noteRefusal, clock });
  const mcp = wrapMcp(
    await createMcpService({
      schema,
      operations,
      sessions,
      toolExecutions,
      ownTools: folder.paths.tools,
      ownMutations: config.toolMutations,
    }),
  );
  stack.defer(() => mcp.close());
  const firstAdmin = await users.ensureAdmin({ email: config.adminEmail, password: config.adminPassword });
  if (firstAdmin !== null) onFirstAdmin?.(firstAdmin);
  await record("server.started", { version: VERSION });
  stack.defer(() => record("server.stopped"));
  const opened = stack.move();
  return {
    edge,
    bodies,
    metrics,
    graphql,
    webSockets,
    mcp,
    pairPage,
    servesPointerScript: config.pointerScript ?? isLoopback(config.host),
    follow: sessions.follow,
    elements,
    toolExecutions,
    rateLimits,
    noteRefusal,
    schema,
    checkReadiness,
    endStreams: () => {
      stopped.abort();
      events[Symbol.dispose]();
      signalling[Symbol.dispose]();
      webSockets.close();
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

async function stateOf(probe: Promise<unknown>): Promise<"ok" | "failing"> {
  return await probe.then(() => "ok" as const, () => "failing" as const);
}
