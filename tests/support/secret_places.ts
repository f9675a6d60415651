import { Buffer } from "node:buffer";
import { DatabaseSync } from "node:sqlite";

/** One place in which a secret was found. */
export interface Finding {
  place: string;
  secret: string;
}

/** The tables that hold what was captured and said of it. */
const CONTENT_TABLES = /^element(s|_contents|_comments|_search.*)$/;
/** A part of a secret gives it away too: as long as this, from its middle. */
const PART_LENGTH = 16;

/** Where in the rows of the database a secret lies; those of `content` may lie in the elements' own tables. */
export function findInRows(dataDir: string, secrets: Record<"never" | "content", string[]>): Finding[] {
  using database = new DatabaseSync(`${dataDir}/fingerpost.db`, { readOnly: true });
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  return tables.flatMap(({ name }) => {
    const table = String(name);
    const wanted = CONTENT_TABLES.test(table) ? secrets.never : [...secrets.never, ...secrets.content];
    return database.prepare(`SELECT * FROM "${table}"`).all().flatMap((row) =>
      Object.entries(row).flatMap(([column, value]) => {
        const text = value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : String(value);
        return findInText(`${table}.${column}`, text, wanted);
      })
    );
  });
}

/** Where in the bytes of the data folder's files a secret lies. */
export function findInFiles(dataDir: string, secrets: string[]): Finding[] {
  const names = Array.from(Deno.readDirSync(dataDir)).filter((entry) => entry.isFile).map(({ name }) => name);
  return names.flatMap((name) => {
    const bytes = Buffer.from(Deno.readFileSync(`${dataDir}/${name}`));
    return secrets.filter((secret) => bytes.includes(partOf(secret))).map((secret) => ({ place: name, secret }));
  });
}

/** Which secrets a text has, or the middle of one. */
export function findInText(place: string, text: string, secrets: string[]): Finding[] {
  return secrets.filter((secret) => text.includes(partOf(secret))).map((secret) => ({ place, secret }));
}

function partOf(secret: string): string {
  const start = Math.max(0, Math.floor((secret.length - PART_LENGTH) / 2));
  return secret.slice(start, start + PART_LENGTH);
}
