// MCP, in turns: get_element through /mcp against the SDK alone that echoes the same bytes; over stdio against mcp-graphql and agentation-mcp;
// and what a model reads of it, against chrome-devtools-mcp. Needs Node 20, npm, wrk and Chromium; by hand: `deno task bench:mcp [PART …]`
// with the parts http, stdio, tokens. It passes or fails nothing.
import { captureInput, createAccessToken, createProject, fullCaptureInput } from "../tests/support/captures.ts";
import { ADMIN, clientOf, type Data } from "../tests/support/running_app.ts";
import { listening, startTask } from "../tests/support/started_task.ts";
import { startBareServer } from "./_bare_server.ts";
import { printRounds } from "./_mcp_figures.ts";
import { callOnce, compareHttp, type HttpTarget } from "./_mcp_http.ts";
import { type LineServer, startLineServer } from "./_mcp_lines.ts";
import { compareLines } from "./_mcp_stdio.ts";
import { printTokens } from "./_mcp_tokens.ts";

const PARTS = Deno.args.length === 0 ? ["http", "stdio", "tokens"] : Deno.args;
const PEERS = new URL("mcp_peers/", import.meta.url).pathname;
const BARE = new URL("_bare_mcp.ts", import.meta.url).pathname;
const SIGN_IN = `mutation ($input: SignInInput!) { signIn(input: $input) { token } }`;
const LIMIT =
  `mutation ($action: String!) { setRateLimit(input: { action: $action, limit: 1000000000, windowSeconds: 60 }) { limit } }`;
const CAPTURE = `mutation ($input: CaptureElementInput!) { captureElement(input: $input) { id } }`;
const SCOPES = ["ELEMENTS_READ", "ELEMENTS_WRITE", "LIVE_COMMANDS", "AUDIT_READ"];
/** What get_element answers at its standard level. */
const FIELDS = `id component { framework name file line column } selector note status pageUrl createdAt
  box { x y width height } accessibility { role name } text comments { author { name } body createdAt }
  keyStyles htmlOutline live screenshot { width height }`;

/** Our server with one element in it, and an access token. */
interface Ours {
  url: string;
  token: string;
  elementId: string;
}

const folder = await Deno.makeTempDir({ prefix: "fingerpost_bench_" });
try {
  await using server = startTask({ FINGERPOST_DATA_DIR: `${folder}/data`, FINGERPOST_ADMIN_PASSWORD: ADMIN.password });
  const ours = await prepare(await listening(server));
  if (PARTS.includes("http")) await measureHttp(ours);
  if (PARTS.includes("stdio") || PARTS.includes("tokens")) await installPeers();
  if (PARTS.includes("stdio")) await measureStdio(ours);
  if (PARTS.includes("tokens")) {
    await using lines = await startOurLines(ours);
    await printTokens(lines, ours, `${folder}/node_modules/chrome-devtools-mcp/build/src/bin/chrome-devtools-mcp.js`);
  }
} finally {
  await Deno.remove(folder, { recursive: true });
}

async function prepare(url: string): Promise<Ours> {
  const app = clientOf(url);
  const { token: session } = (await app.ask(SIGN_IN, { input: ADMIN })).signIn;
  for (const action of ["graphql", "capture_element", "mcp"]) await app.ask(LIMIT, { action }, session);
  await createProject(app, session);
  const { id } = (await app.ask(CAPTURE, { input: fullCaptureInput() }, session)).captureElement;
  const token = await createAccessToken(app, session, { scopes: SCOPES });
  return { url, token, elementId: id };
}

async function measureHttp({ url, token, elementId }: Ours): Promise<void> {
  const ours: HttpTarget = { url: `${url}/mcp`, token, tool: "get_element", input: { elementId } };
  const answer = await callOnce(ours);
  await Deno.writeTextFile(`${folder}/answer.json`, JSON.stringify(answer));
  await using bare = await startBareServer(BARE, `${folder}/answer.json`, "get_element");
  const theirs = { ...ours, url: bare.url };
  if (JSON.stringify(await callOnce(theirs)) !== JSON.stringify(answer)) {
    throw new Error("The answers are not the same");
  }
  const rounds = await compareHttp({ ours, "the SDK alone": theirs }, folder);
  printRounds("get_element over HTTP, 16 connections, protocol 2026-07-28", rounds);
}

/** Their packages lie outside this project's. */
async function installPeers(): Promise<void> {
  for (const name of ["package.json", "package-lock.json"]) await Deno.copyFile(`${PEERS}${name}`, `${folder}/${name}`);
  const args = ["ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"];
  const { success } = await new Deno.Command("npm", { args, cwd: folder }).output();
  if (!success) throw new Error("Cannot install the peers");
}

async function startOurLines({ url, token }: Ours): Promise<LineServer> {
  const env = { FINGERPOST_URL: url, FINGERPOST_TOKEN: token };
  return await startLineServer({ command: Deno.execPath(), args: ["task", "--quiet", "mcp"], env });
}

async function measureStdio(ours: Ours): Promise<void> {
  const { url, token, elementId } = ours;
  await using lines = await startOurLines(ours);
  await using graphql = await startLineServer({
    command: "node",
    args: [`${folder}/node_modules/mcp-graphql/dist/index.js`],
    env: { ENDPOINT: `${url}/graphql`, HEADERS: JSON.stringify({ authorization: `Bearer ${token}` }) },
  });
  const port = 4_747;
  // Its store in memory, which is its fastest.
  await using agentation = await startLineServer({
    command: "node",
    args: [`${folder}/node_modules/agentation-mcp/dist/cli.js`, "server", "--port", String(port)],
    env: { AGENTATION_STORE: "memory", HOME: folder },
  });
  const sessionId = await annotate(`http://127.0.0.1:${port}`);
  const query = `{ element(id: ${JSON.stringify(elementId)}) { ${FIELDS} } }`;
  const rounds = await compareLines({
    ours: { server: lines, tool: "get_element", input: { elementId } },
    "mcp-graphql": { server: graphql, tool: "query-graphql", input: { query } },
    "agentation-mcp": { server: agentation, tool: "agentation_get_pending", input: { sessionId } },
  });
  printRounds("one element over stdio: calls/s with 8 in flight, latency one after the other", rounds);
}

/** Gives agentation-mcp the same element, as far as it keeps it. */
async function annotate(url: string): Promise<string> {
  const post = async (path: string, body: Data) => {
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(await response.text());
    return await response.json();
  };
  const { pageUrl, selector, note, box, text } = captureInput(fullCaptureInput()) as Data;
  const { id } = await post("/sessions", { url: pageUrl });
  await post(`/sessions/${id}/annotations`, {
    x: 10,
    y: 20,
    comment: note,
    element: "button",
    elementPath: selector,
    timestamp: Date.now(),
    boundingBox: box,
    nearbyText: text,
    cssClasses: "pay btn btn--primary",
  });
  return id;
}
