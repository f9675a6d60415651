import { AppError } from "../base/errors.ts";
import { finishRestore } from "./restore_journal.ts";
import { readSecretKeys } from "./secret_keys.ts";

/** Where everything lies that a server keeps. */
export interface DataPaths {
  database: string;
  kv: string;
  secretKey: string;
  /** The folder of backups. */
  backups: string;
  /** Why the latest backup failed, if it did. */
  backupFailure: string;
  /** The signed checkpoints of the audit log, beside the table that holds them too. */
  auditCheckpoints: string;
  /** What the statements of the server's latest run cost. */
  statements: string;
  /** The manifest of trusted documents, if the operator put one there. */
  trustedDocuments: string;
  /** The folder of the operator's own MCP tools, if there is one. */
  tools: string;
}

/** The folder that holds everything a server keeps, locked for this process. */
export interface DataFolder extends Disposable {
  paths: DataPaths;
  /** Of 32 bytes each; the first is the current one. */
  secretKeys: Uint8Array<ArrayBuffer>[];
}

/** The folder of migrations that this code comes with. */
export const MIGRATIONS = new URL("../../migrations", import.meta.url).pathname;

const PRIVATE_FOLDER = 0o700;
const PRIVATE_FILE = 0o600;

/** The paths in a data folder. */
export function dataPaths(dataDir: string): DataPaths {
  return {
    database: `${dataDir}/fingerpost.db`,
    kv: `${dataDir}/kv.db`,
    secretKey: `${dataDir}/secret.key`,
    backups: `${dataDir}/backups`,
    backupFailure: `${dataDir}/backup_failure.json`,
    auditCheckpoints: `${dataDir}/audit.checkpoints`,
    statements: `${dataDir}/statements.json`,
    trustedDocuments: `${dataDir}/trusted_documents.json`,
    tools: `${dataDir}/tools`,
  };
}

/**
 * Makes the folder and its files where they are missing, readable by their owner alone, and locks it: a second server on
 * the same files would not hear of the first one's changes. Throws `UNAVAILABLE` with one line.
 */
export async function openDataFolder(path: string, secretKeys: Uint8Array<ArrayBuffer>[] | null): Promise<DataFolder> {
  const paths = dataPaths(path);
  const lock = await lockDataFolder(path);
  try {
    const keys = secretKeys ?? await readSecretKeys(paths.secretKey);
    // SQLite gives its side files the permissions of the main one.
    const files = secretKeys === null ? [paths.database, paths.kv, paths.secretKey] : [paths.database, paths.kv];
    await Promise.all(files.map(makePrivateFile));
    return { paths, secretKeys: keys, [Symbol.dispose]: () => lock[Symbol.dispose]() };
  } catch (error) {
    lock[Symbol.dispose]();
    throw error instanceof AppError ? error : unusable(path, error);
  }
}

/**
 * Makes the folder if it is missing and takes its lock, which a server and every task that changes files under one hold; the
 * operating system lets go of it when the process ends, however it ends. Throws `UNAVAILABLE` if another process has it.
 */
export async function lockDataFolder(path: string): Promise<Disposable> {
  let file: Deno.FsFile | undefined;
  try {
    await Deno.mkdir(path, { recursive: true, mode: PRIVATE_FOLDER });
    file = await Deno.open(`${path}/server.lock`, { create: true, write: true, mode: PRIVATE_FILE });
    if (await file.tryLock(true)) {
      await finishRestore(path);
      return file;
    }
  } catch (error) {
    file?.close();
    throw error instanceof AppError ? error : unusable(path, error);
  }
  file.close();
  throw new AppError("UNAVAILABLE", `Cannot use the data folder "${path}": another server has it open`);
}

function unusable(path: string, error: unknown): AppError {
  const reason = error instanceof Error ? error.message : String(error);
  return new AppError("UNAVAILABLE", `Cannot use the data folder "${path}": ${reason}`, { cause: error });
}

async function makePrivateFile(path: string): Promise<void> {
  const file = await Deno.open(path, { create: true, write: true, mode: PRIVATE_FILE });
  file.close();
  // One that was there already may have been copied with wider rights.
  if (Deno.build.os !== "windows") await Deno.chmod(path, PRIVATE_FILE);
}
