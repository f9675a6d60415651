import { basename } from "node:path";
import { systemClock } from "../base/clock.ts";
import { readConfig } from "../base/config.ts";
import { AppError } from "../base/errors.ts";
import { unpackBackup } from "../database/archives.ts";
import { backupPath } from "../database/backups.ts";
import { readMigrationReport } from "../database/migrations.ts";
import { dataPaths, lockDataFolder, MIGRATIONS } from "./data_folder.ts";
import { beginRestore, finishRestore } from "./restore_journal.ts";
import { readArguments, say, tell } from "./terminal.ts";

const WORK_FOLDER = ".restoring-";

/** `db:restore`: puts an archive's data in the place of what is there, which is kept aside. */
export async function restoreDatabase(args: string[]): Promise<number> {
  const { values, positionals: [name = ""] } = readArguments("db:restore FILE --yes", args, {
    options: { yes: { type: "boolean" } },
    positionals: 1,
  });
  const { dataDir, secretKeys } = readConfig(Deno.env);
  const paths = dataPaths(dataDir);
  const archive = backupPath(paths.backups, name);
  if (values["yes"] !== true) {
    throw new AppError(
      "INVALID_INPUT",
      `Cannot restore without --yes: the data in "${dataDir}" would be replaced by "${archive}"`,
    );
  }
  if (!await isFile(archive)) throw new AppError("UNAVAILABLE", `Cannot restore "${archive}": there is no such file`);
  using _lock = await lockDataFolder(dataDir);
  await removeLeftovers(dataDir);
  const time = new Date(systemClock.now()).toISOString().replace(/[-:.]/g, "");
  const incoming = `${dataDir}/${WORK_FOLDER}${time}`;
  const aside = `before-restore-${time}`;
  await Deno.mkdir(incoming, { mode: 0o700 });
  try {
    const files = await unpackAndCheck(archive, incoming);
    await beginRestore(dataDir, { incoming: basename(incoming), aside, archive: basename(archive), files });
  } catch (error) {
    await Deno.remove(incoming, { recursive: true });
    throw error;
  }
  await finishRestore(dataDir);
  say(`Restored ${archive}`);
  tell(`What was there before lies in ${dataDir}/${aside}`);
  if (secretKeys === null && !await isFile(paths.secretKey)) {
    tell("There is no secret.key: what was sealed under the old one can't be read, and the next start makes a new one");
  }
  return 0;
}

/** What a restore left that was killed before it began to exchange files: taking the lock finishes one that had begun. */
async function removeLeftovers(dataDir: string): Promise<void> {
  for await (const { name } of Deno.readDir(dataDir)) {
    if (name.startsWith(WORK_FOLDER)) await Deno.remove(`${dataDir}/${name}`, { recursive: true });
  }
}

async function unpackAndCheck(archive: string, incoming: string): Promise<string[]> {
  try {
    const { schemaVersion, files } = await unpackBackup(archive, incoming);
    if (schemaVersion !== null) await requireKnown(`${incoming}/fingerpost.db`, archive);
    return files.map(({ name }) => name);
  } catch (error) {
    // The archive is at fault and not how the task was called.
    if (error instanceof AppError && error.code === "INVALID_INPUT") throw new AppError("CONFLICT", error.message);
    throw error;
  }
}

/** The next start migrates an older schema, and would refuse one that went through what this code does not have. */
async function requireKnown(database: string, archive: string): Promise<void> {
  const { migrations } = await readMigrationReport(database, MIGRATIONS);
  const foreign = migrations.find(({ state }) => state !== "applied" && state !== "pending");
  if (foreign === undefined) return;
  const { version, name, state } = foreign;
  const reason = state === "missing" ? "is not in this code: is the archive newer?" : `is ${state} in this code`;
  throw new AppError("CONFLICT", `Cannot restore "${archive}": its migration ${version}_${name} ${reason}`);
}

async function isFile(path: string): Promise<boolean> {
  return await Deno.stat(path).then((stat) => stat.isFile, () => false);
}
