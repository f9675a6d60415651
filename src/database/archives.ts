import { createWriteStream } from "node:fs";
import { AppError } from "../base/errors.ts";
import { type ArchivedFile, type Manifest, readArchive } from "./_backup_archive.ts";
import { verifyCopies } from "./_backup_copies.ts";

/** Reads a whole archive and unpacks it into an empty folder, where its databases are opened and looked over. Throws `INVALID_INPUT`, `UNAVAILABLE`. */
export async function unpackBackup(path: string, folder: string): Promise<Manifest> {
  // On the disk when it is closed: a restore puts it in the place of what is there.
  const open = (name: ArchivedFile) =>
    createWriteStream(`${folder}/${name}`, { flags: "wx", mode: 0o600, flush: true });
  const manifest = await readArchive(path, open);
  const { rows, schemaVersion } = verifyCopies(
    folder,
    manifest.files.map(({ name }) => name).filter((name) => name.endsWith(".db")),
  );
  if (schemaVersion !== manifest.schemaVersion || JSON.stringify(rows) !== JSON.stringify(manifest.rows)) {
    throw new AppError("INVALID_INPUT", "Cannot use the backup: its databases do not hold what its manifest counts");
  }
  return manifest;
}

/** What an archive says of itself, after every byte of it was held against its seal. Throws `INVALID_INPUT` for one that is cut or changed. */
export function verifyBackup(path: string): Promise<Manifest> {
  return readArchive(path);
}
