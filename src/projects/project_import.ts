import type { Audit } from "../audit/audit.ts";
import { systemActor } from "../base/actor.ts";
import { newIdAt } from "../base/ids.ts";
import type { ProjectRole } from "../base/permissions.ts";
import type { Connection } from "../database/database.ts";
import { findOwnByName, insertProject, upsertMember } from "./_rows.ts";

/** A project to be, from a seed. */
export interface ImportedProject {
  name: string;
  ownerId: string;
  members: { userId: string; role: ProjectRole }[];
  /** Milliseconds since the Unix epoch. */
  createdAt: number;
}

/** Makes a project, or adds members to the owner's one of that name, in the caller's transaction. For seeds: nobody's permission is asked. */
export async function importProject(
  connection: Connection,
  audit: Audit,
  project: ImportedProject,
): Promise<{ id: string; isNew: boolean }> {
  const { name, ownerId, members, createdAt } = project;
  const existing = await findOwnByName(connection, ownerId, name);
  const id = existing ?? newIdAt(createdAt);
  if (existing === null) {
    await insertProject(connection, { id, name, revision: 0, createdAt }, ownerId);
    await audit.record(connection, systemActor, { kind: "project.created", subjectId: id });
  }
  for (const { userId, role } of members) await upsertMember(connection, { projectId: id, userId, role }, createdAt);
  return { id, isNew: existing === null };
}
