import { AppError } from "../base/errors.ts";

/** One file of the migrations folder. */
export interface MigrationFile {
  /** UTC time of its making, `yyyymmddhhmmss`: the order of migrations. */
  version: string;
  name: string;
  fileName: string;
  up: string;
  down: string;
  /** SHA-256 of the whole file, in hex. */
  sha256: string;
}

/** The files of `folder` in order of version. Throws `INVALID_INPUT` that names the file for a bad name, a duplicate version or a missing part. */
export async function readMigrationFiles(folder: string): Promise<MigrationFile[]> {
  const names = Array.from(Deno.readDirSync(folder), (entry) => entry.name).filter((name) => name.endsWith(".sql"));
  const files = await Promise.all(names.sort().map((name) => readMigrationFile(folder, name)));
  for (const [index, file] of files.entries()) {
    const before = files[index - 1];
    if (before?.version === file.version) {
      throw refused(file.fileName, `has the version of "${before.fileName}"`);
    }
  }
  return files;
}

async function readMigrationFile(folder: string, fileName: string): Promise<MigrationFile> {
  const [, version, name] = /^(\d{14})_([a-z0-9_]+)\.sql$/.exec(fileName) ?? [];
  if (version === undefined || name === undefined) throw refused(fileName, "is not named <yyyymmddhhmmss>_<noun>.sql");
  const text = await Deno.readTextFile(`${folder}/${fileName}`);
  const [, up, down] = /^-- up\n([\s\S]*?)^-- down\n([\s\S]*)$/m.exec(text) ?? [];
  if (!up?.trim() || !down?.trim()) throw refused(fileName, "lacks its `-- up` or `-- down` part");
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return { version, name, fileName, up, down, sha256: new Uint8Array(digest).toHex() };
}

function refused(fileName: string, reason: string): AppError {
  return new AppError("INVALID_INPUT", `Cannot migrate: "${fileName}" ${reason}`);
}
