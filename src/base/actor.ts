import { AppError } from "./errors.ts";

/** What a person may do in the instance. */
export const USER_ROLES = ["ADMIN", "DEVELOPER", "VIEWER"] as const;
/** One of the instance's roles. */
export type UserRole = (typeof USER_ROLES)[number];

/** What an access token may be used for. */
export const TOKEN_SCOPES = ["ELEMENTS_READ", "ELEMENTS_WRITE", "SIGNALS", "LIVE_COMMANDS", "AUDIT_READ"] as const;
/** One scope of an access token. */
export type TokenScope = (typeof TOKEN_SCOPES)[number];

/** Where a request came from: facts for the audit log, never for a decision. */
export interface Origin {
  ipAddress: string | null;
  userAgent: string | null;
}

/** Nobody in particular. */
export interface GuestActor {
  kind: "guest";
  origin: Origin;
}

/** A person with a session. */
export interface UserActor {
  kind: "user";
  userId: string;
  role: UserRole;
  sessionId: string;
  origin: Origin;
}

/** A program with an access token: its owner's rights at this moment, cut to the scopes and the project. */
export interface TokenActor {
  kind: "token";
  userId: string;
  role: UserRole;
  tokenId: string;
  scopes: readonly TokenScope[];
  projectId: string | null;
  origin: Origin;
}

/** The server itself. */
export interface SystemActor {
  kind: "system";
  origin: Origin;
}

/** Somebody signed in. */
export type SignedInActor = UserActor | TokenActor;

/** Who is asking. Every method of a room that decides on rights takes it first. */
export type Actor = GuestActor | SignedInActor | SystemActor;

const NOWHERE: Origin = { ipAddress: null, userAgent: null };

/** The server itself, as actor of what it does on its own. */
export const systemActor: SystemActor = { kind: "system", origin: NOWHERE };

/** The actor, known to be signed in. Throws `UNAUTHENTICATED` for anybody else. */
export function requireSignedIn(actor: Actor): SignedInActor {
  if (actor.kind === "user" || actor.kind === "token") return actor;
  throw new AppError("UNAUTHENTICATED", "Sign in first");
}

/** The actor, known to be a person with a session. Throws `UNAUTHENTICATED` for a guest, `FORBIDDEN` for an access token. */
export function requireSession(actor: Actor): UserActor {
  const signedIn = requireSignedIn(actor);
  if (signedIn.kind === "user") return signedIn;
  throw new AppError("FORBIDDEN", "Cannot do this with an access token: sign in as a person");
}
