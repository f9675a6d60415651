import { readConfig } from "../base/config.ts";
import { type MigrationReport, readMigrationReport } from "../database/migrations.ts";
import { dataPaths, MIGRATIONS } from "./data_folder.ts";
import { describeDrift, isUpToDate } from "./drift.ts";
import { readArguments, say } from "./terminal.ts";

/** `db:status`: every migration and what became of it, and where the schema drifted. Exit code 1 unless all are applied and nothing drifted. */
export async function showDatabaseStatus(args: string[]): Promise<number> {
  const { values } = readArguments("db:status [--json]", args, { options: { json: { type: "boolean" } } });
  const { dataDir } = readConfig(Deno.env);
  const report = await readMigrationReport(dataPaths(dataDir).database, MIGRATIONS);
  if (values["json"] === true) say(JSON.stringify({ upToDate: isUpToDate(report), ...report }, null, 2));
  else for (const line of describe(report)) say(line);
  return isUpToDate(report) ? 0 : 1;
}

function describe(report: MigrationReport): string[] {
  const lines = report.migrations.map(({ version, name, state, appliedAt, durationMs }) => {
    const when = appliedAt === null ? "" : `${new Date(appliedAt).toISOString()}  ${(durationMs ?? 0).toFixed(1)} ms`;
    return `${state.padEnd(12)}  ${version}_${name}  ${when}`.trimEnd();
  });
  return [...lines, ...describeDrift(report).map((line) => `drifted       ${line}`)];
}
