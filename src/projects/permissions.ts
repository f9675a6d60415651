import { requireScope, requireSignedIn, type SignedInActor, type TokenScope } from "../base/actor.ts";
import { AppError } from "../base/errors.ts";
import type { ProjectRole } from "./projects.ts";

/** What somebody may want to do in a project. */
export type ProjectPermission = "READ_ELEMENTS" | "WRITE_ELEMENTS" | "JOIN_ROOMS";

interface Requirement {
  /** The least role in the project. */
  role: ProjectRole;
  /** The scope that an access token needs. */
  scope: TokenScope;
  /** Whether it changes something, which a VIEWER of the instance never may. */
  changes: boolean;
}

/** The one table of what a role in a project may do. */
const REQUIREMENTS: Record<ProjectPermission, Requirement> = {
  READ_ELEMENTS: { role: "VIEWER", scope: "ELEMENTS_READ", changes: false },
  WRITE_ELEMENTS: { role: "EDITOR", scope: "ELEMENTS_WRITE", changes: true },
  JOIN_ROOMS: { role: "VIEWER", scope: "SIGNALS", changes: false },
};

const RANK: Record<ProjectRole, number> = { VIEWER: 0, EDITOR: 1, OWNER: 2 };

/** The actor, known to hold the permission with this role in the project. Throws `UNAUTHENTICATED`, `FORBIDDEN`. */
export function requirePermission(
  actor: SignedInActor,
  role: ProjectRole,
  permission: ProjectPermission,
): SignedInActor {
  const requirement = REQUIREMENTS[permission];
  if (requirement.changes) requireDeveloper(actor);
  if (RANK[role] < RANK[requirement.role]) {
    throw new AppError("FORBIDDEN", `Cannot do this as ${role} of the project: it needs ${requirement.role}`);
  }
  return requireScope(actor, requirement.scope);
}

/** The actor, known to be more than a VIEWER of the instance. Throws `UNAUTHENTICATED`, `FORBIDDEN`. */
export function requireDeveloper(actor: Parameters<typeof requireSignedIn>[0]): SignedInActor {
  const signedIn = requireSignedIn(actor);
  if (signedIn.role !== "VIEWER") return signedIn;
  throw new AppError("FORBIDDEN", "Cannot change anything as a VIEWER of this instance");
}
