import { statfs } from "node:fs/promises";
import { systemClock } from "../base/clock.ts";
import { type Config, readConfig } from "../base/config.ts";
import { AppError } from "../base/errors.ts";
import { verifyBackup } from "../database/archives.ts";
import { listBackups } from "../database/backups.ts";
import { checkFile, type FileHealth } from "../database/health.ts";
import { type MigrationReport, readMigrationReport } from "../database/migrations.ts";
import { type BackupFailure, readFailure } from "./backup_failure.ts";
import { type DataPaths, dataPaths, MIGRATIONS } from "./data_folder.ts";
import { describeDrift } from "./drift.ts";
import { describeHealth } from "./health_text.ts";
import { readStatementFile, type StatementFile } from "./statement_file.ts";
import { readArguments, say } from "./terminal.ts";

/** How one thing stands: "failing" needs somebody now, "warning" soon. */
export interface HealthCheck {
  name: string;
  state: "ok" | "warning" | "failing";
  message: string;
}

/** What `db:health --json` prints. Sizes are bytes, times milliseconds, `…At` since the Unix epoch. */
export interface HealthReport {
  /** Whether nothing is failing. */
  healthy: boolean;
  checks: HealthCheck[];
  files: { "fingerpost.db": FileHealth; "kv.db": FileHealth | null };
  diskFreeBytes: number;
  /** `isWhole`: every byte of it is as it was made. */
  lastBackup: { path: string; bytes: number; madeAt: number; isWhole: boolean } | null;
  lastBackupFailure: BackupFailure | null;
  migrations: MigrationReport["migrations"];
  drift: string[];
  /** Of the server that runs, or ran last; null where none did. */
  statements: StatementFile | null;
}

/** What checks are made from. */
type Findings = Omit<HealthReport, "healthy" | "checks">;

const DAY_MS = 86_400_000;
/** A daily backup that is so late was missed. */
const MAX_BACKUP_AGE_MS = 2 * DAY_MS;
/** Upkeep empties the log every few seconds: so much means that it can't. */
const MAX_WAL_BYTES = 256 * 1_048_576;
const MIN_FREE_BYTES = 256 * 1_048_576;

/** `db:health`: looks everything over, beside a running server. Exit code 1 where something is failing. */
export async function showDatabaseHealth(args: string[]): Promise<number> {
  const { values } = readArguments("db:health [--json]", args, { options: { json: { type: "boolean" } } });
  const config = readConfig(Deno.env);
  const report = await makeReport(config, dataPaths(config.dataDir));
  if (values["json"] === true) say(JSON.stringify(report, null, 2));
  else for (const line of describeHealth(report)) say(line);
  return report.healthy ? 0 : 1;
}

async function makeReport(config: Config, paths: DataPaths): Promise<HealthReport> {
  if (!await hasBytes(paths.database)) {
    throw new AppError("UNAVAILABLE", `Cannot look "${paths.database}" over: there is no database`);
  }
  const database = await checkFile(paths.database);
  const isSound = database.integrityFaults.length === 0;
  const migrationReport = isSound
    ? await readMigrationReport(paths.database, MIGRATIONS)
    : { migrations: [], drift: [] };
  const disk = await statfs(config.dataDir);
  const findings: Findings = {
    files: {
      "fingerpost.db": database,
      "kv.db": await hasBytes(paths.kv) ? await checkFile(paths.kv) : null,
    },
    diskFreeBytes: disk.bavail * disk.bsize,
    lastBackup: await findLastBackup(paths.backups),
    lastBackupFailure: await readFailure(paths.backupFailure),
    migrations: migrationReport.migrations,
    drift: describeDrift(migrationReport),
    statements: await readStatementFile(paths.statements),
  };
  const checks = makeChecks(findings, config);
  return { healthy: checks.every(({ state }) => state !== "failing"), checks, ...findings };
}

function makeChecks(findings: Findings, config: Config): HealthCheck[] {
  const { files, migrations, drift, diskFreeBytes } = findings;
  const all = Object.values(files).filter((file) => file !== null);
  const faults = all.flatMap(({ integrityFaults }) => integrityFaults);
  const orphans = all.flatMap(({ foreignKeyFaults }) =>
    foreignKeyFaults.map(({ table, rows }) => `${rows} of ${table}`)
  );
  const notApplied = migrations.filter(({ state }) => state !== "applied").map(({ version, state }) =>
    `${version} ${state}`
  );
  const walBytes = files["fingerpost.db"].walBytes;
  const needed = Math.max(MIN_FREE_BYTES, 2 * files["fingerpost.db"].fileBytes);
  return [
    check("integrity", faults, "failing"),
    check("foreign keys", orphans, "failing"),
    check("migrations", notApplied, "failing"),
    check("drift", drift, "failing"),
    check("write-ahead log", walBytes > MAX_WAL_BYTES ? [`${walBytes} bytes are not in the file yet`] : [], "warning"),
    check(
      "disk",
      diskFreeBytes < needed ? [`${diskFreeBytes} bytes are free, a backup may need ${needed}`] : [],
      "warning",
    ),
    checkBackups(findings, config),
  ];
}

function check(name: string, faults: string[], state: "warning" | "failing"): HealthCheck {
  return faults.length === 0 ? { name, state: "ok", message: "" } : { name, state, message: faults.join("; ") };
}

function checkBackups({ lastBackup, lastBackupFailure }: Findings, { backupSchedule }: Config): HealthCheck {
  if (lastBackupFailure !== null) return check("backup", [`the latest failed: ${lastBackupFailure.reason}`], "failing");
  if (lastBackup === null) return check("backup", ["there is none yet"], "warning");
  if (!lastBackup.isWhole) return check("backup", [`${lastBackup.path} was cut or changed`], "failing");
  const isLate = backupSchedule !== null && systemClock.now() - lastBackup.madeAt > MAX_BACKUP_AGE_MS;
  return check("backup", isLate ? [`the latest was made ${new Date(lastBackup.madeAt).toISOString()}`] : [], "warning");
}

/** The newest archive, read again: what was sound when it was made may not be any more. */
async function findLastBackup(folder: string): Promise<HealthReport["lastBackup"]> {
  const [latest] = await listBackups(folder);
  if (latest === undefined) return null;
  const isWhole = await verifyBackup(latest.path).then(() => true, () => false);
  return { ...latest, isWhole };
}

async function hasBytes(path: string): Promise<boolean> {
  return await Deno.stat(path).then(({ size }) => size > 0, () => false);
}
