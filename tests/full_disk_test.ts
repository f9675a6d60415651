import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { openDatabase } from "../src/database/database.ts";
import { migrate } from "../src/database/migrations.ts";
import { createRateLimits } from "../src/rate_limits/rate_limits.ts";
import { openAuditOf } from "./support/audit_log.ts";
import { captureInput, createAccessToken, createProject } from "./support/captures.ts";
import { bearer, type GraphqlBody, startApp } from "./support/running_app.ts";

const PROJECT = new URL("..", import.meta.url).pathname;
/** Blocks of 512 bytes that a file may have: room for the schema and a few captures. */
const MAX_FILE_BLOCKS = 4_000;

interface Server extends AsyncDisposable {
  url: string;
  /** Lets files grow again, as when somebody makes room on the disk. */
  makeRoom(): Promise<void>;
}

/** The server with a limit on the size of its files: a write beyond it fails in the kernel, as on a full disk. getrlimit(2) */
async function startWithLittleRoom(dataDir: string): Promise<Server> {
  const command = `trap '' XFSZ; ulimit -S -f ${MAX_FILE_BLOCKS}; exec "$0" "$@"`;
  const process = new Deno.Command("sh", {
    args: ["-c", command, Deno.execPath(), "run", "--quiet", "--allow-all", "src/main.ts", "start"],
    cwd: PROJECT,
    env: { FINGERPOST_DATA_DIR: dataDir, FINGERPOST_PORT: "0", FINGERPOST_LOG_LEVEL: "error" },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stderr = new Response(process.stderr).text();
  const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!/^Listening on .*\n/m.test(text)) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`The server did not start: ${await stderr}`);
    text += value;
  }
  const [, url = ""] = /^Listening on (.*)$/m.exec(text) ?? [];
  return {
    url,
    makeRoom: async () => {
      const args = ["--pid", String(process.pid), "--fsize=unlimited"];
      assert.equal((await new Deno.Command("prlimit", { args }).output()).code, 0);
    },
    [Symbol.asyncDispose]: async () => {
      process.kill("SIGTERM");
      while (!(await reader.read()).done);
      assert.equal((await process.status).code, 0);
      assert.doesNotMatch(await stderr, /INTERNAL|Unexpected/);
    },
  };
}

Deno.test("on a full disk writes are UNAVAILABLE, reads go on, and all is well again when there is room", async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "fingerpost_full_" });
  try {
    const token = await prepare(dataDir);
    let stored = 0;
    {
      await using server = await startWithLittleRoom(dataDir);
      const ask = async (query: string, variables = {}): Promise<GraphqlBody> => {
        const headers = { "content-type": "application/json", ...bearer(token) };
        const body = JSON.stringify({ query, variables });
        return await (await fetch(`${server.url}/graphql`, { method: "POST", headers, body })).json();
      };
      const capture = async () => {
        const query = `mutation ($input: CaptureElementInput!) { captureElement(input: $input) { id } }`;
        const { errors } = await ask(query, { input: captureInput({ html: "x".repeat(100_000) }) });
        if (errors === undefined) stored++;
        return errors?.[0]?.extensions.code ?? "ok";
      };
      const count = async () => (await ask(`{ elements { totalCount } }`)).data?.elements.totalCount;
      const codes = await Array.fromAsync({ length: 60 }, capture);
      assert.deepEqual(new Set(codes), new Set(["ok", "UNAVAILABLE"]));
      assert.equal(codes.at(-1), "UNAVAILABLE");
      assert.equal(await count(), stored, "reads go on and see what was acknowledged");
      assert.equal((await fetch(`${server.url}/health/live`).then((response) => response.json())).status, "ok");
      await server.makeRoom();
      assert.equal(await capture(), "ok");
      assert.equal(await count(), stored);
    }
    using database = new DatabaseSync(`${dataDir}/fingerpost.db`, { readOnly: true });
    assert.equal(database.prepare("PRAGMA integrity_check").get()?.["integrity_check"], "ok");
    assert.equal(database.prepare("SELECT count(*) AS n FROM element_events").get()?.["n"], stored);
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});

Deno.test("a first start without room says so in one line, and leaves nothing in the way of the next", async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "fingerpost_full_" });
  try {
    const { code, stderr } = await new Deno.Command("sh", {
      args: [
        "-c",
        `trap '' XFSZ; ulimit -f 0; exec "$0" "$@"`,
        Deno.execPath(),
        ...["run", "--quiet", "--allow-all", "src/main.ts", "start"],
      ],
      cwd: PROJECT,
      env: { FINGERPOST_DATA_DIR: dataDir, FINGERPOST_PORT: "0", NO_COLOR: "1" },
    }).output();
    assert.equal(code, 1);
    assert.match(new TextDecoder().decode(stderr), /^Cannot use the data folder ".*": File too large .*\n$/);
    await using app = await startApp({ dataDir });
    assert.ok((await app.signIn()).length > 0);
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});

async function prepare(dataDir: string): Promise<string> {
  await using app = await startApp({ dataDir });
  const session = await app.signIn();
  await createProject(app, session);
  return await createAccessToken(app, session, { scopes: ["ELEMENTS_READ", "ELEMENTS_WRITE"] });
}

Deno.test("where counters can't be written, readers are counted by the process alone, and sign-in is not tried", async () => {
  const folder = await Deno.makeTempDir({ prefix: "fingerpost_counters_" });
  try {
    await migrate({ path: `${folder}/test.db`, folder: `${PROJECT}migrations`, clock: Date });
    await using database = openDatabase(`${folder}/test.db`);
    const kv = await Deno.openKv(`${folder}/kv.db`);
    const clock = { now: () => 5 };
    const audit = await openAuditOf(database, `${folder}/test.db`, clock);
    const limits = createRateLimits({ database, kv: failingWrites(kv), audit, clock });
    await assert.rejects(limits.take("sign_in", "127.0.0.1"), { code: "UNAVAILABLE" });
    for (let index = 0; index < 240; index++) await limits.take("capture_element", "somebody");
    await assert.rejects(limits.take("capture_element", "somebody"), { code: "RATE_LIMITED" });
    kv.close();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** The file as it is on a full disk: what is there can be read, and nothing written. */
function failingWrites(kv: Deno.Kv): Deno.Kv {
  return new Proxy(kv, {
    get: (target, name) => {
      if (name === "set") return () => Promise.reject(new TypeError("database or disk is full"));
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
