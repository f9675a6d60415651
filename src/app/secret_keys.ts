import { parseSecretKeys, SECRET_KEY_BYTES } from "../base/config.ts";
import { AppError } from "../base/errors.ts";

const PRIVATE_FILE = 0o600;

/** The keys of the file, the current one first; makes a key and the file where there is none. Throws `UNAVAILABLE`. */
export async function readSecretKeys(path: string): Promise<Uint8Array<ArrayBuffer>[]> {
  const made = makeKey();
  if (await writeNew(path, textOf([made]))) return [made];
  const keys = parseSecretKeys(await Deno.readTextFile(path));
  if (keys !== null) return keys;
  throw new AppError("UNAVAILABLE", `Cannot use "${path}": each line must hold ${SECRET_KEY_BYTES} bytes in base64`);
}

/** Puts a new key in front of the others: what is sealed from the next start on is sealed with it. Returns all keys. */
export async function addSecretKey(path: string): Promise<Uint8Array<ArrayBuffer>[]> {
  const keys = [makeKey(), ...await readSecretKeys(path)];
  await replace(path, keys);
  return keys;
}

/** Lets go of all keys but the first, once nothing is sealed with them any more; of none that came to the file since. */
export async function keepCurrentKey(path: string, keys: Uint8Array<ArrayBuffer>[]): Promise<void> {
  const [current] = keys;
  if (current === undefined || keys.length === 1) return;
  const present = parseSecretKeys(await Deno.readTextFile(path)) ?? [];
  if (textOf(present) === textOf(keys)) await replace(path, [current]);
}

function makeKey(): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(SECRET_KEY_BYTES));
}

function textOf(keys: Uint8Array<ArrayBuffer>[]): string {
  return keys.map((key) => `${key.toBase64()}\n`).join("");
}

/** False where the file is there; where it can't be written, as on a full disk, no part of it stays in the way of the next start. */
async function writeNew(path: string, text: string): Promise<boolean> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path, { createNew: true, write: true, mode: PRIVATE_FILE });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    throw error;
  }
  using _file = file;
  try {
    await file.write(new TextEncoder().encode(text));
    await file.sync();
    return true;
  } catch (error) {
    await Deno.remove(path);
    throw error;
  }
}

// Either file is whole, whenever the process ends.
async function replace(path: string, keys: Uint8Array<ArrayBuffer>[]): Promise<void> {
  {
    using file = await Deno.open(`${path}.new`, { create: true, write: true, truncate: true, mode: PRIVATE_FILE });
    await file.write(new TextEncoder().encode(textOf(keys)));
    await file.sync();
  }
  await Deno.rename(`${path}.new`, path);
}
