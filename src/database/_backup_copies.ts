import { DatabaseSync } from "node:sqlite";
import { AppError } from "../base/errors.ts";
import type { Manifest } from "./_backup_archive.ts";
import { readLedger } from "./_ledger.ts";

/** Opens databases of a folder and looks them over; how many rows each table has. Throws `UNAVAILABLE` for a damaged one. */
export function verifyCopies(folder: string, names: readonly string[]): Pick<Manifest, "rows" | "schemaVersion"> {
  const rows: Record<string, number> = {};
  let schemaVersion: string | null = null;
  for (const name of names) {
    using copy = new DatabaseSync(`${folder}/${name}`, { readOnly: true });
    const faults = copy.prepare("PRAGMA integrity_check").all().map((row) => String(row["integrity_check"]));
    if (faults[0] !== "ok") throw new AppError("UNAVAILABLE", `"${name}" is damaged: ${faults[0]}`);
    const orphan = copy.prepare("PRAGMA foreign_key_check").get();
    if (orphan !== undefined) {
      throw new AppError("UNAVAILABLE", `"${name}" breaks a foreign key of "${orphan["table"]}"`);
    }
    if (name === "fingerpost.db") schemaVersion = readLedger(copy).at(-1)?.version ?? null;
    const tables = copy.prepare("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'").all();
    for (const table of tables.map((row) => String(row["name"]))) {
      const count = copy.prepare(`SELECT count(*) AS n FROM "${table.replaceAll('"', '""')}"`).get();
      rows[name === "kv.db" ? `kv.${table}` : table] = Number(count?.["n"]);
    }
  }
  return { rows, schemaVersion };
}
