import sql from "sql-template-tag";
import type { Connection } from "../database/database.ts";

/** The versions of the migrations that the file went through, oldest first. */
export async function listAppliedVersions(connection: Connection): Promise<string[]> {
  const rows = await connection.all<{ version: string }>(sql`SELECT version FROM migrations ORDER BY version`);
  return rows.map(({ version }) => version);
}
