import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { listening, startTask } from "./support/started_task.ts";

async function withFolder(work: (dataDir: string) => Promise<void>): Promise<void> {
  const parent = await Deno.makeTempDir({ prefix: "fingerpost start " });
  try {
    await work(`${parent}/data`);
  } finally {
    await Deno.remove(parent, { recursive: true });
  }
}

Deno.test("deno task start makes a private data folder and the first admin, listens, and stops on a signal with 0", async () => {
  await withFolder(async (dataDir) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      await using first = startTask({ FINGERPOST_DATA_DIR: dataDir });
      const url = await listening(first);
      assert.match(url, /^http:\/\/127\.0\.0\.1:\d+$/);
      const health = await fetch(`${url}/health/ready`);
      assert.equal((await health.json()).status, "ok");
      // With the permissions that the task gives it.
      assert.match(await (await fetch(`${url}/pointer.js`)).text(), /Fingerpost/);
      // Twice, as a terminal and the task in front of the server both pass Ctrl-C on.
      first.kill(signal);
      first.kill(signal);
      const { code, stdout } = await first.end();
      assert.equal(code, 0, signal);
      const password = /^First admin: admin@localhost, password: (\S{24}) \(shown this once\)$/m.exec(stdout)?.[1];
      assert.equal(password !== undefined, signal === "SIGTERM", "the password is shown at the first start alone");
    }
    const modes = ["", "/fingerpost.db", "/kv.db", "/secret.key"].map((name) =>
      (Deno.statSync(`${dataDir}${name}`).mode ?? 0) & 0o777
    );
    assert.deepEqual(modes, [0o700, 0o600, 0o600, 0o600]);
    assert.equal(Uint8Array.fromBase64(Deno.readTextFileSync(`${dataDir}/secret.key`).trim()).length, 32);
  });
});

Deno.test("deno task start takes the first admin from the environment and lets it sign in", async () => {
  await withFolder(async (dataDir) => {
    const admin = { FINGERPOST_ADMIN_EMAIL: "ada@example.org", FINGERPOST_ADMIN_PASSWORD: "analytical engine" };
    await using started = startTask({ FINGERPOST_DATA_DIR: dataDir, ...admin });
    const url = await listening(started);
    const query =
      `mutation { signIn(input: { email: "Ada@example.org", password: "analytical engine" }) { user { role } } }`;
    const response = await fetch(`${url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query }),
    });
    assert.deepEqual(await response.json(), { data: { signIn: { user: { role: "ADMIN" } } } });
    started.kill("SIGTERM");
    const { stdout } = await started.end();
    assert.doesNotMatch(stdout, /analytical engine/);
  });
});

Deno.test("deno task start shows the first admin's password even if it can't listen", async () => {
  await withFolder(async (dataDir) => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const port = String((listener.addr as Deno.NetAddr).port);
    await using started = startTask({ FINGERPOST_DATA_DIR: dataDir, FINGERPOST_PORT: port });
    const { code, stdout, stderr } = await started.end();
    assert.equal(code, 1);
    assert.match(stdout, /^First admin: admin@localhost, password: \S{24} \(shown this once\)\n$/);
    assert.match(stderr, /^Cannot listen on 127\.0\.0\.1:\d+: .*in use.*\n$/);
  });
});

Deno.test("deno task start ends with 0 within its grace, whatever a client leaves half done", async () => {
  await withFolder(async (dataDir) => {
    await using started = startTask({ FINGERPOST_DATA_DIR: dataDir });
    const { hostname, port } = new URL(await listening(started));
    const open = async (head: string[]) => {
      const connection = await Deno.connect({ hostname, port: Number(port) });
      await connection.write(new TextEncoder().encode(`${head.join("\r\n")}\r\n\r\n`));
      return connection;
    };
    const host = `Host: ${hostname}:${port}`;
    const upgrade = ["GET /graphql HTTP/1.1", host, "Upgrade: websocket", "Connection: Upgrade"];
    const key = ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="];
    const post = ["POST /graphql HTTP/1.1", host, "Content-Type: application/json", "Content-Length: 1000"];
    using _half = await open(post);
    for (let index = 0; index < 20; index++) (await open([...upgrade, ...key])).close();
    assert.equal(
      (await fetch(`http://${hostname}:${port}/health/live`).then((response) => response.json())).status,
      "ok",
    );
    const signalledAt = performance.now();
    started.kill("SIGTERM");
    const { code, stderr } = await started.end();
    assert.deepEqual([code, /error:|ERROR/.test(stderr)], [0, false], stderr);
    assert.ok(performance.now() - signalledAt < 8_000);
  });
});

Deno.test("deno task start refuses a data folder that another server has open", async () => {
  await withFolder(async (dataDir) => {
    await using first = startTask({ FINGERPOST_DATA_DIR: dataDir });
    await listening(first);
    await using second = startTask({ FINGERPOST_DATA_DIR: dataDir });
    const { code, stdout, stderr } = await second.end();
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /^Cannot use the data folder ".*": another server has it open\n$/);
  });
});

Deno.test("deno task start tells what is wrong with a setting or a file in one line, and changes nothing", async () => {
  await withFolder(async (dataDir) => {
    const refused = async (environment: Record<string, string>) => {
      await using started = startTask({ FINGERPOST_DATA_DIR: dataDir, ...environment });
      const { code, stdout, stderr } = await started.end();
      assert.equal(stdout, "");
      return [code, stderr];
    };
    assert.deepEqual(await refused({ FINGERPOST_PORT: "eighty" }), [
      2,
      `FINGERPOST_PORT must be a whole number from 0 to 65535, not "eighty"\n`,
    ]);
    assert.deepEqual(await refused({ FINGERPOST_SECRET_KEY: "c2hvcnQ=" }), [
      2,
      "FINGERPOST_SECRET_KEY must be 32 bytes in base64\n",
    ]);
    assert.deepEqual(await refused({ FINGERPOST_TRUSTED_PROXIES: "10.0.0.0/8, proxy.example" }), [
      2,
      `FINGERPOST_TRUSTED_PROXIES must be addresses or CIDRs such as 10.0.0.0/8, comma separated, not "10.0.0.0/8, proxy.example"\n`,
    ]);
    await Deno.mkdir(dataDir);
    await Deno.writeTextFile(`${dataDir}/fingerpost.db`, "This is no database, but somebody's notes. ".repeat(50));
    const [code, line] = await refused({});
    assert.equal(code, 1);
    assert.match(String(line), /^Cannot open the database ".*fingerpost\.db": file is not a database\n$/);
    assert.match(await Deno.readTextFile(`${dataDir}/fingerpost.db`), /^This is no database/);
  });
});

Deno.test("deno task start warns of a schema that drifted from the migrations, and goes on", async () => {
  await withFolder(async (dataDir) => {
    {
      await using first = startTask({ FINGERPOST_DATA_DIR: dataDir });
      await listening(first);
    }
    {
      using database = new DatabaseSync(`${dataDir}/fingerpost.db`);
      database.exec("CREATE INDEX by_hand ON users (name)");
    }
    await using second = startTask({ FINGERPOST_DATA_DIR: dataDir });
    await listening(second);
    second.kill("SIGTERM");
    const { code, stderr } = await second.end();
    assert.equal(code, 0);
    assert.match(
      stderr,
      /The database drifted from its migrations: .*index by_hand is in the database and in no migration/,
    );
  });
});
