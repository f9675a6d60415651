import { AppError } from "../base/errors.ts";
import { splitStatements, type SqlStatement } from "./_sql_statements.ts";

/** One file of the migrations folder. */
export interface MigrationFile {
  /** UTC time of its making, `yyyymmddhhmmss`: the order of migrations. */
  version: string;
  name: string;
  fileName: string;
  up: SqlStatement[];
  /** Empty where the file has none: it can't be rolled back. */
  down: SqlStatement[];
  /** SHA-256 of the whole file, in hex. */
  sha256: string;
}

/** What would end or leave the transaction that a migration runs in, or change what it can't put back. */
const ESCAPES = /^(begin|commit|end|rollback|savepoint|release|attach|detach|vacuum|pragma)$/i;

/** What lies behind `-- up`, and behind `-- down` where there is one. */
const PARTS = /^-- up[^\S\n]*\n([\s\S]*?)(?:^-- down[^\S\n]*$([\s\S]*))?(?![\s\S])/md;

/** The files of `folder` in order of version. Throws `CONFLICT` that names the file for a bad name, a duplicate version, or a part that can't run. */
export async function readMigrationFiles(folder: string): Promise<MigrationFile[]> {
  const names = Array.from(Deno.readDirSync(folder), (entry) => entry.name).filter((name) => name.endsWith(".sql"));
  const files: MigrationFile[] = [];
  for (const name of names.sort()) {
    const file = await readMigrationFile(folder, name);
    const before = files.at(-1);
    if (before?.version === file.version) throw refused(file.fileName, `has the version of "${before.fileName}"`);
    files.push(file);
  }
  return files;
}

/** A `CONFLICT` that names the file. */
export function refused(fileName: string, reason: string): AppError {
  return new AppError("CONFLICT", `Cannot migrate: "${fileName}" ${reason}`);
}

async function readMigrationFile(folder: string, fileName: string): Promise<MigrationFile> {
  const [, version, name] = /^(\d{14})_([a-z0-9_]+)\.sql$/.exec(fileName) ?? [];
  if (version === undefined || name === undefined || !isTime(version)) {
    throw refused(fileName, "is not named <UTC yyyymmddhhmmss>_<noun>.sql");
  }
  const text = await Deno.readTextFile(`${folder}/${fileName}`);
  const parts = PARTS.exec(text);
  const [up, down] = [1, 2].map((group) => statementsAt(text, parts?.indices?.[group]));
  if (up === undefined) throw refused(fileName, "lacks its `-- up` part");
  if (up.length === 0) throw refused(fileName, "has an empty `-- up` part");
  if (down?.length === 0) throw refused(fileName, "has an empty `-- down` part: leave it out if there is no way back");
  const file = { version, name, fileName, up, down: down ?? [], sha256: await sha256(text) };
  for (const { tokens: [keyword = ""], line } of [...file.up, ...file.down]) {
    if (ESCAPES.test(keyword)) {
      throw refused(fileName, `must not use ${keyword.toUpperCase()} (line ${line}): it runs in one transaction`);
    }
  }
  return file;
}

/** The statements between two positions of a file, with their lines in the whole of it. */
function statementsAt(text: string, position: [start: number, end: number] | undefined): SqlStatement[] | undefined {
  if (position === undefined) return undefined;
  return splitStatements(text.slice(...position), text.slice(0, position[0]).split("\n").length);
}

function isTime(version: string): boolean {
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(version) ?? [];
  const [year, month, day, hour, minute, second] = parts;
  const time = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return !Number.isNaN(time.getTime()) && time.toISOString().replace(/\D/g, "").startsWith(version);
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(digest).toHex();
}
