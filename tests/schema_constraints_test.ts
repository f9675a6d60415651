import assert from "node:assert/strict";
import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { openConnection } from "../src/database/database.ts";
import { migrate } from "../src/database/migrations.ts";

const MIGRATIONS = new URL("../migrations", import.meta.url).pathname;
const ID = "01a20acd-0000-7000-8000-000000000001";
const OTHER = "01a20acd-0000-7000-8000-000000000002";
/** Of the right length and signs, and yet none. */
const NO_ID = "------------------------------------";
const LATER_THAN_A_DATE = 8_640_000_000_000_001;

type Row = Record<string, SQLInputValue>;

const x = (length: number) => "x".repeat(length);
const box = (fields: Record<string, unknown>) => JSON.stringify({ x: 0, y: 0, width: 1, height: 1, ...fields });
const viewport = (fields: Record<string, unknown>) =>
  JSON.stringify({ width: 1, height: 1, scrollX: 0, scrollY: 0, devicePixelRatio: 1, ...fields });
const component = (fields: Record<string, unknown>) => JSON.stringify({ framework: "react", name: "A", ...fields });

/** Of each table: a row that is stored, values at the edge that are stored too, and values that nobody can store. */
const TABLES: Record<
  string,
  { row: Row; good?: Record<string, SQLInputValue[]>; bad: Record<string, SQLInputValue[]> }
> = {
  users: {
    row: {
      id: ID,
      email: "a@b",
      email_key: "a@b",
      name: "A",
      role: "ADMIN",
      password_hash: `$2b$12$${x(53)}`,
      created_at: 0,
      updated_at: 0,
    },
    good: { email: [`${x(252)}@b`], name: [x(200), "👩‍👩‍👧"], locked_until: [null, 5] },
    bad: {
      id: ["short", ID.toUpperCase(), NO_ID, null],
      email: ["ab", "a b@c", "a@b\n", "a\0@b", `${x(253)}@b`, "@b", "a@", "a@b@c", "a\v@b", null].concat(
        [..."\u00a0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"].map((space) => `a${space}b@c`),
      ),
      email_key: ["a", "a\0@b", "A@b", null],
      name: ["", x(201), "a\0b", null],
      role: ["OWNER", "admin", "", null],
      status: ["LOCKED", ""],
      password_hash: ["secret", "", `$2b$12$${x(52)}`, null],
      created_at: [-1, LATER_THAN_A_DATE, "now", null],
      updated_at: [-1, null],
      locked_until: [-1],
      last_sign_in_at: [LATER_THAN_A_DATE],
    },
  },
  projects: {
    row: { id: ID, name: "P", created_at: 0, updated_at: 0 },
    bad: {
      id: ["x", NO_ID],
      name: ["", x(201), "a\0"],
      revision: [-1, "x", 2 ** 31],
      created_at: [-1],
      updated_at: [LATER_THAN_A_DATE],
    },
  },
  project_members: {
    row: { project_id: ID, user_id: ID, role: "OWNER", created_at: 0 },
    bad: { role: ["ADMIN", "owner"], created_at: [-1], project_id: [OTHER, null], user_id: [OTHER, null] },
  },
  access_tokens: {
    row: {
      id: ID,
      user_id: ID,
      name: "t",
      token_hash: new Uint8Array(32),
      prefix: "fp_abcd",
      scopes: `["SIGNALS","AUDIT_READ"]`,
      created_at: 0,
    },
    bad: {
      id: [NO_ID],
      token_hash: [new Uint8Array(31), "x".repeat(32), null],
      prefix: ["abcd", "fp_", `fp_${x(20)}`],
      scopes: ["[]", `["ADMIN"]`, `["SIGNALS",{}]`, `{"a":"SIGNALS"}`, "SIGNALS", `[["SIGNALS"]]`],
      name: ["", x(201), "\0"],
      expires_at: [-1],
      last_used_at: [LATER_THAN_A_DATE],
      project_id: [OTHER],
    },
  },
  elements: {
    row: {
      id: ID,
      project_id: ID,
      captured_by: ID,
      client_id: ID,
      revision: 1,
      page_url: "https://a.example/",
      selector: "a",
      tag_name: "A",
      class_names: "[]",
      attributes: "{}",
      html_byte_size: 0,
      box: box({}),
      created_at: 0,
      updated_at: 0,
    },
    good: {
      page_url: [
        "about:blank",
        "data:text/html,x",
        `https://a.example/${x(32_750)}`,
        "https://a.example/javascript:",
        " \tView-Source+x.1:\nhttps://a",
      ],
      client_id: ["00000000-0000-0000-0000-000000000000", crypto.randomUUID()],
      class_names: [JSON.stringify(["", "é", x(10_000)])],
      revision: [2 ** 31 - 1],
      selector: [x(20_000)],
      text: [x(1_000_000), "", null],
      note: [x(20_000), ""],
      box: [box({ x: -1.5, width: 0 })],
      viewport: [viewport({ scrollX: -1.5, devicePixelRatio: 0.5 }), null],
      accessibility: [`{"role":null,"name":null}`, `{"role":"button","name":"","description":"Ends it"}`],
      component: [component({ file: null, line: 0, column: null })],
    },
    bad: {
      id: [NO_ID],
      client_id: ["x", NO_ID, "01a20acd-0000-0000-8000-000000000001", "01a20acd-0000-7000-7000-000000000001", null],
      revision: [0, -1, 2 ** 31],
      page_url: [
        "",
        "no scheme",
        ":x",
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        " javascript:x",
        "java\nscript:x",
        "\u0001java\tscript:x",
        "vbscript:x",
        x(32_769),
        "https://a\0",
        "1:2",
        "a_b:c",
        "\u00a0https://a",
      ],
      page_title: [x(10_001), "a\0"],
      page_id: ["", x(201), "\0"],
      selector: ["", x(20_001), "a\0", null],
      tag_name: ["", x(201), "a\0", null],
      dom_id: [x(10_001), "\0"],
      class_names: [
        "{}",
        "x",
        "['a']",
        JSON.stringify(Array.from({ length: 2_001 }, () => "a")),
        JSON.stringify(["a", x(10_001)]),
        `["a",1]`,
        "[null]",
        `["a\\u0000b"]`,
        null,
      ],
      attributes: ["[]", "x", `"a"`, "{a:1}", null],
      text: [x(1_000_001), "a\0b"],
      html_byte_size: [-1, 24_000_001],
      box: ["[]", "{}", box({ width: -1 }), box({ x: "1" }), box({ height: null }), null].concat(
        [box({}).replace('"x"', "x"), box({}).replace(":0", ":-1e999"), box({}).replace(":1", ":1e999")],
      ),
      viewport: [
        "{}",
        viewport({ width: 1.5 }),
        viewport({ width: 2 ** 31 }),
        viewport({ height: -1 }),
        viewport({ devicePixelRatio: 0 }),
        viewport({}).replace(":0", ":1e999"),
        viewport({}).replace('"width"', "width"),
      ],
      accessibility: [
        "[]",
        "{role:null}",
        `{"role":5}`,
        JSON.stringify({ role: x(201) }),
        JSON.stringify({ name: x(10_001) }),
        JSON.stringify({ name: "a\0" }),
        `{"description":5}`,
        JSON.stringify({ description: x(10_001) }),
        JSON.stringify({ description: "a\0" }),
      ],
      component: [
        "{}",
        component({ name: "" }),
        component({ framework: x(101) }),
        component({ framework: "a\0" }),
        component({}).replace('"name"', "name"),
        component({ line: 2 ** 31 }),
        component({ line: -1 }),
        component({ line: 1.5 }),
        component({ file: x(4_097) }),
        component({ column: "1" }),
      ],
      note: [x(20_001), "\0"],
      status: ["DONE", "open"],
      stale_since: [-1],
      created_at: [-1, null],
      updated_at: [LATER_THAN_A_DATE],
      project_id: [OTHER, null],
    },
  },
  element_contents: {
    row: { element_id: ID, html: new Uint8Array(1), computed_styles: "{}" },
    bad: {
      html: ["text", null, new Uint8Array(24_000_001)],
      computed_styles: ["[]", "x", "{a:1}", null],
      element_id: [OTHER, null],
    },
  },
  screenshots: {
    row: { element_id: ID, mime_type: "image/png", width: 1, height: 1, bytes: new Uint8Array(1) },
    bad: {
      mime_type: ["image/svg+xml", ""],
      width: [0, -1, 40_960_001],
      height: [0],
      bytes: [new Uint8Array(), null, new Uint8Array(12_582_913)],
    },
  },
  element_comments: {
    row: { id: ID, element_id: ID, author_id: ID, body: "x", created_at: 0 },
    bad: {
      id: ["x", NO_ID],
      body: ["", x(20_001), "\0", null],
      created_at: [-1],
      author_id: [OTHER],
      element_id: [OTHER, null],
    },
  },
  element_events: {
    row: { project_id: ID, revision: 1, kind: "CAPTURED", element_id: ID },
    bad: { kind: ["MOVED", ""], revision: [0, 2 ** 31], element_id: ["x", null], project_id: [OTHER, null] },
  },
  security_events: {
    row: {
      sequence: 2,
      id: ID,
      kind: "user.created",
      severity: "INFO",
      actor_kind: "system",
      details: "{}",
      occurred_at: 0,
      hash: new Uint8Array(32),
    },
    bad: {
      hash: [new Uint8Array(31), "x"],
      kind: ["created", "User.created", "user created.x", ""],
      severity: ["LOW"],
      actor_kind: ["robot"],
      details: ["[]", "x", "{a:1}", null],
      occurred_at: [-1],
      actor_id: ["x"],
    },
  },
  rate_limits: {
    row: { action: "test", max_count: 1, window_seconds: 1, updated_at: 0 },
    bad: {
      action: ["Sign in", "", "a-b"],
      max_count: [0, -1, 1_000_000_001],
      window_seconds: [0, 86_401],
      updated_at: [-1],
    },
  },
  demo_rows: {
    row: { kind: "user", row_id: ID },
    bad: { kind: ["element"], row_id: ["x"] },
  },
  app_config: {
    row: { key: "a.b", value: "1", is_secret: 0, updated_at: 0 },
    bad: { key: ["", "A", "a b"], value: ["not JSON", new Uint8Array(40), null], is_secret: [1, 2], updated_at: [-1] },
  },
  webrtc_connections: {
    row: { id: ID, project_id: ID, initiator_id: ID, state: "NEW", created_at: 0 },
    bad: {
      id: ["short", NO_ID],
      state: ["OPEN", "CONNECTED", "DISCONNECTED", "FAILED", "CLOSED"],
      bytes_received: [-1, 2n ** 53n],
      bytes_sent: [-1, 2n ** 53n],
      round_trip_ms: [-1, Infinity],
      opened_at: [-1],
      closed_at: [0],
      created_at: [-1],
      project_id: [OTHER],
    },
  },
  mcp_tool_executions: {
    row: {
      id: ID,
      tool: "t",
      actor_id: ID,
      outcome: "error",
      error_code: "NOT_FOUND",
      duration_ms: 1,
      result_bytes: 1,
      argument_hash: "0".repeat(64),
      started_at: 0,
    },
    bad: {
      id: ["short", NO_ID],
      tool: ["", x(101), "T", "a b", "1a"],
      actor_id: [OTHER],
      outcome: ["fine", "ok"],
      error_code: ["", "no", "A B"],
      duration_ms: [-1, Infinity],
      result_bytes: [-1, 2 ** 31],
      argument_hash: [null, "0".repeat(63), "A".repeat(64), x(64)],
      started_at: [-1],
    },
  },
  access_token_addresses: {
    row: { token_id: ID, ip_address: "::1", first_used_at: 0 },
    bad: { token_id: [OTHER], ip_address: ["", "x", "1.2.3.4 "], first_used_at: [-1] },
  },
  pairings: {
    row: {
      id: ID,
      device_code_hash: new Uint8Array(32),
      user_code: "BCDFGHJK",
      client_name: "c",
      scopes: `["SIGNALS"]`,
      ip_address: "::1",
      user_agent: "u",
      state: "APPROVED",
      approved_by: ID,
      session_id: ID,
      created_at: 0,
      expires_at: 600_000,
    },
    good: { client_name: [x(100)], expires_at: [0], project_id: [ID], token_expires_at: [5] },
    bad: {
      id: ["short", NO_ID],
      device_code_hash: [new Uint8Array(31), x(32), null],
      user_code: ["BCDFGHJ", "BCDF-GHJ", "bcdfghjk", "ABCDEFGH", "BCDFGHJ1"],
      client_name: ["", x(101), "a\0"],
      scopes: ["[]", `["ADMIN"]`, `{"a":"SIGNALS"}`, "SIGNALS"],
      ip_address: [x(101)],
      user_agent: [x(501)],
      state: ["EXPIRED", "PENDING", "DENIED"],
      approved_by: [OTHER, null],
      session_id: [null, "x"],
      project_id: [OTHER],
      token_expires_at: [-1],
      created_at: [-1, LATER_THAN_A_DATE],
      expires_at: [-1, LATER_THAN_A_DATE],
    },
  },
  audit_checkpoints: {
    row: { sequence: 1, hash: new Uint8Array(32), signature: new Uint8Array(32), made_at: 0 },
    bad: { hash: [new Uint8Array(31)], signature: [new Uint8Array(33)], made_at: [-1], sequence: [-1] },
  },
  audit_prunings: {
    row: { sequence: 1, hash: new Uint8Array(32), signature: new Uint8Array(32), made_at: 0 },
    bad: { hash: [new Uint8Array(31)], signature: [new Uint8Array(33)], made_at: [-1], sequence: [0] },
  },
  audit_keys: {
    row: { id: ID, first_sequence: 1, sealed_key: new Uint8Array(69) },
    bad: { id: ["x"], first_sequence: [0], sealed_key: [new Uint8Array(5), "x"] },
  },
};

/** A broken constraint, a type that STRICT refuses, or JSON that is none. */
const REFUSED = /constraint failed|cannot store|malformed JSON/;
/** Tables that nothing is taken from, and a change that each refuses. */
const APPEND_ONLY: Record<string, string> = {
  security_events: "kind = 'a.b'",
  audit_checkpoints: "made_at = 1",
  audit_prunings: "made_at = 1",
  audit_keys: "first_sequence = 2",
};

function insert(database: DatabaseSync, table: string, row: Row): void {
  const columns = Object.keys(row);
  database.prepare(`INSERT INTO ${table} (${columns.join()}) VALUES (${columns.map(() => "?").join()})`)
    .run(...Object.values(row));
}

async function withDatabase(work: (database: DatabaseSync) => void): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "fingerpost_constraints_" });
  try {
    await migrate({ path: `${folder}/test.db`, folder: MIGRATIONS, clock: Date });
    using database = openConnection(`${folder}/test.db`, { readOnly: false });
    work(database);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("what the API refuses can't be stored by anyone, neither new nor by a change", async () => {
  await withDatabase((database) => {
    for (const [table, { row, good = {}, bad }] of Object.entries(TABLES)) {
      const attempt = (change: Row, works: boolean, what: string) => {
        database.exec("SAVEPOINT attempt");
        // A valid row is in the way of a new one; it goes first, with what the attempt leaves of it.
        if (works) insert(database, table, { ...row, ...change });
        else {assert.throws(
            () => insert(database, table, { ...row, ...change }),
            REFUSED,
            what,
          );}
        database.exec("ROLLBACK TO attempt; RELEASE attempt");
      };
      for (const [column, values] of Object.entries(good)) {
        for (const value of values) attempt({ [column]: value }, true, `${table}.${column}`);
      }
      for (const [column, values] of Object.entries(bad)) {
        for (const value of values) {
          attempt({ [column]: value }, false, `${table}.${column} = ${String(value).slice(0, 40)}`);
        }
      }
      insert(database, table, row);
      if (APPEND_ONLY[table] !== undefined) continue;
      for (const [column, values] of Object.entries(bad)) {
        for (const value of values) {
          const update = () => database.prepare(`UPDATE ${table} SET ${column} = ?`).run(value);
          assert.throws(
            update,
            REFUSED,
            `UPDATE ${table}.${column} = ${String(value).slice(0, 40)}`,
          );
        }
      }
    }
  });
});

Deno.test("every table that people's data lies in has its line in the table of constraints", async () => {
  await withDatabase((database) => {
    const tables = database.prepare("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'").all()
      .map(({ name }) => String(name)).filter((name) =>
        !/^(sqlite_|migrations$|element_(search_keys|captors|blocks)$)/.test(name)
      );
    assert.deepEqual(tables.sort(), Object.keys(TABLES).sort());
  });
});

Deno.test("the audit tables are append-only, and a changed row without a time of its own gets the present", async () => {
  await withDatabase((database) => {
    for (const [table, { row }] of Object.entries(TABLES)) insert(database, table, row);
    for (const [table, change] of Object.entries(APPEND_ONLY)) {
      assert.throws(() => database.exec(`UPDATE ${table} SET ${change}`), /append-only/);
      assert.throws(() => database.exec(`DELETE FROM ${table}`), /append-only/);
    }
    const changes = {
      users: "name = 'B'",
      projects: "name = 'B'",
      elements: "note = 'B'",
      app_config: "value = '2'",
      rate_limits: "max_count = 2",
    };
    for (const [table, change] of Object.entries(changes)) {
      const before = Date.now() - 1;
      database.exec(`UPDATE ${table} SET ${change}`);
      const { at } = database.prepare(`SELECT min(updated_at) AS at FROM ${table}`).get() ?? {};
      assert.ok(Number(at) >= before && Number(at) <= Date.now() + 1, table);
      database.exec(`UPDATE ${table} SET ${change}, updated_at = 5`);
      assert.equal(
        database.prepare(`SELECT max(updated_at) AS at FROM ${table}`).get()?.["at"],
        5,
        "an own time stays",
      );
    }
  });
});

Deno.test("an operator's views tell active users, open elements by project and recent security events", async () => {
  await withDatabase((database) => {
    for (const [table, { row }] of Object.entries(TABLES)) insert(database, table, row);
    database.exec("UPDATE users SET status = 'DISABLED'");
    assert.deepEqual(database.prepare("SELECT * FROM active_users").all(), []);
    assert.equal(database.prepare("SELECT open_count FROM open_elements").get()?.["open_count"], 1);
    database.exec("UPDATE elements SET status = 'RESOLVED'");
    assert.equal(database.prepare("SELECT open_count FROM open_elements").get()?.["open_count"], 0);
    assert.equal(database.prepare("SELECT kind FROM recent_security_events").get()?.["kind"], "user.created");
  });
});
