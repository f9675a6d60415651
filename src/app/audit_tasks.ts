import { exportLog, verifyExport } from "../audit/export.ts";
import { type ChainVerification, verifyLog } from "../audit/verification.ts";
import { type Config, readConfig } from "../base/config.ts";
import { AppError } from "../base/errors.ts";
import { openDatabase, openReader } from "../database/database.ts";
import { readMigrationReport } from "../database/migrations.ts";
import { createSealer, type Sealer } from "../database/sealing.ts";
import { dataPaths, MIGRATIONS } from "./data_folder.ts";
import { readSecretKeys } from "./secret_keys.ts";
import { openTaskAudit } from "./task_audit.ts";
import { readArguments, say, startProgressBar, tell } from "./terminal.ts";

/** `audit:verify`: holds the audit log, or an export of it, against its chain. Exit code 1 where it was tampered with. */
export async function verifyAuditLog(args: string[]): Promise<number> {
  const { values } = readArguments("audit:verify [--json] [--file FILE.jsonl]", args, {
    options: { json: { type: "boolean" }, file: { type: "string" } },
  });
  const config = readConfig(Deno.env);
  const { file } = values;
  const startedAt = performance.now();
  const verification = typeof file === "string"
    ? await verifyExport(file, await openSealer(config))
    : await verifyDataFolder(config);
  const durationMs = Math.round(performance.now() - startedAt);
  if (values["json"] === true) say(JSON.stringify({ ...verification, durationMs }));
  else say(describe(verification, durationMs));
  return verification.valid ? 0 : 1;
}

/** `audit:export`: writes the audit log as JSON Lines, beside a running server. */
export async function exportAuditLog(args: string[]): Promise<number> {
  const { values } = readArguments("audit:export [--to FILE.jsonl]", args, { options: { to: { type: "string" } } });
  const config = readConfig(Deno.env);
  const { database: databaseFile } = await requireDatabase(config);
  await using database = openDatabase(databaseFile);
  {
    // Disposed first: the end that it signs is what shows whether the export is whole.
    await using _audit = await openTaskAudit(database, config);
  }
  const { to } = values;
  using bar = startProgressBar();
  const onProgress = (done: number, total: number) => bar.show("export", done, total);
  const events = await exportLog(database.read, { path: typeof to === "string" ? to : null, onProgress });
  tell(`${events} events exported`);
  return 0;
}

async function verifyDataFolder(config: Config): Promise<ChainVerification> {
  const { database: databaseFile, auditCheckpoints: checkpointFile } = await requireDatabase(config);
  using connection = openReader(databaseFile);
  using bar = startProgressBar();
  const onProgress = (done: number, total: number) => bar.show("verify", done, total);
  return await verifyLog({ connection, databaseFile, checkpointFile, sealer: await openSealer(config), onProgress });
}

async function requireDatabase({ dataDir }: Config) {
  const paths = dataPaths(dataDir);
  const hasBytes = await Deno.stat(paths.database).then(({ size }) => size > 0, () => false);
  if (!hasBytes) throw new AppError("UNAVAILABLE", `Cannot read "${paths.database}": there is no database`);
  const { migrations } = await readMigrationReport(paths.database, MIGRATIONS);
  if (migrations.some(({ state }) => state === "pending")) {
    throw new AppError("CONFLICT", "Cannot read the audit log: run `deno task db:migrate` first");
  }
  return paths;
}

async function openSealer({ dataDir, secretKeys }: Config): Promise<Sealer> {
  if (secretKeys !== null) return await createSealer(secretKeys);
  const { secretKey } = dataPaths(dataDir);
  if (await Deno.stat(secretKey).then(() => true, () => false)) {
    return await createSealer(await readSecretKeys(secretKey));
  }
  throw new AppError(
    "INVALID_INPUT",
    `Cannot verify without the secret key: set FINGERPOST_SECRET_KEY, or "${secretKey}"`,
  );
}

function describe({ valid, checked, firstBrokenSequence, fault }: ChainVerification, durationMs: number): string {
  const seconds = (durationMs / 1_000).toFixed(1);
  if (valid) return `The audit log holds: ${checked} events in ${seconds} s`;
  return `The audit log does not hold from event ${firstBrokenSequence} on: ${fault}. ${checked} events before it hold`;
}
