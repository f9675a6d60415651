import assert from "node:assert/strict";
import type { SQLInputValue } from "node:sqlite";
import type { Sql } from "sql-template-tag";
import { countEvents, listEvents } from "../src/audit/_rows.ts";
import { type Connection, openConnection } from "../src/database/database.ts";
import { migrate } from "../src/database/migrations.ts";
import { countUsers, listUsers } from "../src/users/_rows.ts";

const PAGE = { limit: 20, fromEnd: false, after: null, before: null };
const NOBODY = { role: null, status: null, search: "nobody" };
const NEVER = { occurredAfter: 1_000_000 };

/** Statements that may read much to find little; here the lists find nothing. */
const SCANS: Record<string, (connection: Connection) => Promise<unknown>> = {
  "a search for users": (connection) => listUsers(connection, NOBODY, PAGE),
  "a count of users": (connection) => countUsers(connection, NOBODY),
  "a filtered list of the audit log": (connection) => listEvents(connection, NEVER, PAGE),
  "a filtered list of some kinds": (connection) => listEvents(connection, { ...NEVER, kind: ["user.created"] }, PAGE),
  // Of those that an index leaves out nothing is read.
  "a count of the audit log": (connection) => countEvents(connection, { occurredAfter: 0 }),
};

async function statementOf(scan: (connection: Connection) => Promise<unknown>): Promise<Sql> {
  const statements: Sql[] = [];
  await scan({
    all: (query) => (statements.push(query), Promise.resolve([])),
    get: (query) => (statements.push(query), Promise.resolve(undefined)),
    run: () => Promise.reject(new Error("Not a scan")),
  });
  const [statement] = statements;
  assert.ok(statement);
  return statement;
}

Deno.test("what may read much ends when it is not wanted any more, even where nothing that it reads fits", async () => {
  const folder = await Deno.makeTempDir({ prefix: "fingerpost_scans_" });
  let isWanted = true;
  try {
    await migrate({
      path: `${folder}/test.db`,
      folder: new URL("../migrations", import.meta.url).pathname,
      clock: Date,
    });
    using database = openConnection(`${folder}/test.db`, { readOnly: false, isWanted: () => isWanted });
    database.exec(`
      INSERT INTO users (id, email, email_key, name, role, password_hash, created_at, updated_at)
        VALUES ('01a20acd-0000-7000-8000-000000000000', 'a@b', 'a@b', 'A', 'ADMIN', '$2b$12$' || hex(zeroblob(26)) || 'x', 0, 0);
      INSERT INTO security_events (sequence, id, kind, severity, actor_kind, details, occurred_at, hash)
        WITH RECURSIVE n (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 100)
        SELECT value, printf('01a20acd-0000-7000-8000-%012x', value), 'user.created', 'INFO', 'system', '{}', 1,
          zeroblob(32) FROM n`);
    for (const [what, scan] of Object.entries(SCANS)) {
      const { sql, values } = await statementOf(scan);
      const run = () => [...database.prepare(sql).iterate(...values as SQLInputValue[])];
      isWanted = true;
      assert.ok(run().length <= 1, what);
      isWanted = false;
      assert.throws(run, /not wanted any more/, what);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
