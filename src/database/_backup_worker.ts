// A worker thread that makes one backup, so that the server's own thread only hears how far it is.
import os from "node:os";
import { backup } from "node:sqlite";
import {
  type ArchivedFile,
  digestFile,
  FORMAT,
  type Manifest,
  PACE_BYTES,
  readArchive,
  syncAndPause,
  writeArchive,
} from "./_backup_archive.ts";
import { verifyCopies } from "./_backup_copies.ts";
import { openConnection } from "./database.ts";

/** What to back up and where to. */
export interface BackupOrder {
  database: string;
  kv: string;
  /** Files that are copied as they are, by their name in the archive; those that don't exist are left out. */
  others: Partial<Record<ArchivedFile, string>>;
  /** An empty folder for the copies; the archive is written there too, as `archive`. */
  folder: string;
  version: string;
  madeAt: number;
}

/** What the worker tells. */
export type BackupNews =
  | { phase: "copy" | "verify" | "archive" | "check"; done: number; total: number }
  | { manifest: Manifest }
  | { error: string };

declare const self: {
  onmessage: ((event: MessageEvent<BackupOrder>) => void) | null;
  postMessage(news: BackupNews): void;
};

const PAGE_BYTES = 4_096;
/** The server's own thread goes first where both want the same core. On Linux it holds for the calling thread. setpriority(2) */
const LOWEST_PRIORITY = 19;

self.onmessage = ({ data }) => {
  os.setPriority(0, LOWEST_PRIORITY);
  makeBackup(data).then(
    (manifest) => self.postMessage({ manifest }),
    (error) => self.postMessage({ error: error instanceof Error ? error.message : String(error) }),
  );
};

async function makeBackup(order: BackupOrder): Promise<Manifest> {
  const { folder } = order;
  self.postMessage({ phase: "copy", done: 0, total: 1 });
  // First: the audit log of the copy must not be shorter than its checkpoints say.
  const present = await copyOthers(order);
  const databases = await copyDatabases(order);
  self.postMessage({ phase: "verify", done: 0, total: 1 });
  const { rows, schemaVersion } = verifyCopies(folder, databases);
  const names: ArchivedFile[] = [...databases, ...present];
  const files: Manifest["files"] = [];
  for (const name of names) files.push({ name, ...await digestFile(`${folder}/${name}`, { isPaced: true }) });
  const { version, madeAt } = order;
  const manifest: Manifest = { format: FORMAT, version, schemaVersion, madeAt, rows, files };
  self.postMessage({ phase: "archive", done: 0, total: 1 });
  await writeArchive(`${folder}/archive`, folder, manifest);
  self.postMessage({ phase: "check", done: 0, total: 1 });
  // What lies on the disk now is what a restore will read.
  await readArchive(`${folder}/archive`);
  return manifest;
}

/**
 * Both files as they were at one moment. Each is copied from a snapshot that its connection holds, so that no write makes the
 * copy begin anew, and in WAL mode no writer waits for it. https://sqlite.org/backup.html
 */
async function copyDatabases({ database, kv, folder }: BackupOrder): Promise<ArchivedFile[]> {
  // In this order: what ends a session is in the database first, so a session that ended before is never brought back alone.
  const paths: [ArchivedFile, string][] = [["fingerpost.db", database], ["kv.db", kv]];
  // A folder that no server ran on has no key-value file yet.
  const present = paths.filter(([, path]) => hasBytes(path));
  using opened = new DisposableStack();
  const sources = present.map(([name, path]) => ({
    name,
    source: opened.use(openConnection(path, { readOnly: true })),
  }));
  for (const { source } of sources) {
    source.exec("BEGIN");
    source.prepare("SELECT count(*) FROM sqlite_schema").get();
  }
  for (const { name, source } of sources) {
    using copy = await Deno.open(`${folder}/${name}`, { create: true, write: true, mode: 0o600 });
    await backup(source, `${folder}/${name}`, {
      rate: PACE_BYTES / PAGE_BYTES,
      progress: ({ totalPages, remainingPages }) => {
        syncAndPause(copy);
        self.postMessage({ phase: "copy", done: totalPages - remainingPages, total: totalPages });
      },
    });
    // Held no longer than needed: it keeps the log from being emptied.
    source.exec("ROLLBACK");
  }
  return sources.map(({ name }) => name);
}

function hasBytes(path: string): boolean {
  try {
    return Deno.statSync(path).size > 0;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function copyOthers({ others, folder }: BackupOrder): Promise<ArchivedFile[]> {
  const present: ArchivedFile[] = [];
  for (const [name, path] of Object.entries(others) as [ArchivedFile, string][]) {
    try {
      await Deno.copyFile(path, `${folder}/${name}`);
      present.push(name);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return present;
}
