import type { Audit } from "../audit/audit.ts";
import { type Actor, type TokenScope } from "../base/actor.ts";
import type { Clock } from "../base/clock.ts";
import { requireSelfOr } from "../base/permissions.ts";
import type { Database } from "../database/database.ts";
import type { Kv } from "../kv/kv.ts";
import type { RateLimits } from "../rate_limits/rate_limits.ts";
import type { Users } from "../users/users.ts";
import { type AccessTokens, createAccessTokens } from "./_access_tokens.ts";
import { type Authentication, createAuthentication } from "./_authentication.ts";
import { createEndings, type Endings } from "./_endings.ts";
import { createFollowers, type Followers } from "./_followers.ts";
import { createLockouts } from "./_lockouts.ts";
import { listSessions, sessionExpiresAt, type SessionRecord } from "./_records.ts";
import { createSignIn, type SignIn } from "./_sign_in.ts";

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

/** A new access token and its text, told once. */
export interface CreatedAccessToken {
  token: string;
  accessToken: AccessToken;
}

/** Sign-in, sessions and access tokens: turns a credential into an actor, and tells what is open when it ends. */
export interface Sessions
  extends SignIn, Endings, AccessTokens, Pick<Authentication, "authenticate">, Pick<Followers, "follow">, Disposable {
  /** The live sessions of a user, for the user and for admins. Throws `FORBIDDEN`. */
  ofUser(actor: Actor, userId: string): Promise<Session[]>;
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

/** Builds the sessions room; disposing it stops looking for credentials that end. */
export function createSessions(dependencies: SessionsDependencies): Sessions {
  const { kv, clock } = dependencies;
  const { authenticate, findExpiry } = createAuthentication(dependencies);
  const followers = createFollowers({ clock, findExpiry });
  const lockouts = createLockouts({ kv, clock });
  return {
    ...createSignIn(dependencies, { lockouts, followers }),
    ...createEndings(dependencies, { lockouts, followers }),
    ...createAccessTokens(dependencies, followers),
    authenticate,
    follow: followers.follow,
    ofUser,
    [Symbol.dispose]: () => followers[Symbol.dispose](),
  };

  async function ofUser(actor: Actor, userId: string): Promise<Session[]> {
    requireSelfOr(actor, userId, "MANAGE_USERS");
    return (await listSessions(kv, userId)).filter((session) => sessionExpiresAt(session) > clock.now());
  }
}
