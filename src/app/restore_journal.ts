import { z } from "zod";
import { AppError } from "../base/errors.ts";
import { syncToDisk } from "../database/disk.ts";

const journalSchema = z.object({
  /** The folder, in the data folder, of the files to come. */
  incoming: z.string().regex(/^[\w.-]+$/),
  /** The folder, in the data folder, for those that are there now. */
  aside: z.string().regex(/^[\w.-]+$/),
  /** The archive's file name. */
  archive: z.string(),
  /** The names of the files to come. */
  files: z.array(z.string()),
});

/** How files are to be exchanged: written down first, so that a restore that was killed is finished and never half done. */
export type RestoreJournal = z.output<typeof journalSchema>;

/** What goes aside also where the archive has none of it: it belongs to the data that was there. */
const REPLACED = ["audit.checkpoints", "kv.db", "fingerpost.db"];
/** What SQLite keeps beside a database goes with it, or it would be replayed onto the new one. */
const SIDE_FILES = ["-wal", "-shm", ""];

const journalIn = (dataDir: string) => `${dataDir}/restore.json`;

/** Writes the journal to the disk: from here on the restore happens, whatever becomes of this process. */
export async function beginRestore(dataDir: string, journal: RestoreJournal): Promise<void> {
  const path = journalIn(dataDir);
  await syncToDisk(`${dataDir}/${journal.incoming}`);
  {
    using file = await Deno.open(`${path}.new`, { create: true, write: true, truncate: true, mode: 0o600 });
    await file.write(new TextEncoder().encode(JSON.stringify(journal)));
    await file.sync();
  }
  await Deno.rename(`${path}.new`, path);
  await syncToDisk(dataDir);
}

/** Throws `CONFLICT` where a restore was killed half way: what lies there is of two sets of data. For what takes no lock. */
export async function requireWhole(dataDir: string): Promise<void> {
  const journal = await readJournal(dataDir);
  if (journal === null || !await exists(`${dataDir}/${journal.incoming}`)) return;
  throw new AppError("CONFLICT", `Cannot use "${dataDir}" yet: a restore was broken off; the next start finishes it`);
}

/** Does what is left of a restore that began; nothing where there is none. Its journal stays until the server noted it. */
export async function finishRestore(dataDir: string): Promise<void> {
  const journal = await readJournal(dataDir);
  if (journal === null) return;
  const { incoming, aside } = journal;
  if (!await exists(`${dataDir}/${incoming}`)) return;
  await Deno.mkdir(`${dataDir}/${aside}`, { recursive: true, mode: 0o700 });
  for (const name of new Set([...REPLACED, ...journal.files])) await exchange(dataDir, name, journal);
  // Only then may the folder go that says what is still to come.
  for (const folder of [aside, "."]) await syncToDisk(`${dataDir}/${folder}`);
  await Deno.remove(`${dataDir}/${incoming}`, { recursive: true });
}

/** Tells the audit log, once, that the data was restored. */
export async function noteRestore(dataDir: string, note: (archive: string) => Promise<void>): Promise<void> {
  const journal = await readJournal(dataDir);
  if (journal === null) return;
  await note(journal.archive);
  await Deno.remove(journalIn(dataDir));
}

// Each step can be repeated: as long as a file is still to come, what lies in its place is the old one.
async function exchange(dataDir: string, name: string, { incoming, aside, files }: RestoreJournal): Promise<void> {
  const source = `${dataDir}/${incoming}/${name}`;
  const isComing = await exists(source);
  if (files.includes(name) && !isComing) return;
  for (const suffix of SIDE_FILES) {
    const present = `${dataDir}/${name}${suffix}`;
    if (await exists(present)) await Deno.rename(present, `${dataDir}/${aside}/${name}${suffix}`);
  }
  if (isComing) await Deno.rename(source, `${dataDir}/${name}`);
}

async function readJournal(dataDir: string): Promise<RestoreJournal | null> {
  const path = journalIn(dataDir);
  try {
    return journalSchema.parse(JSON.parse(await Deno.readTextFile(path)));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw new AppError("UNAVAILABLE", `Cannot read "${path}", which tells of a restore that began`, { cause: error });
  }
}

async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}
