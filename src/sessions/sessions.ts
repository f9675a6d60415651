import type { Audit } from "../audit/audit.ts";
import {
  type Actor,
  type GuestActor,
  type Origin,
  requireSession,
  requireSignedIn,
  type SignedInActor,
  type TokenScope,
} from "../base/actor.ts";
import type { Clock } from "../base/clock.ts";
import { AppError, invalidInput } from "../base/errors.ts";
import { newId } from "../base/ids.ts";
import type { Database } from "../database/database.ts";
import { roomLog } from "../base/log.ts";
import type { Kv } from "../kv/kv.ts";
import type { RateLimits } from "../rate_limits/rate_limits.ts";
import type { Credentials, User, Users } from "../users/users.ts";
import {
  deleteSession,
  deleteSessions,
  findSession,
  insertSession,
  listSessions,
  type SessionRecord,
  touchSession,
} from "./_records.ts";
import { deleteToken, findTokenByHash, insertToken, listTokens, touchToken } from "./_rows.ts";
import { hashToken, isAccessToken, isIntact, newAccessToken, newSessionToken, shownPrefix } from "./_tokens.ts";

/** A signed-in browser or client. */
export type Session = SessionRecord;

/** A credential for the extension or an AI tool. Times are milliseconds since the Unix epoch. */
export interface AccessToken {
  id: string;
  userId: string;
  name: string;
  prefix: string;
  scopes: TokenScope[];
  /** Set: good for this project alone. */
  projectId: string | null;
  expiresAt: number | null;
  lastUsedAt: number | null;
  createdAt: number;
}

/** What a new access token shall be. */
export interface NewAccessToken {
  name: string;
  scopes: TokenScope[];
  projectId: string | null;
  expiresAt: number | null;
}

/** A new session and the token that is told once. */
export interface SignedIn {
  token: string;
  session: Session;
  user: User;
}

/** A new access token and its text, told once. */
export interface CreatedAccessToken {
  token: string;
  accessToken: AccessToken;
}

/** Sign-in, sessions and access tokens: turns a credential into an actor. */
export interface Sessions {
  /** Starts a session; the token is told here and nowhere else. Throws `INVALID_CREDENTIALS`, `RATE_LIMITED`, `UNAVAILABLE`. */
  signIn(actor: Actor, credentials: Credentials): Promise<SignedIn>;
  /** Ends the actor's session. Throws `UNAUTHENTICATED`, `FORBIDDEN`. */
  signOut(actor: Actor): Promise<void>;
  /** Who holds this session or access token now. Throws `UNAUTHENTICATED` for a dead or unknown one. */
  authenticate(credential: string, origin: Origin): Promise<SignedInActor>;
  /** The live sessions of a user, for the user and for admins. Throws `FORBIDDEN`. */
  ofUser(actor: Actor, userId: string): Promise<Session[]>;
  /** Deletes a user as `Users.delete` does, and its sessions. Throws as that does. */
  deleteUser(actor: Actor, id: string): Promise<void>;
  /** Makes an access token for the actor; the token is told here and nowhere else. Throws `INVALID_INPUT`, `NOT_FOUND`, `CONFLICT`. */
  createAccessToken(actor: Actor, input: NewAccessToken): Promise<CreatedAccessToken>;
  /** Deletes one of the actor's access tokens. Throws `NOT_FOUND`. */
  revokeAccessToken(actor: Actor, id: string): Promise<void>;
  /** The access tokens of a user, for the user and for admins. Throws `FORBIDDEN`. */
  accessTokensOf(actor: Actor, userId: string): Promise<AccessToken[]>;
}

/** What the sessions room is built on. */
export interface SessionsDependencies {
  database: Database;
  kv: Kv;
  audit: Audit;
  rateLimits: RateLimits;
  users: Users;
  clock: Clock;
  /** Throws `NOT_FOUND` for a project that the actor may not see: projects lie on a higher floor. */
  requireProject: (actor: Actor, projectId: string) => Promise<void>;
}

const log = roomLog("sessions");

const IDLE_TIMEOUT_MS = 24 * 3_600_000;
const ABSOLUTE_TIMEOUT_MS = 30 * 24 * 3_600_000;
/** A use is written at most this often: a write on each request would cost more than the request. */
const TOUCH_INTERVAL_MS = 60_000;
const MAX_ACCESS_TOKENS = 50;

/** The end of a session if it is not used again: milliseconds since the Unix epoch. */
export function sessionExpiresAt(session: Session): number {
  return Math.min(session.endsAt, session.lastUsedAt + IDLE_TIMEOUT_MS);
}

/** Builds the sessions room. */
export function createSessions(dependencies: SessionsDependencies): Sessions {
  const { database, kv, audit, rateLimits, users, clock, requireProject } = dependencies;
  return { signIn, signOut, authenticate, ofUser, deleteUser, createAccessToken, revokeAccessToken, accessTokensOf };

  async function signIn(actor: Actor, credentials: Credentials): Promise<SignedIn> {
    const { ipAddress, userAgent } = actor.origin;
    await rateLimits.take("sign_in", ipAddress ?? "unknown");
    const user = await users.authenticate(credentials);
    const guest: GuestActor = { kind: "guest", origin: actor.origin };
    if (user === null) {
      await database.write((connection) => audit.record(connection, guest, { kind: "user.sign_in.failed" }));
      throw new AppError("INVALID_CREDENTIALS", "Cannot sign in: the e-mail or the password is wrong");
    }
    const now = clock.now();
    const token = newSessionToken();
    const times = { createdAt: now, lastUsedAt: now, endsAt: now + ABSOLUTE_TIMEOUT_MS };
    const session: Session = { id: newId(), userId: user.id, ...times, ipAddress, userAgent };
    const { id: sessionId, userId } = session;
    await database.write(async (connection) => {
      const signedIn = { kind: "user", userId, role: user.role, sessionId, origin: actor.origin } as const;
      await users.recordSignIn(connection, userId);
      await audit.record(connection, signedIn, { kind: "user.sign_in.succeeded", subjectId: userId });
    });
    await insertSession(kv, toKey(token), session);
    return { token, session, user: { ...user, lastSignInAt: now } };
  }

  async function signOut(actor: Actor): Promise<void> {
    const { userId, sessionId } = requireSession(actor);
    // The event first: two stores can't share a transaction, and an event without its change is the lesser evil.
    await database.write((connection) =>
      audit.record(connection, actor, { kind: "user.signed_out", subjectId: userId, details: { sessionId } })
    );
    await deleteSession(kv, userId, sessionId);
  }

  function authenticate(credential: string, origin: Origin): Promise<SignedInActor> {
    return isAccessToken(credential) ? authenticateToken(credential, origin) : authenticateSession(credential, origin);
  }

  async function authenticateSession(token: string, origin: Origin): Promise<SignedInActor> {
    const now = clock.now();
    const key = toKey(token);
    const session = await findSession(kv, key);
    if (session === null || sessionExpiresAt(session) <= now) throw unauthenticated();
    const user = await activeUser(session.userId);
    if (now - session.lastUsedAt >= TOUCH_INTERVAL_MS) await noted(touchSession(kv, key, now));
    return { kind: "user", userId: user.id, role: user.role, sessionId: session.id, origin };
  }

  async function authenticateToken(token: string, origin: Origin): Promise<SignedInActor> {
    const now = clock.now();
    const found = isIntact(token) ? await findTokenByHash(database.read, hashToken(token)) : undefined;
    if (found === undefined || (found.expiresAt !== null && found.expiresAt <= now)) throw unauthenticated();
    const user = await activeUser(found.userId);
    if (found.lastUsedAt === null || now - found.lastUsedAt >= TOUCH_INTERVAL_MS) {
      await noted(database.write((connection) => touchToken(connection, found.id, now)));
    }
    const { id: tokenId, scopes, projectId } = found;
    return { kind: "token", userId: user.id, role: user.role, tokenId, scopes, projectId, origin };
  }

  async function activeUser(id: string): Promise<User> {
    const [user] = await users.byIds([id]);
    if (user?.status !== "ACTIVE") throw unauthenticated();
    return user;
  }

  async function ofUser(actor: Actor, userId: string): Promise<Session[]> {
    requireSelfOrAdmin(actor, userId);
    return (await listSessions(kv, userId)).filter((session) => sessionExpiresAt(session) > clock.now());
  }

  async function deleteUser(actor: Actor, id: string): Promise<void> {
    await users.delete(actor, id);
    await deleteSessions(kv, id);
  }

  async function createAccessToken(actor: Actor, input: NewAccessToken): Promise<CreatedAccessToken> {
    const { userId } = requireSession(actor);
    const createdAt = clock.now();
    if (input.expiresAt !== null && input.expiresAt <= createdAt) {
      throw invalidInput(["input", "expiresAt"], "Cannot make a token that has expired already");
    }
    if (input.projectId !== null) await requireProject(actor, input.projectId);
    const token = newAccessToken();
    const accessToken = { ...input, id: newId(), userId, prefix: shownPrefix(token), lastUsedAt: null, createdAt };
    await database.write(async (connection) => {
      if ((await listTokens(connection, userId)).length >= MAX_ACCESS_TOKENS) {
        throw new AppError("CONFLICT", `Cannot make more than ${MAX_ACCESS_TOKENS} access tokens: revoke one first`);
      }
      await insertToken(connection, accessToken, hashToken(token));
      const details = { scopes: input.scopes.join(" "), projectId: input.projectId };
      await audit.record(connection, actor, { kind: "token.created", subjectId: accessToken.id, details });
    });
    return { token, accessToken };
  }

  async function revokeAccessToken(actor: Actor, id: string): Promise<void> {
    const { userId } = requireSession(actor);
    await database.write(async (connection) => {
      if (!await deleteToken(connection, userId, id)) {
        throw new AppError("NOT_FOUND", `Cannot find access token "${id}"`);
      }
      await audit.record(connection, actor, { kind: "token.revoked", subjectId: id });
    });
  }

  async function accessTokensOf(actor: Actor, userId: string): Promise<AccessToken[]> {
    requireSelfOrAdmin(actor, userId);
    return await listTokens(database.read, userId);
  }
}

/** On a full disk nobody is kept from reading because it can't be noted that they do. */
async function noted(touch: Promise<void>): Promise<void> {
  await touch.catch((cause) => log.warning("Cannot note the use of a credential: {cause}", { cause }));
}

function toKey(token: string): string {
  return hashToken(token).toHex();
}

function unauthenticated(): AppError {
  return new AppError("UNAUTHENTICATED", "Cannot tell who is asking: the token is unknown or no longer valid");
}

function requireSelfOrAdmin(actor: Actor, userId: string): void {
  const signedIn = requireSignedIn(actor);
  if (signedIn.userId === userId || signedIn.role === "ADMIN") return;
  throw new AppError("FORBIDDEN", "Cannot see the sessions and tokens of somebody else");
}
