import { AppError } from "../base/errors.ts";

/** The folder that holds everything a server keeps, locked for this process. */
export interface DataFolder extends Disposable {
  databasePath: string;
  kvPath: string;
  /** 32 bytes. */
  secretKey: Uint8Array<ArrayBuffer>;
}

const PRIVATE_FOLDER = 0o700;
const PRIVATE_FILE = 0o600;
const SECRET_KEY_BYTES = 32;

/**
 * Makes the folder and its files where they are missing, readable by their owner alone, and locks it: a second server on
 * the same files would not hear of the first one's changes. Throws `UNAVAILABLE` with one line.
 */
export async function openDataFolder(path: string, secretKey: Uint8Array<ArrayBuffer> | null): Promise<DataFolder> {
  const databasePath = `${path}/fingerpost.db`;
  const kvPath = `${path}/kv.db`;
  try {
    await Deno.mkdir(path, { recursive: true, mode: PRIVATE_FOLDER });
    const lock = await lockFolder(path);
    try {
      const key = secretKey ?? await readSecretKey(`${path}/secret.key`);
      // SQLite gives its side files the permissions of the main one.
      const files = secretKey === null ? [databasePath, kvPath, `${path}/secret.key`] : [databasePath, kvPath];
      await Promise.all(files.map(makePrivateFile));
      return { databasePath, kvPath, secretKey: key, [Symbol.dispose]: () => lock.close() };
    } catch (error) {
      lock.close();
      throw error;
    }
  } catch (error) {
    if (error instanceof AppError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new AppError("UNAVAILABLE", `Cannot use the data folder "${path}": ${reason}`, { cause: error });
  }
}

// The operating system lets go of the lock when the process ends, however it ends.
async function lockFolder(path: string): Promise<Deno.FsFile> {
  const file = await Deno.open(`${path}/server.lock`, { create: true, write: true, mode: PRIVATE_FILE });
  if (await file.tryLock(true)) return file;
  file.close();
  throw new AppError("UNAVAILABLE", `Cannot use the data folder "${path}": another server has it open`);
}

async function readSecretKey(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const made = crypto.getRandomValues(new Uint8Array(SECRET_KEY_BYTES));
  try {
    await Deno.writeTextFile(path, `${made.toBase64()}\n`, { createNew: true, mode: PRIVATE_FILE });
    return made;
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
  const key = decodeKey(await Deno.readTextFile(path));
  if (key?.length === SECRET_KEY_BYTES) return key;
  throw new AppError("UNAVAILABLE", `Cannot use "${path}": it must hold ${SECRET_KEY_BYTES} bytes in base64`);
}

function decodeKey(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    return Uint8Array.fromBase64(text.trim());
  } catch {
    return null;
  }
}

async function makePrivateFile(path: string): Promise<void> {
  const file = await Deno.open(path, { create: true, write: true, mode: PRIVATE_FILE });
  file.close();
  // One that was there already may have been copied with wider rights.
  if (Deno.build.os !== "windows") await Deno.chmod(path, PRIVATE_FILE);
}
