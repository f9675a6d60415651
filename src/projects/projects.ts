import type { Audit } from "../audit/audit.ts";
import { type Actor, requireSession, requireSignedIn, type SignedInActor } from "../base/actor.ts";
import type { Clock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import { newId, toGlobalId } from "../base/ids.ts";
import {
  type Permission,
  PROJECT_ROLES,
  type ProjectRole,
  requirePermission,
  requireProjectPermission,
} from "../base/permissions.ts";
import type { Connection, Database } from "../database/database.ts";
import { remember } from "../database/memory.ts";
import { type Page, type Slice, toSlice } from "../graphql/pages.ts";
import {
  countProjects,
  deleteMember,
  findFirstOwn,
  findProjects,
  findRole,
  hasOtherOwner,
  insertProject,
  listMembers,
  listProjects,
  type ProjectScope,
  takeRevision,
  upsertMember,
} from "./_rows.ts";

/** What elements, rooms and tokens belong to. Times are milliseconds since the Unix epoch. */
export interface Project {
  id: string;
  name: string;
  /** The number of changes to its elements so far. */
  revision: number;
  createdAt: number;
}

/** A person in a project. */
export interface ProjectMember {
  projectId: string;
  userId: string;
  role: ProjectRole;
}

/** Somebody came into a project, left it, or has another role in it. */
export interface MemberChange {
  projectId: string;
  userId: string;
  /** null: out of the project. */
  role: ProjectRole | null;
}

/** What a permission is asked for; what `hiddenAs` makes is thrown to who may not see the project, else that it can't be found. */
export interface PermissionRequest {
  projectId: string;
  permission: Permission;
  hiddenAs?: () => AppError;
}

/** Projects, their members, and the one place that decides what a member may do. */
export interface Projects {
  /** Makes a project that the actor owns. Throws `UNAUTHENTICATED`, `FORBIDDEN`. */
  create(actor: Actor, input: { name: string }): Promise<Project>;
  /** A project that the actor is a member of, or any for an admin. Throws `UNAUTHENTICATED`, `NOT_FOUND`. */
  get(actor: Actor, id: string): Promise<Project>;
  /** The projects that the actor may see, newest first. Throws `UNAUTHENTICATED`. */
  list(actor: Actor, page: Page): Promise<Slice<Project>>;
  /** Projects that the actor was already shown by reference, in the order of the ids, null where there is none any more. */
  byIds(ids: readonly string[]): Promise<(Project | null)[]>;
  /** The members of projects that the actor was already shown, a list for each id. */
  membersOf(ids: readonly string[]): Promise<ProjectMember[][]>;
  /** Puts somebody into a project, gives them another role, or takes them out. For owners, and admins in any project. Throws `NOT_FOUND`, `FORBIDDEN`, `CONFLICT` for the last owner. */
  setMember(actor: Actor, change: MemberChange): Promise<Project>;
  /** Has `listener` told of each change of members once it is stored: what lasts longer than a request asks for its right again. */
  onMemberChanged(listener: (change: MemberChange) => void): void;
  /** The first project that the actor owns, by age; a token that is good for one project alone has that one. Throws `NOT_FOUND`. */
  firstOwn(actor: Actor): Promise<string>;
  /** The actor, known to hold the permission. Throws `UNAUTHENTICATED`, `NOT_FOUND`, `FORBIDDEN`. */
  authorize(actor: Actor, request: PermissionRequest): Promise<SignedInActor>;
  /** Takes the project's next revision in the caller's transaction. Throws `NOT_FOUND`. */
  takeRevision(connection: Connection, id: string): Promise<number>;
}

/** What the projects room is built on. */
export interface ProjectsDependencies {
  database: Database;
  audit: Audit;
  clock: Clock;
}

/** A UUID's. */
const ID_LENGTH = 36;
/** Roles that are remembered until the database changes. */
const MAX_REMEMBERED = 10_000;

/** Builds the projects room. */
export function createProjects({ database, audit, clock }: ProjectsDependencies): Projects {
  const { read } = database;
  const rememberedRole = remember(database, {
    capacity: MAX_REMEMBERED,
    load: (ids) => findRole(read, ids.slice(0, ID_LENGTH), ids.slice(ID_LENGTH)),
  });
  const memberListeners: ((change: MemberChange) => void)[] = [];
  const onMemberChanged: Projects["onMemberChanged"] = (listener) => void memberListeners.push(listener);
  const reads = { get, list, byIds, membersOf, firstOwn, authorize };
  return { ...reads, create, setMember, onMemberChanged, takeRevision: nextRevision };

  async function create(actor: Actor, { name }: { name: string }): Promise<Project> {
    const owner = requirePermission(actor, "CREATE_PROJECTS");
    const project = { id: newId(), name, revision: 0, createdAt: clock.now() };
    await database.write(async (connection) => {
      await insertProject(connection, project, owner.userId);
      await audit.record(connection, actor, { kind: "project.created", subjectId: project.id });
    });
    return project;
  }

  async function get(actor: Actor, id: string): Promise<Project> {
    const signedIn = requireSignedIn(actor);
    const [project] = await findProjects(read, [id]);
    if (project === undefined) throw notFound(id);
    if (await roleOf(signedIn, id) === null && !seesAll(signedIn)) throw notFound(id, "hidden");
    return project;
  }

  async function list(actor: Actor, page: Page): Promise<Slice<Project>> {
    const scope = scopeOf(requireSignedIn(actor));
    return toSlice(page, await listProjects(read, scope, page), () => countProjects(read, scope));
  }

  async function byIds(ids: readonly string[]): Promise<(Project | null)[]> {
    const projects = new Map((await findProjects(read, ids)).map((project) => [project.id, project]));
    return ids.map((id) => projects.get(id) ?? null);
  }

  async function membersOf(ids: readonly string[]): Promise<ProjectMember[][]> {
    const members = Map.groupBy(await listMembers(read, ids), (member) => member.projectId);
    return ids.map((id) => members.get(id) ?? []);
  }

  async function setMember(actor: Actor, change: MemberChange): Promise<Project> {
    const { projectId, userId, role } = change;
    requireSession(actor);
    const project = await get(actor, projectId);
    const { role: actorRole } = requirePermission(actor, "MANAGE_MEMBERS");
    if (actorRole !== "ADMIN") await authorize(actor, { projectId, permission: "MANAGE_MEMBERS" });
    await database.write(async (connection) => {
      const before = await findRole(connection, projectId, userId);
      if (before === role) return;
      // In the transaction: of two owners who take each other out at once, one stays.
      if (before === "OWNER" && !await hasOtherOwner(connection, projectId, userId)) {
        throw new AppError("CONFLICT", "Cannot leave the project without an owner: make another one first");
      }
      if (role === null) await deleteMember(connection, projectId, userId);
      else if (!await upsertMember(connection, { projectId, userId, role }, clock.now())) {
        throw new AppError("NOT_FOUND", `Cannot find user "${toGlobalId("User", userId)}"`);
      }
      await audit.record(connection, actor, {
        kind: "project.member_changed",
        subjectId: projectId,
        details: { userId, from: before, to: role, self: raisesSelf(actor, change, before) },
      });
    });
    for (const listener of memberListeners) listener(change);
    return project;
  }

  async function firstOwn(actor: Actor): Promise<string> {
    const signedIn = requireSignedIn(actor);
    const limited = signedIn.kind === "token" ? signedIn.projectId : null;
    const id = limited ?? await findFirstOwn(read, signedIn.userId);
    if (id === null) throw new AppError("NOT_FOUND", "Cannot find a project of your own: make one with createProject");
    return id;
  }

  async function authorize(actor: Actor, { projectId, permission, hiddenAs }: PermissionRequest) {
    const signedIn = requireSignedIn(actor);
    const role = await roleOf(signedIn, projectId);
    if (role !== null) return requireProjectPermission(signedIn, role, permission);
    if (hiddenAs !== undefined) {
      const { code, message } = hiddenAs();
      throw new AppError(code, message, { refusal: "hidden" });
    }
    // An admin sees that the project exists, and what is in it only as a member.
    await get(actor, projectId);
    throw new AppError("FORBIDDEN", "Cannot do this as an admin who is no member of the project");
  }

  async function nextRevision(connection: Connection, id: string): Promise<number> {
    const revision = await takeRevision(connection, id, clock.now());
    if (revision === null) throw notFound(id);
    return revision;
  }

  async function roleOf(actor: SignedInActor, projectId: string): Promise<ProjectRole | null> {
    if (actor.kind === "token" && actor.projectId !== null && actor.projectId !== projectId) return null;
    return await rememberedRole(`${projectId}${actor.userId}`);
  }
}

// What an admin who looks into others' projects does first.
function raisesSelf(actor: Actor, { userId, role }: MemberChange, before: ProjectRole | null): boolean {
  const rank = (held: ProjectRole | null) => held === null ? -1 : PROJECT_ROLES.indexOf(held);
  return "userId" in actor && actor.userId === userId && rank(role) > rank(before);
}

function seesAll(actor: SignedInActor): boolean {
  return actor.role === "ADMIN" && (actor.kind === "user" || actor.projectId === null);
}

function scopeOf(actor: SignedInActor): ProjectScope {
  const projectId = actor.kind === "token" ? actor.projectId : null;
  return { memberId: seesAll(actor) ? null : actor.userId, projectId };
}

function notFound(id: string, refusal?: "hidden"): AppError {
  const message = `Cannot find project "${toGlobalId("Project", id)}"`;
  return new AppError("NOT_FOUND", message, refusal === undefined ? {} : { refusal });
}
