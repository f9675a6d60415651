import type { Audit } from "../audit/audit.ts";
import { type Actor, requireSession, type TokenScope, type UserActor } from "../base/actor.ts";
import type { Clock } from "../base/clock.ts";
import { AppError, invalidInput } from "../base/errors.ts";
import { newId } from "../base/ids.ts";
import { requirePermission } from "../base/permissions.ts";
import type { Connection, Database } from "../database/database.ts";
import { type RateLimits, subjectOf } from "../rate_limits/rate_limits.ts";
import type { CreatedAccessToken, Sessions } from "../sessions/sessions.ts";
import type { Users } from "../users/users.ts";
import { hashDeviceCode, newDeviceCode, newUserCode, readUserCode, showUserCode } from "./_codes.ts";
import { createPace, INTERVAL_SECONDS } from "./_pace.ts";
import {
  countPairings,
  decidePairing,
  deleteExpiredPairings,
  deleteOldestUnapproved,
  deletePairing,
  findByDeviceCode,
  findPending,
  insertPairing,
  type PairingRow,
} from "./_rows.ts";

/** Where the pairing of a client stands; `EXPIRED` too where its token was handed out. */
export const PAIRING_STATES = ["PENDING", "APPROVED", "DENIED", "EXPIRED"] as const;
/** One of them. */
export type PairingState = (typeof PAIRING_STATES)[number];

/** What a client says of itself. */
export interface PairingRequest {
  clientName: string;
  scopes: TokenScope[];
}

/** A client's two codes: the device code is its secret, the user code it shows. */
export interface StartedPairing {
  deviceCode: string;
  /** `XXXX-XXXX`. */
  userCode: string;
  intervalSeconds: number;
  expiresAt: number;
}

/** A client that waits for a person, as the person is shown it. What it calls itself is its own word. */
export interface WaitingClient {
  /** `XXXX-XXXX`. */
  userCode: string;
  clientName: string;
  scopes: TokenScope[];
  ipAddress: string | null;
  userAgent: string | null;
  createdAt: number;
  expiresAt: number;
}

/** What a person decides; the project and the token's end count where they approve. */
export interface PairingDecision {
  userCode: string;
  approve: boolean;
  /** Set: the token will be good for this project alone. */
  projectId: string | null;
  /** null: the token will be good until it is revoked. */
  expiresAt: number | null;
}

/** What a client is told that asks; the token once. */
export interface PairingOutcome {
  state: PairingState;
  created: CreatedAccessToken | null;
}

/** Access tokens for clients that a person approves without showing them a password: the device flow of RFC 8628. */
export interface Pairing {
  /** Gives a client its codes, which are good for 10 minutes and once; where too many wait the oldest ends. Throws `RATE_LIMITED`, `UNAVAILABLE`. */
  start(actor: Actor, request: PairingRequest): Promise<StartedPairing>;
  /** Tells a client where it stands; the first time after the approval its token is made and told. Throws `RATE_LIMITED`, `CONFLICT`. */
  poll(actor: Actor, deviceCode: string): Promise<PairingOutcome>;
  /** The client that shows this code, for a session. Throws `NOT_FOUND`, `RATE_LIMITED`. */
  find(actor: Actor, userCode: string): Promise<WaitingClient>;
  /** Approves or denies it. Throws `NOT_FOUND`, `RATE_LIMITED`, `INVALID_INPUT`, `CONFLICT` where the actor has too many tokens. */
  decide(actor: Actor, decision: PairingDecision): Promise<void>;
  /** Deletes what expired; how many. */
  prune(): Promise<number>;
}

/** What pairing is built on. */
export interface PairingDependencies {
  database: Database;
  audit: Audit;
  rateLimits: Pick<RateLimits, "take">;
  users: Pick<Users, "byIds">;
  sessions: Pick<Sessions, "issueToken" | "ofUser" | "requireRoomForToken">;
  clock: Clock;
  /** Throws `NOT_FOUND` for a project that the actor may not see: projects lie on this floor. */
  requireProject: (actor: Actor, projectId: string) => Promise<void>;
}

/** RFC 8628 §6.1: long enough to sign in, too short to guess 34 bits. */
const CODE_TTL_MS = 10 * 60_000;
/** A client that was approved in the last second is still to ask for its token. */
const COLLECT_MS = 60_000;
/** Clients that may wait at once, of half a kilobyte each: an instance's people many times over. */
const MAX_WAITING = 10_000;

/** Builds the pairing room. */
export function createPairing(
  { database, audit, rateLimits, users, sessions, clock, requireProject }: PairingDependencies,
): Pairing {
  const pace = createPace(clock, { capacity: MAX_WAITING });
  return { start, poll, find, decide, prune };

  async function start(actor: Actor, { clientName, scopes }: PairingRequest): Promise<StartedPairing> {
    await rateLimits.take("start_pairing", actor.origin.ipAddress ?? "unknown");
    const [deviceCode, createdAt] = [newDeviceCode(), clock.now()];
    const undecided = { approvedBy: null, sessionId: null, projectId: null, tokenExpiresAt: null };
    const asked = { id: newId(), userCode: newUserCode(), clientName, scopes, ...actor.origin, ...undecided };
    const pairing = { ...asked, state: "PENDING", createdAt, expiresAt: createdAt + CODE_TTL_MS } as const;
    // Without the name that the client gives itself: of the audit log nothing goes away, and the name may be any text.
    await database.write(async (connection) => {
      await deleteExpiredPairings(connection, createdAt);
      // Were the newest refused, a few addresses could shut everybody out: so whoever floods mostly ends codes of their own.
      const isFull = await countPairings(connection, createdAt) >= MAX_WAITING;
      if (isFull) await deleteOldestUnapproved(connection, createdAt);
      // A code that another client has is as likely as to be guessed: who asks again gets another one.
      if (!await insertPairing(connection, pairing, hashDeviceCode(deviceCode))) {
        throw new AppError("UNAVAILABLE", "Cannot start a pairing now: try again in a minute");
      }
      await audit.record(connection, actor, {
        kind: "pairing.started",
        subjectId: pairing.id,
        details: { scopes: scopes.join(" ") },
      });
    });
    const { expiresAt } = pairing;
    return { deviceCode, userCode: showUserCode(pairing.userCode), intervalSeconds: INTERVAL_SECONDS, expiresAt };
  }

  async function poll(actor: Actor, deviceCode: string): Promise<PairingOutcome> {
    const pairing = await findByDeviceCode(database.read, hashDeviceCode(deviceCode), clock.now());
    if (pairing === undefined) return { state: "EXPIRED", created: null };
    if (pairing.state === "PENDING") pace.keep(pairing.id);
    else pace.forget(pairing.id);
    if (pairing.state !== "APPROVED") return { state: pairing.state, created: null };
    const { tokenExpiresAt } = pairing;
    if (tokenExpiresAt !== null && tokenExpiresAt <= clock.now()) return { state: "EXPIRED", created: null };
    const approver = await findApprover(actor, pairing);
    if (approver === null) return { state: "DENIED", created: null };
    const created = await database.write((connection) => handOut(connection, approver, pairing));
    return { state: created === null ? "EXPIRED" : "APPROVED", created };
  }

  // The person as they are now: what is approved and not collected is no token yet, which they could see and revoke. So it ends with
  // the account, the session that approved it (whoever stole that loses this too) and the project.
  async function findApprover(
    { origin }: Actor,
    { approvedBy, sessionId, projectId }: PairingRow,
  ): Promise<UserActor | null> {
    const [user] = approvedBy === null ? [] : await users.byIds([approvedBy]);
    if (user?.status !== "ACTIVE" || sessionId === null) return null;
    const approver: UserActor = { kind: "user", userId: user.id, role: user.role, sessionId, origin };
    const isOpen = (await sessions.ofUser(approver, user.id)).some(({ id }) => id === sessionId);
    return isOpen && (projectId === null || await maySee(approver, projectId)) ? approver : null;
  }

  async function maySee(actor: Actor, projectId: string): Promise<boolean> {
    try {
      await requireProject(actor, projectId);
      return true;
    } catch (error) {
      if (error instanceof AppError && error.code === "NOT_FOUND") return false;
      throw error;
    }
  }

  // Of two that ask at once, one finds the row.
  async function handOut(
    connection: Connection,
    approver: UserActor,
    { id, clientName, scopes, projectId, tokenExpiresAt }: PairingRow,
  ): Promise<CreatedAccessToken | null> {
    if (!await deletePairing(connection, id)) return null;
    const token = { name: clientName, scopes, projectId, expiresAt: tokenExpiresAt };
    return await sessions.issueToken(connection, approver, { ...token, pairingId: id });
  }

  async function find(actor: Actor, userCode: string): Promise<WaitingClient> {
    const { id: _, ...client } = await requirePending(actor, userCode);
    return { ...client, userCode: showUserCode(client.userCode) };
  }

  async function decide(actor: Actor, decision: PairingDecision): Promise<void> {
    const session = requireSession(actor);
    requirePermission(session, "MANAGE_ACCOUNT");
    const { approve, projectId, expiresAt } = decision;
    if (approve && expiresAt !== null && expiresAt <= clock.now()) {
      throw invalidInput(["input", "expiresAt"], "Cannot approve for a time that has passed already");
    }
    if (approve && projectId !== null) await requireProject(actor, projectId);
    const pairing = await requirePending(actor, decision.userCode);
    await database.write((connection) => noteDecision(connection, session, { pairing, decision }));
  }

  async function noteDecision(
    connection: Connection,
    actor: UserActor,
    { pairing: { id, scopes }, decision: { userCode, approve, projectId, expiresAt } }: {
      pairing: PairingRow;
      decision: PairingDecision;
    },
  ): Promise<void> {
    const now = clock.now();
    const [pending, { userId, sessionId }] = [await findPending(connection, readUserCode(userCode) ?? "", now), actor];
    if (pending?.id !== id) throw notFound();
    if (approve) await sessions.requireRoomForToken(connection, userId);
    const decided = approve
      ? { state: "APPROVED" as const, approvedBy: userId, sessionId, projectId, tokenExpiresAt: expiresAt }
      : { state: "DENIED" as const, approvedBy: null, sessionId: null, projectId: null, tokenExpiresAt: null };
    await decidePairing(connection, { ...decided, id, expiresAt: Math.max(pending.expiresAt, now + COLLECT_MS) });
    await audit.record(connection, actor, {
      kind: approve ? "pairing.approved" : "pairing.denied",
      subjectId: id,
      details: { scopes: scopes.join(" "), ...(approve ? { projectId } : { reason: "refused" }) },
    });
  }

  async function requirePending(actor: Actor, userCode: string): Promise<PairingRow> {
    const session = requireSession(actor);
    await rateLimits.take("pairing_code", subjectOf(session));
    const code = readUserCode(userCode);
    const pairing = code === null ? undefined : await findPending(database.read, code, clock.now());
    if (pairing !== undefined) return pairing;
    await database.write((connection) =>
      audit.record(connection, session, { kind: "pairing.denied", details: { reason: "unknown_code" } })
    );
    throw notFound();
  }

  async function prune(): Promise<number> {
    return await database.write((connection) => deleteExpiredPairings(connection, clock.now()));
  }
}

function notFound(): AppError {
  return new AppError("NOT_FOUND", "Cannot find a client with this code: it expired, was used, or was mistyped");
}
