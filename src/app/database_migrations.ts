import { type Config, readConfig } from "../base/config.ts";
import { systemClock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import {
  migrate,
  type MigrateOptions,
  type MigrationRun,
  readMigrationReport,
  rollBack,
  tryMigrations,
} from "../database/migrations.ts";
import { backUpFirst } from "./backup_request.ts";
import { dataPaths, lockDataFolder, MIGRATIONS, openDataFolder } from "./data_folder.ts";
import { recordTask } from "./task_audit.ts";
import { readArguments, say, tell } from "./terminal.ts";

/** `db:init`: makes the data folder and the database as the first start does, without an admin. */
export async function initDatabase(args: string[]): Promise<number> {
  readArguments("db:init", args);
  const config = readConfig(Deno.env);
  using _folder = await openDataFolder(config.dataDir, config.secretKeys);
  await runAndTell("Applied", migrate(optionsFor(config.dataDir, {})), config);
  return 0;
}

/** `db:migrate`: applies what is pending. */
export async function migrateDatabase(args: string[]): Promise<number> {
  const { values } = readArguments("db:migrate [--to VERSION] [--dry-run] [--allow-destructive]", args, {
    options: { to: { type: "string" }, "dry-run": { type: "boolean" }, "allow-destructive": { type: "boolean" } },
  });
  const config = readConfig(Deno.env);
  const { dataDir } = config;
  const options = optionsFor(dataDir, values);
  const { migrations } = await readMigrationReport(options.path, MIGRATIONS);
  // Beside a server that is up to date there is nothing to refuse.
  if (migrations.length > 0 && migrations.every(({ state }) => state === "applied") && values["to"] === undefined) {
    tell("Nothing is pending");
    return 0;
  }
  const isDry = values["dry-run"] === true;
  // Looking makes no folder.
  if (isDry && migrations.every(({ state }) => state === "pending")) return await tryAndTell(options);
  // Also a dry run holds the write lock for as long as it takes: a server would stand still.
  using _lock = await lockDataFolder(dataDir);
  if (isDry) return await tryAndTell(options);
  await runAndTell("Applied", migrate(options), config);
  return 0;
}

/** `db:rollback`: undoes the last migration, or all after one. */
export async function rollBackDatabase(args: string[]): Promise<number> {
  const { values } = readArguments("db:rollback [--to VERSION] [--allow-destructive]", args, {
    options: { to: { type: "string" }, "allow-destructive": { type: "boolean" } },
  });
  const config = readConfig(Deno.env);
  using _lock = await lockDataFolder(config.dataDir);
  await runAndTell("Rolled back", rollBack(optionsFor(config.dataDir, values)), config);
  return 0;
}

/** `db:create`: makes an empty migration, later than all there are. */
export async function createMigration(args: string[]): Promise<number> {
  const { positionals: [name = ""] } = readArguments("db:create NAME", args, { positionals: 1 });
  say(await createMigrationIn(MIGRATIONS, name));
  return 0;
}

/** Makes an empty migration of this name in a folder and returns its path. Throws `INVALID_INPUT`, `CONFLICT`. */
export async function createMigrationIn(folder: string, name: string): Promise<string> {
  if (!/^[a-z0-9_]{1,100}$/.test(name)) {
    throw new AppError(
      "INVALID_INPUT",
      `Cannot name a migration "${name}": use a-z, 0-9 and _, such as element_labels`,
    );
  }
  const latest = Array.from(Deno.readDirSync(folder), (entry) => entry.name.slice(0, 14)).sort().at(-1) ?? "";
  const now = new Date(systemClock.now()).toISOString().replace(/\D/g, "").slice(0, 14);
  if (now <= latest) throw new AppError("CONFLICT", `Cannot make a migration: there is one of ${latest} already`);
  const path = `${folder}/${now}_${name}.sql`;
  await Deno.writeTextFile(path, "-- up\n\n\n-- down\n\n", { createNew: true });
  return path;
}

/** `db:reset`: empties the data folder of its two databases, after a backup, and makes them anew. */
export async function resetDatabase(args: string[]): Promise<number> {
  const { values } = readArguments("db:reset --yes", args, { options: { yes: { type: "boolean" } } });
  const config = readConfig(Deno.env);
  const { dataDir } = config;
  const paths = dataPaths(dataDir);
  if (values["yes"] !== true) {
    throw new AppError(
      "INVALID_INPUT",
      `Cannot reset "${dataDir}" without --yes: all users, elements and events would go`,
    );
  }
  using _lock = await lockDataFolder(dataDir);
  await backUpAndTell(dataDir);
  const databases = [paths.database, paths.kv].flatMap((path) => [path, `${path}-wal`, `${path}-shm`]);
  for (const path of [...databases, paths.auditCheckpoints]) {
    await Deno.remove(path).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
  await runAndTell("Applied", migrate(optionsFor(dataDir, {})), config);
  return 0;
}

function optionsFor(dataDir: string, values: Record<string, string | boolean | undefined>): MigrateOptions {
  const { to } = values;
  return {
    path: dataPaths(dataDir).database,
    folder: MIGRATIONS,
    clock: systemClock,
    ...(typeof to === "string" ? { to } : {}),
    allowDestructive: values["allow-destructive"] === true,
    backUp: () => backUpAndTell(dataDir),
    onDestructive: ({ fileName, line, action, table }) =>
      tell(`Warning: "${fileName}", line ${line}: ${action} loses the data of "${table}"`),
  };
}

async function backUpAndTell(dataDir: string): Promise<void> {
  const path = await backUpFirst(dataDir);
  if (path !== null) tell(`Backed up to ${path}`);
}

async function runAndTell(verb: string, work: Promise<MigrationRun[]>, config: Config): Promise<void> {
  const runs = await work;
  for (const { version, name, durationMs } of runs) say(`${verb} ${version}_${name} in ${durationMs.toFixed(1)} ms`);
  if (runs.length === 0) tell("Nothing to do");
  else await recordMigrations(config, `${verb.toLowerCase()} ${runs.map(({ version }) => version).join(" ")}`);
}

// What was applied or rolled back is so, whatever became of its event: the audit log itself may have been rolled back with the rest.
async function recordMigrations(config: Config, versions: string): Promise<void> {
  await recordTask(config, { kind: "database.migrated", details: { versions } })
    .catch((error: Error) => tell(`The audit log was not told: ${error.message}`));
}

async function tryAndTell(options: MigrateOptions): Promise<number> {
  const { runs, changes } = await tryMigrations(options);
  for (const { version, name } of runs) say(`Would apply ${version}_${name}`);
  for (const { object, before, after } of changes) {
    say(`${before === null ? "+" : after === null ? "-" : "~"} ${object}`);
    const [old, changed] = [before, after].map((text) => text?.split("\n") ?? []);
    for (const line of old ?? []) if (!changed?.includes(line)) say(`  - ${line}`);
    for (const line of changed ?? []) if (!old?.includes(line)) say(`  + ${line}`);
  }
  if (runs.length === 0) tell("Nothing is pending");
  return 0;
}
