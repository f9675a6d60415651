import type { Audit } from "../audit/audit.ts";
import { systemActor } from "../base/actor.ts";
import { systemClock } from "../base/clock.ts";
import { type Config, readConfig } from "../base/config.ts";
import { AppError } from "../base/errors.ts";
import { type Database, openDatabase } from "../database/database.ts";
import { migrate, readMigrationReport } from "../database/migrations.ts";
import { createSealer } from "../database/sealing.ts";
import { insertDefaultRules } from "../rate_limits/default_rules.ts";
import { createSettings } from "../settings/settings.ts";
import { findUserId } from "../users/user_import.ts";
import { countForeignElements, deleteDemo } from "./_seed_demo_rows.ts";
import { backUpFirst } from "./backup_request.ts";
import { type DataFolder, MIGRATIONS, openDataFolder } from "./data_folder.ts";
import { readSeed, type Seed } from "./seed_data.ts";
import { makeDemoSeed } from "./seed_demo.ts";
import { type SeedResult, writeSeed } from "./seed_writer.ts";
import { openTaskAudit } from "./task_audit.ts";
import { readArguments, say, startProgressBar, tell } from "./terminal.ts";

/** What a seed file may have: it is read whole. */
const MAX_FILE_BYTES = 64 * 1_048_576;

/** `db:seed`: what an empty instance needs, a demo, or a file's users, projects and elements. What is there stays as it is. */
export async function seedDatabase(args: string[]): Promise<number> {
  const { values } = readArguments("db:seed [--demo | --clear | --file FILE.json]", args, {
    options: { demo: { type: "boolean" }, clear: { type: "boolean" }, file: { type: "string" } },
  });
  if (Object.keys(values).length > 1) {
    throw new AppError("INVALID_INPUT", "Cannot seed with more than one of --demo, --clear and --file");
  }
  const config = readConfig(Deno.env);
  const { file } = values;
  const isDemo = values["demo"] === true;
  const input = typeof file === "string"
    ? await readFile(file)
    : isDemo
    ? await makeDemoSeed(systemClock.now())
    : undefined;
  using folder = await openDataFolder(config.dataDir, config.secretKeys);
  await requireMigrated(folder);
  await using database = openDatabase(folder.paths.database);
  // Before anything is stored.
  const knows = async (email: string) => await findUserId(database.read, email) !== null;
  const seed = input === undefined ? null : await readSeed(input, knows);
  await using audit = await openTaskAudit(database, config);
  await seedDefaults(database, audit, folder);
  if (seed !== null) await seedFrom(database, audit, seed, isDemo);
  if (values["clear"] === true) await clearDemo(database, audit, config);
  return 0;
}

async function requireMigrated({ paths }: DataFolder): Promise<void> {
  const { migrations } = await readMigrationReport(paths.database, MIGRATIONS);
  if (migrations.every(({ state }) => state === "pending")) {
    await migrate({ path: paths.database, folder: MIGRATIONS, clock: systemClock });
  } else if (migrations.some(({ state }) => state !== "applied")) {
    throw new AppError("CONFLICT", "Cannot seed: run `deno task db:migrate` first");
  }
}

async function seedDefaults(database: Database, audit: Audit, { secretKeys }: DataFolder): Promise<void> {
  const clock = systemClock;
  const settings = createSettings({
    database,
    audit,
    sealer: await createSealer(secretKeys),
    clock,
  });
  const [rules, defaults] = await database.write(async (connection) => [
    await insertDefaultRules(connection, clock.now()),
    await settings.insertDefaults(connection),
  ]);
  tell(`${rules} rate limits and ${defaults} settings added`);
}

async function seedFrom(database: Database, audit: Audit, seed: Seed, isDemo: boolean): Promise<void> {
  using bar = startProgressBar();
  const onProgress = (step: string, done: number, total: number) => bar.show(step, done, total);
  report(await writeSeed(database, seed, { audit, clock: systemClock, isDemo, onProgress }));
}

function report({ users, projects, elements, passwords }: SeedResult): void {
  tell(`${users} users, ${projects} projects and ${elements} elements added`);
  if (passwords.size > 0) tell("Their passwords, shown this once:");
  for (const [email, password] of passwords) say(`${email}  ${password}`);
}

async function clearDemo(database: Database, audit: Audit, { dataDir }: Config): Promise<void> {
  const foreign = await countForeignElements(database.read);
  if (foreign > 0) {
    const backup = await backUpFirst(dataDir);
    tell(`${foreign} elements in the demo's projects were captured by others; they are in the backup ${backup}`);
  }
  const { projects, users } = await database.write(async (connection) => {
    const deleted = await deleteDemo(connection);
    for (const subjectId of deleted.projects) {
      await audit.record(connection, systemActor, { kind: "project.deleted", subjectId });
    }
    for (const subjectId of deleted.users) {
      await audit.record(connection, systemActor, { kind: "user.deleted", subjectId });
    }
    return deleted;
  });
  tell(`${projects.length} projects of the demo and ${users.length} users removed`);
}

async function readFile(path: string): Promise<unknown> {
  try {
    const { size } = await Deno.stat(path);
    if (size > MAX_FILE_BYTES) throw new Error(`it has more than ${MAX_FILE_BYTES} bytes`);
    return JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new AppError("INVALID_INPUT", `Cannot read the seed "${path}": ${reason}`);
  }
}
