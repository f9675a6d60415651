import { type Actor, requireSession, requireSignedIn, type TokenScope, type UserActor } from "../base/actor.ts";
import { AppError, invalidInput } from "../base/errors.ts";
import { newId } from "../base/ids.ts";
import { requirePermission, requireSelfOr } from "../base/permissions.ts";
import type { Connection } from "../database/database.ts";
import type { Followers } from "./_followers.ts";
import { deleteToken, findToken, insertToken, listTokens } from "./_rows.ts";
import { hashToken, newAccessToken, shownPrefix } from "./_tokens.ts";
import type { AccessToken, CreatedAccessToken, SessionsDependencies } from "./sessions.ts";

/** What a new access token shall be. */
export interface NewAccessToken {
  name: string;
  scopes: TokenScope[];
  projectId: string | null;
  expiresAt: number | null;
}

/** One that a person approved for a client. */
export interface PairedAccessToken extends NewAccessToken {
  /** For the audit log. */
  pairingId: string;
}

/** Access tokens of the actor, and of others for admins; but for `currentToken` in a session only. */
export interface AccessTokens {
  /** Makes an access token for the actor; the token is told here and nowhere else. Throws `INVALID_INPUT`, `NOT_FOUND`, `CONFLICT`. */
  createAccessToken(actor: Actor, input: NewAccessToken): Promise<CreatedAccessToken>;
  /** Makes a token that the actor approved, in the caller's transaction. Throws `CONFLICT`. */
  issueToken(connection: Connection, actor: UserActor, input: PairedAccessToken): Promise<CreatedAccessToken>;
  /** Throws `CONFLICT` where a user has as many access tokens as one may have. */
  requireRoomForToken(connection: Connection, userId: string): Promise<void>;
  /** Ends one of the actor's access tokens, or anybody's for an admin. Throws `NOT_FOUND`. */
  revokeAccessToken(actor: Actor, id: string): Promise<void>;
  /** The access token with which the actor asks, null for a session. Throws `UNAUTHENTICATED`. */
  currentToken(actor: Actor): Promise<AccessToken | null>;
  /** The access tokens of users that the actor was already shown, a list for each; `FORBIDDEN` for another's, unless to an admin. */
  accessTokensOf(actor: Actor, userIds: readonly string[]): Promise<(AccessToken[] | AppError)[]>;
}

const MAX_ACCESS_TOKENS = 50;

/** Builds the access tokens. */
export function createAccessTokens(
  { database, audit, clock, requireProject }: SessionsDependencies,
  followers: Followers,
): AccessTokens {
  return { createAccessToken, issueToken, requireRoomForToken, revokeAccessToken, currentToken, accessTokensOf };

  async function createAccessToken(actor: Actor, input: NewAccessToken): Promise<CreatedAccessToken> {
    const { userId } = requirePermission(actor, "MANAGE_ACCOUNT");
    if (input.expiresAt !== null && input.expiresAt <= clock.now()) {
      throw invalidInput(["input", "expiresAt"], "Cannot make a token that has expired already");
    }
    if (input.projectId !== null) await requireProject(actor, input.projectId);
    return await database.write((connection) => insert(connection, actor, { userId, input, details: {} }));
  }

  function issueToken(
    connection: Connection,
    actor: UserActor,
    { pairingId, ...input }: PairedAccessToken,
  ): Promise<CreatedAccessToken> {
    return insert(connection, actor, { userId: actor.userId, input, details: { pairingId } });
  }

  async function insert(
    connection: Connection,
    actor: Actor,
    { userId, input, details }: { userId: string; input: NewAccessToken; details: Record<string, string> },
  ): Promise<CreatedAccessToken> {
    await requireRoomForToken(connection, userId);
    const token = newAccessToken();
    const times = { lastUsedAt: null, createdAt: clock.now() };
    const accessToken = { ...input, id: newId(), userId, prefix: shownPrefix(token), ...times };
    await insertToken(connection, accessToken, hashToken(token));
    await audit.record(connection, actor, {
      kind: "token.created",
      subjectId: accessToken.id,
      details: { scopes: input.scopes.join(" "), projectId: input.projectId, ...details },
    });
    return { token, accessToken };
  }

  async function requireRoomForToken(connection: Connection, userId: string): Promise<void> {
    if ((await listTokens(connection, [userId])).length < MAX_ACCESS_TOKENS) return;
    throw new AppError("CONFLICT", `Cannot make more than ${MAX_ACCESS_TOKENS} access tokens: revoke one first`);
  }

  async function revokeAccessToken(actor: Actor, id: string): Promise<void> {
    const { userId, role } = requireSession(actor);
    const notFound = new AppError("NOT_FOUND", `Cannot find access token "${id.slice(0, 64)}"`);
    const ownerId = await database.write(async (connection) => {
      const token = await findToken(connection, id);
      if (token === undefined || (token.userId !== userId && role !== "ADMIN")) throw notFound;
      await deleteToken(connection, id);
      await audit.record(connection, actor, { kind: "token.revoked", subjectId: id });
      return token.userId;
    });
    followers.end({ userId: ownerId, credentialId: id }, "REVOKED");
  }

  async function currentToken(actor: Actor): Promise<AccessToken | null> {
    const signedIn = requireSignedIn(actor);
    if (signedIn.kind === "user") return null;
    const token = await findToken(database.read, signedIn.tokenId);
    if (token === undefined) throw new AppError("UNAUTHENTICATED", "No longer signed in");
    return token;
  }

  async function accessTokensOf(actor: Actor, userIds: readonly string[]): Promise<(AccessToken[] | AppError)[]> {
    const tokens = Map.groupBy(await listTokens(database.read, userIds), ({ userId }) => userId);
    return userIds.map((userId) => findRefusal(actor, userId) ?? tokens.get(userId) ?? []);
  }
}

function findRefusal(actor: Actor, userId: string): AppError | null {
  try {
    requireSelfOr(actor, userId, "MANAGE_USERS");
    return null;
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}
