import type { Origin, SignedInActor, TokenActor } from "../base/actor.ts";
import { AppError } from "../base/errors.ts";
import { clientBlock } from "../base/ip_addresses.ts";
import { roomLog } from "../base/log.ts";
import { remember } from "../database/memory.ts";
import type { User } from "../users/users.ts";
import { findSession, findSessionOf, sessionExpiresAt, sessionsVersion, touchSession } from "./_records.ts";
import { findToken, findTokenByHash, insertTokenAddress, isTokenAddress, touchToken } from "./_rows.ts";
import { hashToken, isAccessToken, isIntact, tokenKey } from "./_tokens.ts";
import type { AccessToken, SessionsDependencies } from "./sessions.ts";

/** Turns credentials into actors. */
export interface Authentication {
  /** Who holds this session or access token now. Throws `UNAUTHENTICATED` for a dead or unknown one. */
  authenticate(credential: string, origin: Origin): Promise<SignedInActor>;
  /** Until when the actor's credential is good as far as is known now; null: it is not, or its owner's role is another by now. */
  findExpiry(actor: SignedInActor): Promise<number | null>;
}

/** A use is written at most this often: a write on each request would cost more than the request. */
const TOUCH_INTERVAL_MS = 60_000;
/** Addresses of tokens that are known to be stored; then all are looked up again. */
const MAX_SEEN = 10_000;
/** Sessions, access tokens and users that are remembered until one of them changes. */
const MAX_REMEMBERED = 1_000;

const log = roomLog("sessions");

/** Builds the authentication. */
export function createAuthentication({ database, kv, audit, users, clock }: SessionsDependencies): Authentication {
  const seen = new Set<string>();
  const findActive = remember(database, { capacity: MAX_REMEMBERED, load: loadActive });
  // By the token itself, as access tokens are.
  const findByToken = remember({ version: () => sessionsVersion(kv) }, {
    capacity: MAX_REMEMBERED,
    load: (token: string) => findSession(kv, tokenKey(token)),
  });
  const findHolder = remember(database, { capacity: MAX_REMEMBERED, load: loadHolder });
  return { authenticate, findExpiry };

  function authenticate(credential: string, origin: Origin): Promise<SignedInActor> {
    return isAccessToken(credential) ? authenticateToken(credential, origin) : authenticateSession(credential, origin);
  }

  async function authenticateSession(token: string, origin: Origin): Promise<SignedInActor> {
    const now = clock.now();
    const session = await findByToken(token);
    if (session === null || sessionExpiresAt(session) <= now) throw unauthenticated();
    const user = await requireActive(session.userId);
    if (now - session.lastUsedAt >= TOUCH_INTERVAL_MS) {
      await noted(touchSession(kv, tokenKey(token), { from: session.lastUsedAt, now }));
    }
    return { kind: "user", userId: user.id, role: user.role, sessionId: session.id, origin };
  }

  async function authenticateToken(text: string, origin: Origin): Promise<SignedInActor> {
    const now = clock.now();
    const holder = await findHolder(text);
    if (holder === null || expiryOf(holder.token) <= now) throw unauthenticated();
    const { token, user } = holder;
    if (token.lastUsedAt === null || now - token.lastUsedAt >= TOUCH_INTERVAL_MS) {
      const touch = { from: token.lastUsedAt, now };
      await noted(database.write((connection) => touchToken(connection, token.id, touch)));
    }
    const { id: tokenId, scopes, projectId } = token;
    const actor: TokenActor = { kind: "token", userId: user.id, role: user.role, tokenId, scopes, projectId, origin };
    const use = useOf(actor);
    if (use !== null && !seen.has(use.key)) await noted(noteAddress(actor, use));
    return actor;
  }

  // A token that leaked is used from elsewhere.
  async function noteAddress(actor: TokenActor, { key, ipAddress }: TokenUse): Promise<void> {
    const { tokenId } = actor;
    if (!await isTokenAddress(database.read, tokenId, ipAddress)) {
      await database.write(async (connection) => {
        const others = await insertTokenAddress(connection, { tokenId, ipAddress, firstUsedAt: clock.now() });
        if (others === 0) return;
        await audit.record(connection, actor, { kind: "alert.token_new_address", subjectId: tokenId });
      });
    }
    if (seen.size >= MAX_SEEN) seen.clear();
    seen.add(key);
  }

  async function findExpiry(actor: SignedInActor): Promise<number | null> {
    const user = await findActive(actor.userId);
    if (user?.role !== actor.role) return null;
    if (actor.kind === "token") {
      const token = await findToken(database.read, actor.tokenId);
      return token === undefined ? null : expiryOf(token);
    }
    const session = await findSessionOf(kv, actor.userId, actor.sessionId);
    return session === null ? null : sessionExpiresAt(session);
  }

  async function loadActive(id: string): Promise<User | null> {
    const [user] = await users.byIds([id]);
    return user?.status === "ACTIVE" ? user : null;
  }

  // Remembered by the token itself, as a socket does too: hashing it for each request leaves native memory behind until V8 looks.
  async function loadHolder(text: string): Promise<{ token: AccessToken; user: User } | null> {
    if (!isIntact(text)) {
      const message = "Cannot read this access token: its checksum is wrong, so it was mistyped or cut";
      throw new AppError("UNAUTHENTICATED", message, { refusal: "credential" });
    }
    const token = await findTokenByHash(database.read, hashToken(text));
    const user = token === undefined ? null : await loadActive(token.userId);
    return token === undefined || user === null ? null : { token, user };
  }

  async function requireActive(id: string): Promise<User> {
    return await findActive(id) ?? Promise.reject(unauthenticated());
  }
}

interface TokenUse {
  ipAddress: string;
  key: string;
}

// An IPv6 client has a /64 to itself and changes its address in it by the day: that is no new place.
function useOf({ tokenId, origin }: TokenActor): TokenUse | null {
  if (origin.ipAddress === null) return null;
  const ipAddress = clientBlock(origin.ipAddress).replace("/64", "");
  return { ipAddress, key: `${tokenId} ${ipAddress}` };
}

function expiryOf({ expiresAt }: AccessToken): number {
  return expiresAt ?? Infinity;
}

/** On a full disk nobody is kept from reading because it can't be noted that they do. */
async function noted(note: Promise<void>): Promise<void> {
  await note.catch((cause) => log.warning("Cannot note the use of a credential: {cause}", { cause }));
}

function unauthenticated(): AppError {
  const message = "Cannot tell who is asking: the token is unknown or no longer valid";
  return new AppError("UNAUTHENTICATED", message, { refusal: "credential" });
}
