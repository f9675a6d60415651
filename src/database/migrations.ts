import { DatabaseSync } from "node:sqlite";
import type { Clock } from "../base/clock.ts";
import { AppError, invalidInput } from "../base/errors.ts";
import {
  type Destruction,
  findDerivedTables,
  findDestructions,
  isHarmless,
  sortTables,
  type Tables,
} from "./_destructive.ts";
import {
  compareLedger,
  createLedger,
  deleteEntry,
  insertEntry,
  type MigrationStatus,
  readLedger,
  requireConsistent,
} from "./_ledger.ts";
import { type MigrationFile, readMigrationFiles, refused } from "./_migration_files.ts";
import { compareSchemas, readSchema, type SchemaDifference } from "./_schema.ts";
import { openConnection, translated } from "./database.ts";

/** What `migrate` and `rollBack` need. */
export interface MigrateOptions {
  /** The SQLite file. */
  path: string;
  /** The folder of `<UTC yyyymmddhhmmss>_<noun>.sql` files. */
  folder: string;
  clock: Clock;
  /** Ends with this version applied; absent: with all of them, or with all but the last. */
  to?: string;
  /** Whether statements may run that lose data. */
  allowDestructive?: boolean;
  /** Called once before the first change of a file that holds data; if it throws, nothing is changed. */
  backUp?: () => Promise<void>;
  /** Told each statement that loses data, before anything runs. */
  onDestructive?: (destruction: Destruction) => void;
}

/** A migration that ran. */
export interface MigrationRun {
  version: string;
  name: string;
  durationMs: number;
}

/** What the file went through, what is to come, and where its schema is not what the migrations make. */
export interface MigrationReport {
  migrations: MigrationStatus[];
  /** Empty also where an applied file is missing or edited: then nobody can say what it made. */
  drift: SchemaDifference[];
}

/**
 * Applies what is pending, each file in one transaction with a check of every foreign key, and returns what ran. One process
 * at a time does it; the lock of a killed one is free. Throws `CONFLICT` that names file and line: an applied file was
 * edited, is missing, or a pending one is older than an applied one, a statement that fails, and one that loses data unless
 * that is allowed; `INVALID_INPUT` for a version that there is not.
 */
export function migrate(options: MigrateOptions): Promise<MigrationRun[]> {
  return exclusively(options, async ({ connection, files }) => {
    translated(() => createLedger(connection));
    const plan = planUp(connection, files, options.to);
    requireAllowed(destructionsOf(plan, "up", files), "db:migrate", options);
    if (plan.length > 0 && sortedTables(connection, files).withData.length > 0) await options.backUp?.();
    return plan.map((file) => inTransaction(connection, () => apply(connection, file, options.clock)));
  });
}

/** Undoes the last migration, or all after `to`, newest first, and returns what was undone. Throws as `migrate` does, and for a missing `down`. */
export function rollBack(options: MigrateOptions): Promise<MigrationRun[]> {
  return exclusively(options, async ({ connection, files }) => {
    const plan = planDown(connection, files, options.to);
    const tables = sortedTables(connection, files);
    const destructions = destructionsOf(plan, "down", files);
    requireAllowed(destructions.filter((destruction) => !isHarmless(destruction, tables)), "db:rollback", options);
    if (plan.length > 0 && tables.withData.length > 0) await options.backUp?.();
    return plan.map((file) => inTransaction(connection, () => undo(connection, file)));
  });
}

/** What `migrate` would change of the schema: applies everything in a transaction that is rolled back. A file that does not exist is not made. Throws as `migrate` does. */
export async function tryMigrations(
  options: MigrateOptions,
): Promise<{ runs: MigrationRun[]; changes: SchemaDifference[] }> {
  if (await exists(options.path)) return await exclusively(options, (place) => Promise.resolve(tryAll(place, options)));
  using connection = new DatabaseSync(":memory:");
  return tryAll({ connection, files: await readMigrationFiles(options.folder) }, options);
}

/** Looks only; a file that does not exist has everything pending. Throws `CONFLICT` for the folder, `UNAVAILABLE` for the file. */
export async function readMigrationReport(path: string, folder: string): Promise<MigrationReport> {
  const files = await readMigrationFiles(folder);
  if (!await exists(path)) return { migrations: compareLedger([], files), drift: [] };
  using connection = openConnection(path, { readOnly: true });
  const migrations = translated(() => compareLedger(readLedger(connection), files));
  if (migrations.some(({ state }) => state === "missing" || state === "edited")) return { migrations, drift: [] };
  using pristine = makePristine(connection, files);
  return { migrations, drift: compareSchemas(readSchema(pristine), readSchema(connection)) };
}

interface Workplace {
  connection: DatabaseSync;
  files: MigrationFile[];
}

async function exclusively<T>(options: MigrateOptions, work: (workplace: Workplace) => Promise<T>): Promise<T> {
  const files = await readMigrationFiles(options.folder);
  // Of the operating system, which frees it however its holder ends.
  using lock = await Deno.open(`${options.path}.migrating`, { create: true, write: true, mode: 0o600 });
  await lock.lock(true);
  await makePrivateFile(options.path);
  using connection = openConnection(options.path, { readOnly: false });
  // Dropping a table would else delete what refers to it; every key is checked before the commit instead.
  connection.exec("PRAGMA foreign_keys = OFF");
  requireConsistent(translated(() => compareLedger(readLedger(connection), files)));
  return await work({ connection, files });
}

function tryAll({ connection, files }: Workplace, options: MigrateOptions) {
  translated(() => connection.exec("BEGIN IMMEDIATE"));
  try {
    const before = readSchema(connection);
    createLedger(connection);
    const plan = planUp(connection, files, options.to);
    for (const destruction of destructionsOf(plan, "up", files)) options.onDestructive?.(destruction);
    const runs = plan.map((file) => apply(connection, file, options.clock));
    return { runs, changes: compareSchemas(before, readSchema(connection)) };
  } finally {
    if (connection.isTransaction) connection.exec("ROLLBACK");
  }
}

function sortedTables(connection: DatabaseSync, files: MigrationFile[]): Tables {
  using pristine = makePristine(connection, files);
  return sortTables(connection, pristine);
}

/** A database in memory that went through the same migrations and holds nothing else. */
function makePristine(connection: DatabaseSync, files: MigrationFile[]): DatabaseSync {
  const pristine = new DatabaseSync(":memory:", { enableForeignKeyConstraints: false });
  const applied = new Set(readLedger(connection).map(({ version }) => version));
  if (applied.size > 0) createLedger(pristine);
  for (const file of files.filter(({ version }) => applied.has(version))) {
    for (const { sql } of file.up) pristine.exec(sql);
  }
  return pristine;
}

function planUp(connection: DatabaseSync, files: MigrationFile[], to: string | undefined): MigrationFile[] {
  requireVersion(files, to);
  const applied = readLedger(connection).length;
  return files.slice(applied).filter(({ version }) => to === undefined || version <= to);
}

function planDown(connection: DatabaseSync, files: MigrationFile[], to: string | undefined): MigrationFile[] {
  requireVersion(files, to);
  const applied = files.slice(0, readLedger(connection).length);
  const plan = to === undefined ? applied.slice(-1) : applied.filter(({ version }) => version > to);
  for (const { fileName, down } of plan) {
    if (down.length === 0) throw refused(fileName, "has no `-- down` part to roll it back with");
  }
  return plan.reverse();
}

function requireVersion(files: MigrationFile[], to: string | undefined): void {
  if (to === undefined || files.some(({ version }) => version === to)) return;
  throw invalidInput(["to"], `Cannot migrate to "${to}": there is no such version`);
}

function destructionsOf(plan: MigrationFile[], part: "up" | "down", files: MigrationFile[]): Destruction[] {
  const derived = findDerivedTables(files);
  return plan.flatMap((file) => findDestructions(file, part)).filter(({ table }) => !derived.has(table.toLowerCase()));
}

function requireAllowed(
  destructions: Destruction[],
  task: string,
  { allowDestructive, onDestructive }: MigrateOptions,
): void {
  for (const destruction of destructions) onDestructive?.(destruction);
  const [first] = destructions;
  if (first === undefined || allowDestructive === true) return;
  throw new AppError(
    "CONFLICT",
    `Cannot migrate: "${first.fileName}", line ${first.line}: ${first.action} loses the data of "${first.table}"; ` +
      `\`deno task ${task} --allow-destructive\` allows it`,
  );
}

function inTransaction<T>(connection: DatabaseSync, work: () => T): T {
  translated(() => connection.exec("BEGIN IMMEDIATE"));
  try {
    const result = work();
    translated(() => connection.exec("COMMIT"));
    return result;
  } catch (error) {
    if (connection.isTransaction) connection.exec("ROLLBACK");
    throw error;
  }
}

function apply(connection: DatabaseSync, file: MigrationFile, clock: Clock): MigrationRun {
  const durationMs = runPart(connection, file, "up");
  const { version, name, sha256 } = file;
  insertEntry(connection, { version, name, sha256, appliedAt: clock.now(), durationMs });
  return { version, name, durationMs };
}

function undo(connection: DatabaseSync, file: MigrationFile): MigrationRun {
  const durationMs = runPart(connection, file, "down");
  deleteEntry(connection, file.version);
  return { version: file.version, name: file.name, durationMs };
}

function runPart(connection: DatabaseSync, file: MigrationFile, part: "up" | "down"): number {
  const startedAt = performance.now();
  for (const { sql, line } of file[part]) {
    try {
      translated(() => connection.exec(sql));
    } catch (error) {
      if (error instanceof AppError) throw error;
      throw refused(file.fileName, `line ${line}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const broken = connection.prepare("PRAGMA foreign_key_check").get();
  if (broken !== undefined) {
    throw refused(file.fileName, `breaks a foreign key of the table "${broken["table"]}" to "${broken["parent"]}"`);
  }
  return performance.now() - startedAt;
}

/** SQLite would make one that others can read. One that is there is not opened: to close it would end the locks of SQLite. */
async function makePrivateFile(path: string): Promise<void> {
  try {
    using _file = await Deno.open(path, { createNew: true, write: true, mode: 0o600 });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(({ size }) => size > 0, () => false);
}
