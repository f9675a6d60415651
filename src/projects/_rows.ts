import sql, { empty } from "sql-template-tag";
import type { ProjectRole } from "../base/permissions.ts";
import type { Connection } from "../database/database.ts";
import { listOf } from "../database/lists.ts";
import type { Page } from "../graphql/pages.ts";
import type { Project, ProjectMember } from "./projects.ts";

const COLUMNS = sql`projects.id, projects.name, projects.revision, projects.created_at AS createdAt`;

/** Whose projects a list has: a member's, cut to one project for a token that is good for it alone, or all of them. */
export interface ProjectScope {
  memberId: string | null;
  projectId: string | null;
}

/** Stores a new project and its owner. */
export async function insertProject(connection: Connection, project: Project, ownerId: string): Promise<void> {
  const { id, name, createdAt } = project;
  await connection.run(sql`
    INSERT INTO projects (id, name, created_at, updated_at) VALUES (${id}, ${name}, ${createdAt}, ${createdAt})`);
  await connection.run(sql`
    INSERT INTO project_members (project_id, user_id, role, created_at) VALUES (${id}, ${ownerId}, 'OWNER', ${createdAt})`);
}

/** The projects with these ids, in no order. */
export function findProjects(connection: Connection, ids: readonly string[]): Promise<Project[]> {
  return connection.all<Project>(sql`SELECT ${COLUMNS} FROM projects WHERE id IN ${listOf(ids)}`);
}

/** At most one more than a page of a scope's projects, newest first, or oldest first from the end. */
export function listProjects(connection: Connection, scope: ProjectScope, page: Page): Promise<Project[]> {
  const after = page.after === null ? empty : sql`AND id < ${page.after}`;
  const before = page.before === null ? empty : sql`AND id > ${page.before}`;
  const order = page.fromEnd ? sql`ASC` : sql`DESC`;
  return connection.all<Project>(sql`
    SELECT ${COLUMNS} FROM projects WHERE ${inScope(scope)} ${after} ${before}
    ORDER BY id ${order} LIMIT ${page.limit + 1}`);
}

/** How many projects a scope has. */
export async function countProjects(connection: Connection, scope: ProjectScope): Promise<number> {
  const row = await connection.get<{ count: number }>(
    sql`SELECT count(*) AS count FROM projects WHERE ${inScope(scope)}`,
  );
  return row?.count ?? 0;
}

/** The user's role in the project. */
export async function findRole(connection: Connection, projectId: string, userId: string): Promise<ProjectRole | null> {
  const row = await connection.get<{ role: ProjectRole }>(
    sql`SELECT role FROM project_members WHERE user_id = ${userId} AND project_id = ${projectId}`,
  );
  return row?.role ?? null;
}

/** The first project that the user owns. */
export async function findFirstOwn(connection: Connection, userId: string): Promise<string | null> {
  const row = await connection.get<{ id: string }>(sql`
    SELECT project_id AS id FROM project_members WHERE user_id = ${userId} AND role = 'OWNER' ORDER BY project_id LIMIT 1`);
  return row?.id ?? null;
}

/** The project of this name that the user owns. */
export async function findOwnByName(connection: Connection, userId: string, name: string): Promise<string | null> {
  const row = await connection.get<{ id: string }>(sql`
    SELECT id FROM projects WHERE name = ${name} AND id IN (
      SELECT project_id FROM project_members WHERE user_id = ${userId} AND role = 'OWNER') LIMIT 1`);
  return row?.id ?? null;
}

/** Puts somebody into a project, or gives them another role; false where there is no such user. */
export async function upsertMember(connection: Connection, member: ProjectMember, now: number): Promise<boolean> {
  return await connection.run(sql`
    INSERT INTO project_members (project_id, user_id, role, created_at)
    SELECT ${member.projectId}, id, ${member.role}, ${now} FROM users WHERE id = ${member.userId}
    ON CONFLICT (user_id, project_id) DO UPDATE SET role = excluded.role`) > 0;
}

/** Takes somebody out of a project. */
export async function deleteMember(connection: Connection, projectId: string, userId: string): Promise<void> {
  await connection.run(sql`DELETE FROM project_members WHERE user_id = ${userId} AND project_id = ${projectId}`);
}

/** Whether the project has an owner beside this user. */
export async function hasOtherOwner(connection: Connection, projectId: string, userId: string): Promise<boolean> {
  const row = await connection.get(sql`
    SELECT 1 FROM project_members WHERE project_id = ${projectId} AND user_id <> ${userId} AND role = 'OWNER' LIMIT 1`);
  return row !== undefined;
}

/** The members of these projects. */
export function listMembers(connection: Connection, projectIds: readonly string[]): Promise<ProjectMember[]> {
  return connection.all<ProjectMember>(sql`
    SELECT project_id AS projectId, user_id AS userId, role FROM project_members
    WHERE project_id IN ${listOf(projectIds)} ORDER BY created_at, user_id`);
}

/** Counts one more change to the project's elements and returns the new revision; null if it was deleted meanwhile. */
export async function takeRevision(connection: Connection, projectId: string, now: number): Promise<number | null> {
  const row = await connection.get<{ revision: number }>(sql`
    UPDATE projects SET revision = revision + 1, updated_at = ${now} WHERE id = ${projectId} RETURNING revision`);
  return row?.revision ?? null;
}

function inScope({ memberId, projectId }: ProjectScope) {
  const member = memberId === null
    ? sql`TRUE`
    : sql`id IN (SELECT project_id FROM project_members WHERE user_id = ${memberId})`;
  return projectId === null ? member : sql`${member} AND id = ${projectId}`;
}
