import sql from "sql-template-tag";
import type { Connection } from "../database/database.ts";

/** What the demo made itself; what hangs on these goes with them. */
export type DemoRowKind = "user" | "project";

/** Remembers a row of the demo. */
export async function insertDemoRow(connection: Connection, kind: DemoRowKind, id: string): Promise<void> {
  await connection.run(sql`INSERT INTO demo_rows (kind, row_id) VALUES (${kind}, ${id}) ON CONFLICT DO NOTHING`);
}

/** How many elements in demo projects somebody else captured. */
export async function countForeignElements(connection: Connection): Promise<number> {
  const row = await connection.get<{ count: number }>(sql`
    SELECT count(*) AS count FROM elements WHERE project_id IN (SELECT row_id FROM demo_rows WHERE kind = 'project')
      AND captured_by IS NOT NULL AND captured_by NOT IN (SELECT row_id FROM demo_rows WHERE kind = 'user')`);
  return row?.count ?? 0;
}

/** Deletes the demo's projects with all in them, its users, and the memory of them; the ids of each. */
export async function deleteDemo(connection: Connection): Promise<{ projects: string[]; users: string[] }> {
  const projects = await connection.all<{ id: string }>(
    sql`DELETE FROM projects WHERE id IN (SELECT row_id FROM demo_rows WHERE kind = 'project') RETURNING id`,
  );
  const users = await connection.all<{ id: string }>(
    sql`DELETE FROM users WHERE id IN (SELECT row_id FROM demo_rows WHERE kind = 'user') RETURNING id`,
  );
  await connection.run(sql`DELETE FROM demo_rows`);
  return { projects: projects.map(({ id }) => id), users: users.map(({ id }) => id) };
}
