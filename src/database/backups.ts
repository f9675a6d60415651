import { dirname, isAbsolute } from "node:path";
import type { Clock } from "../base/clock.ts";
import { AppError, invalidInput } from "../base/errors.ts";
import { type Manifest, readArchive } from "./_backup_archive.ts";
import type { BackupNews, BackupOrder } from "./_backup_worker.ts";
import { syncToDisk } from "./disk.ts";

/** How far a backup is: pages copied, or the step that runs. */
export type BackupProgress = Extract<BackupNews, { phase: string }>;

/** What to back up, and where to. */
export interface BackupRequest extends Pick<BackupOrder, "database" | "kv" | "others" | "version"> {
  /** The backups folder. */
  folder: string;
  clock: Clock;
  /** A name in the folder or a full path; absent: named by the time. */
  to?: string;
  signal?: AbortSignal;
  onProgress?: (progress: BackupProgress) => void;
}

/** An archive in the backups folder. */
export interface Backup {
  path: string;
  bytes: number;
  /** Milliseconds since the Unix epoch. */
  madeAt: number;
}

/** A backup that was made and read back. */
export interface BackupMade extends Backup {
  manifest: Manifest;
  durationMs: number;
}

/** The names that `createBackup` gives by itself, which alone are rotated: `fingerpost-20261124T030000Z.tar`. */
const OWN_NAME = /^fingerpost-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z(?:-\d+)?\.tar$/;
const WORK_FOLDER = ".making-";
const JUST_MADE_MS = 60_000;
const PRIVATE_FOLDER = 0o700;

/**
 * Makes an archive of both databases as they are now, beside a server that writes, and reads it back before it gets its name.
 * Throws `UNAVAILABLE` where a copy is damaged or the disk fails, `INVALID_INPUT` for a path that is refused, the signal's reason.
 */
export async function createBackup(request: BackupRequest): Promise<BackupMade> {
  const startedAt = performance.now();
  const { folder, clock, signal } = request;
  const madeAt = clock.now();
  try {
    await Deno.mkdir(folder, { recursive: true, mode: PRIVATE_FOLDER });
    await removeLeftovers(folder);
    const chosen = request.to === undefined ? null : backupPath(folder, request.to);
    if (chosen !== null && await exists(chosen)) throw taken(chosen);
    const work = await Deno.makeTempDir({ dir: folder, prefix: WORK_FOLDER });
    // Tells a folder that is in use from one that a killed process left.
    using lock = await Deno.open(`${work}/lock`, { create: true, write: true, mode: 0o600 });
    await lock.lock(true);
    try {
      const manifest = await runWorker({ ...request, folder: work, madeAt }, {
        signal,
        onProgress: request.onProgress,
      });
      const archive = `${work}/archive`;
      const target = chosen === null ? await nameByTime(archive, folder, madeAt) : await nameAs(archive, chosen);
      await syncToDisk(dirname(target));
      const { size: bytes } = await Deno.stat(target);
      return { path: target, bytes, madeAt, manifest, durationMs: performance.now() - startedAt };
    } finally {
      // A thread that was ended may still write its last; the next backup removes what stays then.
      await Deno.remove(work, { recursive: true }).catch(() => undefined);
    }
  } catch (error) {
    if (error instanceof AppError || signal?.aborted) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new AppError("UNAVAILABLE", `Cannot make a backup: ${reason}`, { cause: error });
  }
}

/** Where a backup of this name lies: a bare name in the backups folder, a full path as it is. Throws `INVALID_INPUT` for anything else. */
export function backupPath(folder: string, name: string): string {
  if (isAbsolute(name) && !name.endsWith("/")) return name;
  if (/^[A-Za-z0-9][\w.-]*$/.test(name)) return `${folder}/${name}`;
  throw invalidInput(
    ["to"],
    `Cannot use "${name}" for a backup: give a bare name, which lies in "${folder}", or a full path`,
  );
}

/** The archives in the folder that this code named, newest first. */
export async function listBackups(folder: string): Promise<Backup[]> {
  const names = await namesIn(folder);
  const backups = await Promise.all(names.map(async (name): Promise<Backup | null> => {
    const [, year, month, day, hour, minute, second] = OWN_NAME.exec(name) ?? [];
    const size = await Deno.stat(`${folder}/${name}`).then((stat) => stat.size, () => null);
    if (year === undefined || size === null) return null;
    const madeAt = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
    return { path: `${folder}/${name}`, bytes: size, madeAt };
  }));
  return backups.filter((backup) => backup !== null)
    .sort((a, b) => b.madeAt - a.madeAt || ordinalOf(b.path) - ordinalOf(a.path));
}

/** Which of those of one second it is. */
function ordinalOf(path: string): number {
  return Number(/-(\d+)\.tar$/.exec(path)?.[1] ?? 1);
}

/** Deletes the oldest archives that this code named until `keep` are left; returns their paths. */
export async function pruneBackups(folder: string, keep: number): Promise<string[]> {
  const surplus = (await listBackups(folder)).slice(keep);
  for (const { path } of surplus) await Deno.remove(path);
  return surplus.map(({ path }) => path);
}

interface WorkerControl {
  signal: AbortSignal | undefined;
  onProgress: BackupRequest["onProgress"];
}

async function runWorker(request: BackupOrder, { signal, onProgress }: WorkerControl): Promise<Manifest> {
  signal?.throwIfAborted();
  const { database, kv, others, folder, version, madeAt } = request;
  const worker = new Worker(new URL("./_backup_worker.ts", import.meta.url), { type: "module" });
  const { promise, resolve, reject } = Promise.withResolvers<Manifest>();
  const cancel = () => reject(signal?.reason);
  signal?.addEventListener("abort", cancel, { once: true });
  worker.onmessage = ({ data }: MessageEvent<BackupNews>) => {
    if ("phase" in data) onProgress?.(data);
    else if ("manifest" in data) resolve(data.manifest);
    else reject(new AppError("UNAVAILABLE", `Cannot make a backup: ${data.error}`));
  };
  worker.onerror = (event) => {
    event.preventDefault();
    reject(new AppError("UNAVAILABLE", `Cannot make a backup: ${event.message}`));
  };
  worker.postMessage({ database, kv, others, folder, version, madeAt } satisfies BackupOrder);
  try {
    return await promise;
  } finally {
    signal?.removeEventListener("abort", cancel);
    worker.terminate();
  }
}

/** Gives the archive the first name of that time which is free. */
async function nameByTime(archive: string, folder: string, madeAt: number): Promise<string> {
  const time = new Date(madeAt).toISOString().replace(/\.\d+/, "").replace(/[-:]/g, "");
  for (let index = 1;; index++) {
    const target = `${folder}/fingerpost-${time}${index === 1 ? "" : `-${index}`}.tar`;
    if (await giveName(archive, target)) return target;
  }
}

/** Gives the archive a name that nothing has; by a copy, which is read back, where that is on another disk. */
async function nameAs(archive: string, target: string): Promise<string> {
  const isNamed = await giveName(archive, target).catch(() => null);
  if (isNamed === true) return target;
  if (isNamed === false) throw taken(target);
  const copy = await Deno.makeTempFile({ dir: dirname(target), prefix: WORK_FOLDER });
  try {
    await Deno.copyFile(archive, copy);
    await syncToDisk(copy);
    await readArchive(copy);
    if (!await giveName(copy, target)) throw taken(target);
    return target;
  } catch (error) {
    await Deno.remove(copy);
    throw error;
  }
}

/** False where something has the name. It is taken first, because a rename alone would replace what has it. */
async function giveName(archive: string, target: string): Promise<boolean> {
  try {
    using _file = await Deno.open(target, { createNew: true, write: true, mode: 0o600 });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    throw error;
  }
  try {
    await Deno.rename(archive, target);
  } catch (error) {
    await Deno.remove(target);
    throw error;
  }
  return true;
}

function taken(target: string): AppError {
  return invalidInput(["to"], `Cannot write the backup: "${target}" exists already`);
}

/** Removes what a process left that was killed while it made a backup. */
async function removeLeftovers(folder: string): Promise<void> {
  for (const name of (await namesIn(folder)).filter((name) => name.startsWith(WORK_FOLDER))) {
    if (!await isInUse(`${folder}/${name}`)) await Deno.remove(`${folder}/${name}`, { recursive: true });
  }
}

async function isInUse(work: string): Promise<boolean> {
  try {
    using lock = await Deno.open(`${work}/lock`, { write: true });
    return !await lock.tryLock(true);
  } catch {
    // Made this moment, and not locked yet.
    const madeAt = await Deno.stat(work).then(({ mtime }) => mtime?.getTime() ?? 0, () => 0);
    return Date.now() - madeAt < JUST_MADE_MS;
  }
}

async function namesIn(folder: string): Promise<string[]> {
  return await Array.fromAsync(Deno.readDir(folder), ({ name }) => name).catch(() => []);
}

async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}
