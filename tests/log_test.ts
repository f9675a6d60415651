import assert from "node:assert/strict";
import { CAPTURE, captureInput, createProject } from "./support/captures.ts";
import { write } from "./support/people.ts";
import { sendRaw } from "./support/raw_http.ts";
import { ADMIN, bearer, clientOf, type RunningApp } from "./support/running_app.ts";
import { listening, startTask } from "./support/started_task.ts";

const SIGN_IN = `mutation ($input: SignInInput!) { signIn(input: $input) { token } }`;

/** What would be a line of its own if it came through as it is. */
const FORGED = `\n{"level":"ERROR","logger":"forged"}\r\n\u001b[2J`;

Deno.test("nothing that a request holds makes a line of its own in the log", async () => {
  const { stderr } = await runServer(async (app) => {
    const forged = encodeURIComponent(FORGED);
    for (const target of [`/${forged}`, `/graphql?query=${forged}`, `/screenshots/${forged}`, `//${forged}`]) {
      for (const host of [new URL(app.url).host, FORGED.replaceAll(/[\r\n]/g, ""), "\u0085evil\u2028"]) {
        const headers: [string, string][] = [["host", host], ["connection", "close"], ["user-agent", "\u2028 forged"]];
        await sendRaw(app.url, { method: "GET", target, headers, body: new Uint8Array(), isCut: false });
      }
    }
    await app.graphql(SIGN_IN, { input: { email: FORGED, password: FORGED } });
    await app.graphql(`{ ${FORGED} }`, {}, "nobody");
    await useMcp(app);
  });
  assert.match(stderr, /forged/, "what was sent is in the log, in its place");
  for (const line of stderr.trimEnd().split("\n")) {
    assert.match(JSON.parse(line).logger, /^fingerpost\./, line);
    // deno-lint-ignore no-control-regex -- a control character is what must not be there
    assert.doesNotMatch(line, /[\u0000-\u001f]/);
  }
});

Deno.test("an unexpected error is in the log with its request's id, its cause and the time in UTC", async () => {
  let requestId: unknown;
  const { stderr } = await runServer(async (app) => {
    const token = (await app.ask(SIGN_IN, { input: ADMIN })).signIn.token;
    const projectId = await createProject(app, token);
    const broken = "CREATE TRIGGER broken BEFORE INSERT ON elements BEGIN SELECT RAISE(ABORT, 'no such luck'); END";
    write(app, (database) => database.exec(broken));
    const { errors } = await app.graphql(CAPTURE, { input: captureInput({ projectId }) }, token);
    requestId = errors?.[0]?.extensions["requestId"];
  });
  const errors = stderr.trimEnd().split("\n").map((line) => JSON.parse(line)).filter(({ level }) => level === "ERROR");
  assert.equal(errors.length, 1);
  const [{ properties, ...error }] = errors;
  assert.equal(properties.requestId, requestId);
  assert.match(JSON.stringify(properties.error), /no such luck/);
  assert.match(error["@timestamp"], /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
});

/** What the library of MCP refuses is logged with its words. */
async function useMcp(app: RunningApp): Promise<void> {
  const token = (await app.ask(SIGN_IN, { input: ADMIN })).signIn.token;
  const accept = "application/json, text/event-stream";
  for (const body of [FORGED, JSON.stringify({ jsonrpc: "2.0", id: 1, method: FORGED, params: { name: FORGED } })]) {
    const headers = { "content-type": "application/json", accept, "mcp-method": "forged", ...bearer(token) };
    await fetch(`${app.url}/mcp`, { method: "POST", headers, body }).then((response) => response.text());
  }
}

/** Runs `deno task start` while `work` asks it; returns what it printed. */
async function runServer(work: (app: RunningApp) => Promise<void>): Promise<{ stderr: string }> {
  const dataDir = await Deno.makeTempDir({ prefix: "fingerpost_log_" });
  try {
    await using server = startTask({
      FINGERPOST_DATA_DIR: dataDir,
      FINGERPOST_ADMIN_PASSWORD: ADMIN.password,
      FINGERPOST_LOG_LEVEL: "debug",
      FINGERPOST_LOG_FORMAT: "json",
    });
    const url = await listening(server);
    await work({ url, dataDir, ...clientOf(url) } as RunningApp);
    server.kill("SIGTERM");
    return await server.end();
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}
