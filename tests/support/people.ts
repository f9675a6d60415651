import { DatabaseSync } from "node:sqlite";
import { newId, toGlobalId } from "../../src/base/ids.ts";
import type { RunningApp } from "./running_app.ts";
import { makeSession } from "./sessions.ts";

/** Somebody with an account, signed in. */
export interface Person {
  /** The global id. */
  id: string;
  email: string;
  token: string;
}

/** Adds an account straight to the database, for as long as no mutation makes one; its password is the first admin's. */
export async function addPerson(
  app: RunningApp,
  role: "ADMIN" | "DEVELOPER" | "VIEWER" = "DEVELOPER",
): Promise<Person> {
  const id = newId();
  const email = `${role.toLowerCase()}.${id}@example.org`;
  write(app, (database) =>
    database.prepare(`
      INSERT INTO users (id, email, email_key, name, role, password_hash, created_at, updated_at)
      SELECT ?, ?, ?, ?, ?, password_hash, 0, 0 FROM users LIMIT 1`).run(id, email, email, `A ${role}`, role));
  return { id: toGlobalId("User", id), email, token: await makeSession(app, id) };
}

/** Puts a person into a project, or out of it with null. */
export function setMember(
  app: RunningApp,
  membership: { projectId: string; personId: string; role: "OWNER" | "EDITOR" | "VIEWER" | null },
): void {
  const keys = [membership.projectId, membership.personId].map((id) => id.slice(id.indexOf("_") + 1));
  write(app, (database) => {
    database.prepare("DELETE FROM project_members WHERE project_id = ? AND user_id = ?").run(...keys);
    if (membership.role === null) return;
    database.prepare("INSERT INTO project_members (project_id, user_id, role, created_at) VALUES (?, ?, ?, 0)")
      .run(...keys, membership.role);
  });
}

/** Runs work on the app's own database file, beside the server. */
export function write<T>(app: Pick<RunningApp, "dataDir">, work: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(`${app.dataDir}/fingerpost.db`, { timeout: 5_000 });
  try {
    return work(database);
  } finally {
    database.close();
  }
}
