import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import tar from "tar-stream";
import { z } from "zod";
import { AppError } from "../base/errors.ts";

/** What an archive may hold beside its manifest, and nothing else. */
export const ARCHIVED_FILES = ["fingerpost.db", "kv.db", "audit.checkpoints", "secret.key"] as const;
/** One of those files. */
export type ArchivedFile = (typeof ARCHIVED_FILES)[number];

/** The form of archives that this code writes and reads. */
export const FORMAT = 1;

const manifestSchema = z.object({
  format: z.literal(FORMAT),
  /** Of the server that made it. */
  version: z.string(),
  /** The last migration of the database in it; null where there is none. */
  schemaVersion: z.string().nullable(),
  /** Milliseconds since the Unix epoch. */
  madeAt: z.number(),
  /** Of each table, at the moment of the backup. */
  rows: z.record(z.string(), z.number()),
  files: z.array(z.object({ name: z.enum(ARCHIVED_FILES), bytes: z.number(), sha256: z.string() })),
});

/** What an archive says of itself: its first entry, `manifest.json`. */
export type Manifest = z.output<typeof manifestSchema>;

const MANIFEST = "manifest.json";
/** A manifest has a line for each table: far less. */
const MAX_MANIFEST_BYTES = 1_048_576;
/** What is written at once: much at a time, and the next commit of the server would wait until it is on the disk. */
export const PACE_BYTES = 262_144;
/** The pause after it, for the server's own writes. Some 45 MB/s are left for a backup. */
const PAUSE_MS = 5;
/** The pause after as much was only read. */
const READ_PAUSE_MS = 1;

/** SHA-256 in hex, and size, of a file, or of its first `length` bytes. */
export async function digestFile(
  path: string,
  { length = Infinity, isPaced = false } = {},
): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash("sha256");
  using file = await Deno.open(path);
  const buffer = new Uint8Array(PACE_BYTES);
  let bytes = 0;
  // One buffer for all of it: memory that comes and goes holds up the other threads.
  while (bytes < length) {
    const read = file.readSync(buffer.subarray(0, Math.min(buffer.length, length - bytes)));
    if (read === null) break;
    hash.update(buffer.subarray(0, read));
    bytes += read;
    if (isPaced) pause(READ_PAUSE_MS);
  }
  return { bytes, sha256: hash.digest("hex") };
}

/** Puts what was written on the disk, and leaves the disk to others for a while. Holds its thread. */
export function syncAndPause(file: Deno.FsFile): void {
  file.syncDataSync();
  pause(PAUSE_MS);
}

function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)), 0, 0, milliseconds);
}

/**
 * Writes the manifest and the files of `folder` that it names to a new file: a tar (POSIX.1-1988 ustar). It is not compressed:
 * measured, compressing in another thread held up one in twenty of the server's writes.
 */
export async function writeArchive(path: string, folder: string, manifest: Manifest): Promise<void> {
  const pack = tar.pack();
  const written = pipeline(pack, writePaced(path));
  const packed = (async () => {
    const text = Buffer.from(JSON.stringify(manifest, null, 2));
    await pipeline(Readable.from([text]), entryOf(pack, { name: MANIFEST, size: text.length }));
    for (const { name, bytes } of manifest.files) {
      await pipeline(createReadStream(`${folder}/${name}`), entryOf(pack, { name, size: bytes }));
    }
    pack.finalize();
  })().catch((error: Error) => pack.destroy(error));
  await Promise.all([packed, written]);
  const { sha256 } = await digestFile(path, { isPaced: true });
  using file = await Deno.open(path, { append: true });
  await file.write(sealOf(sha256));
  await file.sync();
}

/**
 * Reads a whole archive and holds every byte against its seal and its manifest; `keep` opens where a file's content goes. Throws
 * `INVALID_INPUT` for what is no archive of this format, is cut, was changed, or holds anything else.
 */
export async function readArchive(
  path: string,
  keep: (name: ArchivedFile) => Writable | null = () => null,
): Promise<Manifest> {
  const length = await checkSeal(path);
  const extract = tar.extract();
  const file = createReadStream(path, { end: length - 1 });
  let manifest: Manifest | undefined;
  const seen = new Set<string>();
  const check = async () => {
    for await (const entry of extract) {
      const { name, size = 0, type } = entry.header;
      if (type !== "file" || seen.has(name)) throw foreign(`"${name}" has no place in it`);
      seen.add(name);
      if (name === MANIFEST) manifest = await readManifestEntry(entry, size);
      else await checkEntry(entry, { name, size, manifest, keep });
    }
  };
  try {
    await Promise.all([pipeline(file, extract), check()]);
  } catch (error) {
    file.destroy();
    extract.destroy();
    throw error instanceof AppError ? error : foreign(error instanceof Error ? error.message : String(error));
  }
  if (manifest === undefined) throw foreign("it has no manifest");
  const lacking = manifest.files.find(({ name }) => !seen.has(name));
  if (lacking !== undefined) throw foreign(`"${lacking.name}" is not in it`);
  return manifest;
}

function writePaced(path: string): Writable {
  const file = Deno.openSync(path, { createNew: true, write: true, mode: 0o600 });
  let unsynced = 0;
  return new Writable({
    write(chunk: Uint8Array, _encoding, done) {
      for (let written = 0; written < chunk.length;) written += file.writeSync(chunk.subarray(written));
      unsynced += chunk.length;
      if (unsynced >= PACE_BYTES) {
        syncAndPause(file);
        unsynced = 0;
      }
      done();
    },
    destroy(error, done) {
      file.close();
      done(error);
    },
  });
}

/** The last bytes of an archive, behind the end that tar reads to: the SHA-256 of all before them. */
function sealOf(sha256: string): Uint8Array {
  return Buffer.from(`sha256:${sha256}\n`);
}

/** The length of what the seal covers. */
async function checkSeal(path: string): Promise<number> {
  const { length } = sealOf("0".repeat(64));
  const content = await Deno.stat(path).then(({ size }) => size - length);
  if (content <= 0) throw foreign("it is too short");
  const { sha256 } = await digestFile(path, { length: content });
  const seal = await new Response(Readable.toWeb(createReadStream(path, { start: content }))).bytes();
  if (!Buffer.from(sealOf(sha256)).equals(seal)) throw foreign("it was cut or changed, or is none of ours");
  return content;
}

function entryOf(pack: tar.Pack, header: { name: string; size: number }): Writable {
  // Streamx streams are streams of Node in all but their type.
  return pack.entry({ ...header, mode: 0o600, mtime: new Date(0) }) as unknown as Writable;
}

async function readManifestEntry(entry: AsyncIterable<unknown>, size: number): Promise<Manifest> {
  if (size > MAX_MANIFEST_BYTES) throw foreign("its manifest is too large");
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytesOf(entry)) chunks.push(chunk);
  const result = manifestSchema.safeParse(JSON.parse(Buffer.concat(chunks).toString()));
  if (result.success) return result.data;
  throw foreign(`its manifest does not say what it must: ${z.prettifyError(result.error).replaceAll("\n", " ")}`);
}

interface EntryCheck {
  name: string;
  size: number;
  manifest: Manifest | undefined;
  keep: (name: ArchivedFile) => Writable | null;
}

async function checkEntry(entry: AsyncIterable<unknown>, { name, size, manifest, keep }: EntryCheck): Promise<void> {
  const expected = manifest?.files.find((file) => file.name === name);
  if (expected === undefined || expected.bytes !== size) throw foreign(`"${name}" is not what the manifest says`);
  const hash = createHash("sha256");
  const target = keep(expected.name);
  async function* hashed() {
    for await (const chunk of bytesOf(entry)) {
      hash.update(chunk);
      yield chunk;
    }
  }
  if (target !== null) await pipeline(hashed, target);
  else for await (const _chunk of hashed());
  if (hash.digest("hex") !== expected.sha256) throw foreign(`"${name}" was changed`);
}

async function* bytesOf(entry: AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  for await (const chunk of entry) {
    if (chunk instanceof Uint8Array) yield chunk;
  }
}

function foreign(reason: string): AppError {
  return new AppError("INVALID_INPUT", `Cannot use the backup: ${reason}`);
}
