import { type Actor, requireSignedIn } from "../base/actor.ts";
import type { Clock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import { toGlobalId } from "../base/ids.ts";
import { requirePermission } from "../base/permissions.ts";
import type { Database } from "../database/database.ts";
import { type Page, type Slice, toSlice } from "../graphql/pages.ts";
import type { Projects } from "../projects/projects.ts";
import type { Signalling } from "../signalling/signalling.ts";
import {
  closeOpenConnections,
  type ConnectionScope,
  countConnections,
  deleteEndedConnections,
  findConnection,
  listConnections,
} from "./_connection_rows.ts";
import { createConnectionWriter } from "./_connection_writer.ts";
import { createNegotiations } from "./_negotiations.ts";

/** How far a connection is, as RTCPeerConnectionState has it (W3C WebRTC §4.3.3). FAILED and CLOSED are the end. */
export type ConnectionState = "NEW" | "CONNECTING" | "CONNECTED" | "DISCONNECTED" | "FAILED" | "CLOSED";

/**
 * What became of one negotiation. Times are milliseconds since the Unix epoch. Between two pages nothing is known but their
 * signals: it stays CONNECTING until it ends, without numbers and `openedAt`.
 */
export interface WebrtcConnection {
  id: string;
  projectId: string;
  /** Who sent the first offer; null: the account was deleted. */
  initiatorId: string | null;
  state: ConnectionState;
  /** As the server counts. */
  bytesReceived: number;
  bytesSent: number;
  roundTripMs: number | null;
  openedAt: number | null;
  closedAt: number | null;
  createdAt: number;
}

/** A connection of the server's own: its other end, and the negotiation. */
export interface ConnectionKey {
  peerId: string;
  negotiationId: string;
}

/** What the server's side knows of a connection of its own. */
export type ConnectionReport = Pick<WebrtcConnection, "state" | "bytesReceived" | "bytesSent" | "roundTripMs">;

/**
 * Records of the WebRTC connections that were negotiated in rooms. One begins with the first OFFER between two peers under a
 * `negotiationId`, in either direction, and ends
 * - CLOSED with a BYE, when one of the two leaves the room, when the server's side closes, and when the server stops or, if it
 *   could not say so, starts again;
 * - FAILED without an ANSWER in 60 s, and when the server's side could not be opened or broke;
 * - CLOSED by the sweep where nothing was heard for 10 minutes and the two are not both in the room, or the server's side has
 *   forgotten it.
 * An OFFER after that begins another. Each ended one is kept for 90 days. What is told is in memory and written together a
 * second later, so that no signal waits for it; of a flood and of a database that fails for long, records may be missing.
 */
export interface Connections extends AsyncDisposable {
  /** Takes what the server's side knows by now; of a negotiation that is not under way, nothing. */
  report(key: ConnectionKey, report: ConnectionReport): void;
  /** Newest first; of one project, or of all that the actor is a member of (null). Throws `UNAUTHENTICATED`, `NOT_FOUND`, `FORBIDDEN`. */
  list(actor: Actor, request: { projectId: string | null; page: Page }): Promise<Slice<WebrtcConnection>>;
  /** One by its id. Throws as `list`. */
  get(actor: Actor, id: string): Promise<WebrtcConnection>;
  /** Ends what was abandoned; every 15 s by itself. */
  sweep(): void;
  /** Deletes what ended 90 days ago, as much as fits one run; how many. */
  prune(): Promise<number>;
}

/** What the records are built on. */
export interface ConnectionsDependencies {
  database: Database;
  projects: Projects;
  signalling: Pick<Signalling, "onRelayed" | "onPeerLeft" | "isInRoom">;
  clock: Clock;
}

const SWEEP_INTERVAL_MS = 15_000;
const RETENTION_MS = 90 * 86_400_000;
/** Rows of one transaction: a few milliseconds that other writes wait for. */
const MAX_AT_ONCE = 500;
/** Transactions of one run. */
const MAX_PRUNINGS = 100;

/** Closes what a former process left open, and keeps records from then on. Throws `UNAVAILABLE`. */
export async function openConnections(
  { database, projects, signalling, clock }: ConnectionsDependencies,
): Promise<Connections> {
  const { read } = database;
  const closedAt = clock.now();
  await repeat((limit) => database.write((connection) => closeOpenConnections(connection, { closedAt, limit })));
  const writer = createConnectionWriter(database);
  const { isInRoom } = signalling;
  const negotiations = createNegotiations({ clock, isInRoom, onChanged: writer.add });
  signalling.onRelayed(negotiations.relayed);
  signalling.onPeerLeft(negotiations.peerLeft);
  const { report, sweep } = negotiations;
  const sweeper = setInterval(sweep, SWEEP_INTERVAL_MS);
  return { report, list, get, sweep, prune, [Symbol.asyncDispose]: close };

  async function list(
    actor: Actor,
    { page, ...request }: { projectId: string | null; page: Page },
  ): Promise<Slice<WebrtcConnection>> {
    const signedIn = requirePermission(actor, "JOIN_ROOMS");
    const projectId = request.projectId ?? (signedIn.kind === "token" ? signedIn.projectId : null);
    if (projectId !== null) await projects.authorize(actor, { projectId, permission: "JOIN_ROOMS" });
    const scope: ConnectionScope = projectId === null ? { memberId: signedIn.userId } : { projectId };
    // Who asks after a signal is to see what became of it.
    await writer.flush();
    return toSlice(
      page,
      await listConnections(read, scope, page),
      () => countConnections(database.background(), scope),
    );
  }

  async function get(actor: Actor, id: string): Promise<WebrtcConnection> {
    requireSignedIn(actor);
    await writer.flush();
    const connection = await findConnection(read, id);
    const notFound = () => new AppError("NOT_FOUND", `Cannot find connection "${toGlobalId("WebrtcConnection", id)}"`);
    if (connection === undefined) throw notFound();
    await projects.authorize(actor, {
      projectId: connection.projectId,
      permission: "JOIN_ROOMS",
      hiddenAs: notFound,
    });
    return connection;
  }

  function prune(): Promise<number> {
    const before = clock.now() - RETENTION_MS;
    return repeat((limit) => database.write((connection) => deleteEndedConnections(connection, { before, limit })));
  }

  async function close(): Promise<void> {
    clearInterval(sweeper);
    negotiations.endAll();
    await writer[Symbol.asyncDispose]();
  }
}

/** Does `step` until it finds less than it may do at once, or has done so often enough; how much it did in all. */
async function repeat(step: (limit: number) => Promise<number>): Promise<number> {
  let total = 0;
  for (let times = 0; times < MAX_PRUNINGS; times++) {
    const done = await step(MAX_AT_ONCE);
    total += done;
    if (done < MAX_AT_ONCE) break;
  }
  return total;
}
