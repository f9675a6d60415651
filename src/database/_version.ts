import type { DatabaseSync } from "node:sqlite";
import { translated } from "./database.ts";

/** What another process commits is known after this time. Requests ask several times in less, and each question costs a few percent of one. */
const FOREIGN_COMMIT_MS = 0.4;

/** Counts the states of a file that readers saw: a commit of our own is another one at once. https://sqlite.org/pragma.html#pragma_data_version */
export function createVersion(reader: DatabaseSync, ownCommits: () => number): () => number {
  const statement = reader.prepare("PRAGMA data_version");
  let [version, commits, dataVersion, askedAt] = [0, -1, NaN, -Infinity];
  return () => {
    const now = performance.now();
    if (commits !== ownCommits()) {
      commits = ownCommits();
      version++;
    } else if (now - askedAt >= FOREIGN_COMMIT_MS) {
      askedAt = now;
      const current = translated(() => Number(statement.get()?.["data_version"]));
      if (current !== dataVersion) version++;
      dataVersion = current;
    }
    return version;
  };
}
