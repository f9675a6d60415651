import {
  type Actor,
  requireSession,
  requireSignedIn,
  type SignedInActor,
  type TokenScope,
  type UserActor,
  type UserRole,
} from "./actor.ts";
import { AppError } from "./errors.ts";

/** What a member of a project may do there, least first. */
export const PROJECT_ROLES = ["VIEWER", "EDITOR", "OWNER"] as const;
/** One of a project's roles. */
export type ProjectRole = (typeof PROJECT_ROLES)[number];

/** Who may do something; all three must hold. */
interface Requirement {
  /** The roles in the instance that may. */
  roles: readonly UserRole[];
  /** The scope that an access token needs; `SESSION`: no token may, `ANY`: each token may. */
  scope: TokenScope | "SESSION" | "ANY";
  /** The least role in the project; null where it is not about one. */
  projectRole: ProjectRole | null;
}

const ALL: readonly UserRole[] = ["ADMIN", "DEVELOPER", "VIEWER"];
const DEVELOPERS: readonly UserRole[] = ["ADMIN", "DEVELOPER"];
const ADMINS: readonly UserRole[] = ["ADMIN"];

/** The one table of who may do what. A VIEWER of the instance changes nothing but its own account, whatever its role in a project. */
export const PERMISSIONS = {
  /** One's own password, sessions and access tokens. */
  MANAGE_ACCOUNT: { roles: ALL, scope: "SESSION", projectRole: null },
  /** Accounts, and the sessions and access tokens of others. */
  MANAGE_USERS: { roles: ADMINS, scope: "SESSION", projectRole: null },
  /** Accounts as they are; each sees its own. */
  READ_USERS: { roles: ADMINS, scope: "SESSION", projectRole: null },
  MANAGE_LIMITS: { roles: ADMINS, scope: "SESSION", projectRole: null },
  MANAGE_SETTINGS: { roles: ADMINS, scope: "SESSION", projectRole: null },
  /** How the server is. */
  READ_STATUS: { roles: ADMINS, scope: "SESSION", projectRole: null },
  /** See the counters of `/metrics` from elsewhere. */
  READ_METRICS: { roles: ADMINS, scope: "ANY", projectRole: null },
  READ_AUDIT: { roles: ADMINS, scope: "AUDIT_READ", projectRole: null },
  /** Tell of a tool that one called oneself. What one called oneself each may read; all there is needs READ_AUDIT. */
  REPORT_TOOL_EXECUTIONS: { roles: ALL, scope: "ANY", projectRole: null },
  CREATE_PROJECTS: { roles: DEVELOPERS, scope: "SESSION", projectRole: null },
  /** A project's name and members; an admin may of any project. */
  READ_PROJECT: { roles: ALL, scope: "ANY", projectRole: "VIEWER" },
  /** Who is in a project; an admin may of any project. */
  MANAGE_MEMBERS: { roles: DEVELOPERS, scope: "SESSION", projectRole: "OWNER" },
  READ_ELEMENTS: { roles: ALL, scope: "ELEMENTS_READ", projectRole: "VIEWER" },
  /** Captures, notes, status, comments, and the deletion of what one captured oneself. */
  WRITE_ELEMENTS: { roles: DEVELOPERS, scope: "ELEMENTS_WRITE", projectRole: "EDITOR" },
  /** The deletion of what others captured. */
  DELETE_ELEMENTS: { roles: DEVELOPERS, scope: "ELEMENTS_WRITE", projectRole: "OWNER" },
  COMMAND_PAGES: { roles: DEVELOPERS, scope: "LIVE_COMMANDS", projectRole: "EDITOR" },
  JOIN_ROOMS: { roles: ALL, scope: "SIGNALS", projectRole: "VIEWER" },
} as const satisfies Record<string, Requirement>;

/** One line of the table. */
export type Permission = keyof typeof PERMISSIONS;

/** The actor, known to hold the permission by its role in the instance and its credential. Throws `UNAUTHENTICATED`, `FORBIDDEN`. */
export function requirePermission(actor: Actor, permission: Permission): SignedInActor {
  const signedIn = requireSignedIn(actor);
  const { roles, scope }: Requirement = PERMISSIONS[permission];
  if (scope === "SESSION") requireSession(signedIn);
  if (!roles.includes(signedIn.role)) {
    throw new AppError("FORBIDDEN", `Cannot do this as ${signedIn.role} of this instance: it needs ${roles.at(-1)}`);
  }
  if (signedIn.kind === "token" && scope !== "ANY" && scope !== "SESSION" && !signedIn.scopes.includes(scope)) {
    throw new AppError("FORBIDDEN", `Cannot do this with a token that lacks the scope ${scope}`);
  }
  return signedIn;
}

/** The actor's session, known to be the user's own or to hold the permission. Throws `UNAUTHENTICATED`, `FORBIDDEN`. */
export function requireSelfOr(actor: Actor, userId: string, permission: Permission): UserActor {
  const session = requireSession(actor);
  if (session.userId !== userId) requirePermission(session, permission);
  return session;
}

/** The actor, known to hold the permission with this role in the project it is about. Throws `UNAUTHENTICATED`, `FORBIDDEN`. */
export function requireProjectPermission(actor: Actor, role: ProjectRole, permission: Permission): SignedInActor {
  const signedIn = requirePermission(actor, permission);
  if (satisfies(role, permission)) return signedIn;
  throw new AppError(
    "FORBIDDEN",
    `Cannot do this as ${role} of the project: it needs ${PERMISSIONS[permission].projectRole}`,
  );
}

function satisfies(role: ProjectRole, permission: Permission): boolean {
  const { projectRole }: Requirement = PERMISSIONS[permission];
  return projectRole === null || PROJECT_ROLES.indexOf(role) >= PROJECT_ROLES.indexOf(projectRole);
}
