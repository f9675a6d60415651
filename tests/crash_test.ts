import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { captureInput, createAccessToken, createProject } from "./support/captures.ts";
import { bearer, startApp } from "./support/running_app.ts";

const PROJECT = new URL("..", import.meta.url).pathname;
const KILLS = 30;
/** Every tenth run is long enough for the upkeep to copy the log while it is killed. */
const LONG_RUN_MS = 2_000;
const RUN_MS = 250;
const CLIENTS = 4;

/** Captures by their client id: acknowledged with a revision, or sent and never answered. */
type Sent = Map<string, { id: string; revision: number } | null>;

interface Server {
  url: string;
  kill(): Promise<void>;
}

async function start(dataDir: string): Promise<Server> {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-all", "src/main.ts", "start"],
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
  const kill = async () => {
    process.kill("SIGKILL");
    while (!(await reader.read()).done);
    await process.status;
    await stderr;
  };
  return { url, kill };
}

/** Sends captures one after the other until the server is gone. */
async function stream(url: string, token: string, sent: Sent): Promise<void> {
  const query = `mutation ($input: CaptureElementInput!) { captureElement(input: $input) { id revision } }`;
  for (;;) {
    const clientId = crypto.randomUUID();
    sent.set(clientId, null);
    const variables = { input: captureInput({ clientId, html: `<p>${clientId}</p>`.repeat(50) }) };
    try {
      const response = await fetch(`${url}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json", ...bearer(token) },
        body: JSON.stringify({ query, variables }),
      });
      sent.set(clientId, (await response.json()).data.captureElement);
    } catch {
      return;
    }
  }
}

/** Holds the file against what was acknowledged; the server that just started has recovered it, and this only reads. */
function check(dataDir: string, sent: Sent): number {
  using database = new DatabaseSync(`${dataDir}/fingerpost.db`, { readOnly: true });
  const rows = <Row>(query: string) => database.prepare(query).all() as Row[];
  assert.deepEqual(rows<object>("PRAGMA integrity_check").map((row) => ({ ...row })), [{ integrity_check: "ok" }]);
  assert.deepEqual(rows("PRAGMA foreign_key_check"), []);
  const stored = rows<{ id: string; client_id: string; revision: number }>(
    "SELECT id, client_id, revision FROM elements",
  );
  const byClient = Map.groupBy(stored, (row) => row.client_id);
  for (const [clientId, answer] of sent) {
    const found = byClient.get(clientId) ?? [];
    if (answer !== null) assert.equal(found.length, 1, `acknowledged, then ${found.length} times there`);
    assert.ok(found.length <= 1, "stored once at most");
    if (answer !== null) {
      assert.deepEqual([`element_${found[0]?.id}`, found[0]?.revision], [answer.id, answer.revision]);
    }
  }
  const events = rows<{ revision: number; element_id: string }>(
    "SELECT revision, element_id FROM element_events ORDER BY revision",
  );
  assert.deepEqual(events.map(({ revision }) => revision), events.map((_, index) => index + 1), "no hole in the feed");
  assert.deepEqual(new Set(events.map((event) => event.element_id)), new Set(stored.map(({ id }) => id)));
  assert.deepEqual(rows<{ revision: number }>("SELECT revision FROM projects").map(({ revision }) => revision), [
    events.length,
  ]);
  const complete = "SELECT count(*) AS n FROM elements JOIN element_contents ON element_id = id WHERE length(html) > 0";
  assert.equal(rows<{ n: number }>(complete)[0]?.n, stored.length);
  return stored.length;
}

Deno.test(`a server killed ${KILLS} times under captures has every acknowledged one, once, and a feed without a hole`, async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "fingerpost_crash_" });
  try {
    const token = await prepare(dataDir);
    const sent: Sent = new Map();
    for (let kill = 1; kill <= KILLS; kill++) {
      const server = await start(dataDir);
      check(dataDir, sent);
      const clients = Array.from({ length: CLIENTS }, () => stream(server.url, token, sent));
      const runMs = Math.random() * RUN_MS + (kill % 10 === 0 ? LONG_RUN_MS : 0);
      await new Promise((resolve) => setTimeout(resolve, runMs));
      await server.kill();
      await Promise.all(clients);
    }
    const acknowledged = [...sent.values()].filter((answer) => answer !== null).length;
    assert.ok(acknowledged > KILLS, `only ${acknowledged} captures were acknowledged`);
    await retry(dataDir, token, sent);
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});

/** A data folder with a project, its owner's token, and no limit that would end the stream. */
async function prepare(dataDir: string): Promise<string> {
  await using app = await startApp({ dataDir });
  const session = await app.signIn();
  await createProject(app, session);
  const token = await createAccessToken(app, session, { scopes: ["ELEMENTS_READ", "ELEMENTS_WRITE"] });
  await app.stop();
  using database = new DatabaseSync(`${dataDir}/fingerpost.db`);
  // A short window: each start forfeits a part of the running one.
  database.exec("UPDATE rate_limits SET max_count = 1000000, window_seconds = 1");
  return token;
}

/** What was never answered is sent again, as a client does, and is there once whether it had arrived or not. */
async function retry(dataDir: string, token: string, sent: Sent): Promise<void> {
  await using app = await startApp({ dataDir });
  for (const [clientId, answer] of sent) {
    if (answer !== null) continue;
    const { captureElement } = await app.ask(
      `mutation ($input: CaptureElementInput!) { captureElement(input: $input) { id revision } }`,
      { input: captureInput({ clientId }) },
      token,
    );
    sent.set(clientId, captureElement);
  }
  const { elements } = await app.ask(`{ elements { totalCount } }`, {}, token);
  assert.equal(elements.totalCount, sent.size);
  assert.equal(check(dataDir, sent), sent.size);
}
