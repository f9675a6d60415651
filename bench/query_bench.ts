// Queries and captures over HTTP, side by side: ours by the real start task (access token, limits, log and metrics on), Mercurius with
// JIT on Node, Yoga as it comes, and what the runtime gives without GraphQL. Needs Node 20 with a C++ compiler and wrk; by hand:
// `deno task bench:query`. It passes or fails nothing.
import { DatabaseSync } from "node:sqlite";
import { newId } from "../src/base/ids.ts";

const ROUNDS = 5;
const ROUND_SECONDS = 4;
const WARM_UP_SECONDS = 4;
const CONNECTIONS = 16;
const ELEMENTS = 10_000;
const MEMORY_REQUESTS = 100_000;
const PASSWORD = "correct horse battery";
const PEERS = new URL("./peers/", import.meta.url).pathname;

const FIELDS = "id selector tagName pageUrl note status createdAt";
const PAGE =
  `query Page($projectId: ID!, $first: Int, $after: String) { elements(projectId: $projectId, first: $first, after: $after) ` +
  `{ edges { cursor node { ${FIELDS} } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;
const POINT = `query Point($id: ID!) { element(id: $id) { ${FIELDS} } }`;
const CAPTURE = `mutation Capture($input: CaptureElementInput!) { captureElement(input: $input) { id } }`;

/** A server in a process of its own. */
interface Server {
  url: string;
  pid: number;
  stop(): Promise<void>;
}

/** What wrk saw of one round. */
interface Round {
  requestsPerSecond: number;
  p50Ms: number;
  p99Ms: number;
}

type Body = { query: string; variables: Record<string, unknown> };

const folder = await Deno.makeTempDir({ prefix: "fingerpost_bench_" });
try {
  await measure();
} finally {
  await Deno.remove(folder, { recursive: true });
}

async function measure(): Promise<void> {
  const dataDir = `${folder}/data`;
  const settings = { FINGERPOST_DATA_DIR: dataDir, FINGERPOST_PORT: "0", FINGERPOST_ADMIN_PASSWORD: PASSWORD };
  const ours = await start("deno", ["task", "--quiet", "start"], settings);
  const { token, projectId } = await prepare(ours.url);
  const ids = insertElements(`${dataDir}/fingerpost.db`, projectId);
  await installPeers();
  const path = `${dataDir}/fingerpost.db`;
  const run = (script: string) => ["run", "--quiet", "--allow-all", `${PEERS}${script}`, path, `${folder}/captures.db`];
  const servers: Record<string, Server> = {
    ours,
    "Mercurius with JIT": await start("node", [`${folder}/peers/mercurius.mjs`, path]),
    "Yoga as it comes": await start("deno", run("plain_yoga.ts")),
    "the runtime alone": await start("deno", run("bare.ts")),
  };
  const after = `c_${ids[ids.length / 2]}`;
  const page: Body = { query: PAGE, variables: { projectId, first: 20, after } };
  const point: Body = { query: POINT, variables: { id: `element_${ids[0]}` } };
  await requireSameAnswers(servers, token, [page, point]);
  await report("page of 20", servers, await compare(servers, await writeScript("page", token, page)));
  await report("point query", servers, await compare(servers, await writeScript("point", token, point)));
  // Before the captures, whose bodies are large.
  await measureMemory(ours, await writeScript("page", token, page));
  const { ours: _, "the runtime alone": bare } = servers;
  if (bare === undefined) throw new Error("No server without GraphQL");
  const writers = { ours, "the runtime alone": bare };
  await report(
    "capture of 20 kB",
    writers,
    await compare(writers, await writeScript("capture", token, capture(projectId))),
  );
  for (const server of Object.values(servers)) await server.stop();
}

async function start(command: string, args: string[], env: Record<string, string> = {}): Promise<Server> {
  const process = new Deno.Command(command === "deno" ? Deno.execPath() : command, {
    args,
    env,
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!/^Listening on .*\n/m.test(text)) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`${command} ${args.join(" ")} ended before it listened`);
    text += value;
  }
  const stop = async () => {
    process.kill("SIGTERM");
    while (!(await reader.read()).done);
    await process.status;
  };
  return { url: /^Listening on (.*)$/m.exec(text)?.[1] ?? "", pid: await newestDescendant(process.pid), stop };
}

/** A task runs the server in a process under its own. */
async function newestDescendant(pid: number): Promise<number> {
  const children = (await Deno.readTextFile(`/proc/${pid}/task/${pid}/children`)).trim();
  return children === "" ? pid : await newestDescendant(Number(children.split(" ").at(-1)));
}

async function ask(url: string, token: string, body: Body) {
  const response = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) },
    body: JSON.stringify(body),
  });
  const { data, errors } = await response.json();
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

/** An access token, a project, and limits that stay on but hold nobody up. */
async function prepare(url: string): Promise<{ token: string; projectId: string }> {
  const query = `mutation { signIn(input: { email: "admin@localhost", password: "${PASSWORD}" }) { token } }`;
  const { signIn } = await ask(url, "", { query, variables: {} });
  const change = (query: string) => ask(url, signIn.token, { query, variables: {} });
  for (const action of ["graphql", "capture_element"]) {
    await change(
      `mutation { setRateLimit(input: { action: "${action}", limit: 1000000000, windowSeconds: 60 }) { action } }`,
    );
  }
  const { createProject } = await change(`mutation { createProject(input: { name: "Bench" }) { id } }`);
  const { createAccessToken } = await change(
    `mutation { createAccessToken(input: { name: "Bench", scopes: [ELEMENTS_READ, ELEMENTS_WRITE] }) { token } }`,
  );
  return { token: createAccessToken.token, projectId: createProject.id };
}

function insertElements(path: string, projectId: string): string[] {
  using database = new DatabaseSync(path);
  const insert = database.prepare(`
    INSERT INTO elements (id, project_id, captured_by, client_id, revision, page_url, page_title, selector, tag_name, class_names,
      attributes, text, html_byte_size, box, component, note, status, created_at, updated_at)
    VALUES (?, ?, (SELECT id FROM users LIMIT 1), ?, 1, ?, 'Cart', ?, 'BUTTON', '["pay","primary"]', '{"type":"submit"}', 'Pay now', 100,
      '{"x":1,"y":2,"width":300,"height":40}', '{"framework":"react","name":"Pay","file":"src/pay.tsx","line":12,"column":3}', ?,
      'OPEN', ?, ?)`);
  database.exec("BEGIN");
  const ids = Array.from({ length: ELEMENTS }, (_, index) => {
    const [id, now] = [newId(), Date.now()];
    const url = `https://shop.example/cart/${index}`;
    insert.run(
      id,
      projectId.slice("project_".length),
      crypto.randomUUID(),
      url,
      `main > form:nth-child(${index}) > button.pay`,
      `Note ${index}`,
      now,
      now,
    );
    return id;
  });
  database.exec("COMMIT");
  return ids;
}

/** Their packages, of which one is compiled, lie outside this project's. */
async function installPeers(): Promise<void> {
  await Deno.mkdir(`${folder}/peers`);
  for (const { name } of Deno.readDirSync(PEERS)) await Deno.copyFile(`${PEERS}${name}`, `${folder}/peers/${name}`);
  const { success } = await new Deno.Command("npm", {
    args: ["ci", "--silent", "--no-audit", "--no-fund"],
    cwd: `${folder}/peers`,
  }).output();
  if (!success) throw new Error("Cannot install the peers");
}

async function requireSameAnswers(servers: Record<string, Server>, token: string, bodies: Body[]): Promise<void> {
  for (const body of bodies) {
    const answers = new Set<string>();
    for (const { url } of Object.values(servers)) answers.add(sorted(await ask(url, token, body)));
    if (answers.size > 1) throw new Error(`The servers answer differently: ${[...answers].join("\n")}`);
  }
}

function sorted(value: unknown): string {
  return JSON.stringify(
    value,
    (_key, inner) =>
      typeof inner === "object" && inner !== null && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => a.localeCompare(b)))
        : inner,
  );
}

function capture(projectId: string): Body {
  const styles = Array.from({ length: 100 }, (_, index) => [`--property-${index}`, `value ${index}`]);
  const input = {
    clientId: "CLIENT_ID",
    projectId,
    pageUrl: "https://shop.example/cart",
    pageTitle: "Cart",
    selector: "main > form > button.pay",
    tagName: "BUTTON",
    text: "Pay now",
    html: `<button class="pay">${"<span>Pay now</span>".repeat(820)}</button>`,
    computedStyles: Object.fromEntries(styles),
    box: { x: 1, y: 2, width: 300, height: 40 },
    note: "Make this line up",
  };
  return { query: CAPTURE, variables: { input } };
}

/** A script for wrk; each capture has a client id of its own. */
async function writeScript(name: string, token: string, body: Body): Promise<string> {
  const path = `${folder}/${name}.lua`;
  const [before = "", after] = JSON.stringify(body).split("CLIENT_ID");
  const each = after === undefined ? "" : `
math.randomseed(os.time() * 1000 + os.clock() * 1000000)
local before, after = [==[${before}]==], [==[${after}]==]
request = function()
  local id = string.format("%08x-%04x-4%03x-8%03x-%06x%06x", math.random(0, 0xffffffff), math.random(0, 0xffff), math.random(0, 0xfff),
    math.random(0, 0xfff), math.random(0, 0xffffff), math.random(0, 0xffffff))
  return wrk.format(nil, nil, nil, before .. id .. after)
end`;
  await Deno.writeTextFile(
    path,
    `wrk.method = "POST"
wrk.body = [==[${before}]==]
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer ${token}"${each}
`,
  );
  return path;
}

async function compare(servers: Record<string, Server>, script: string): Promise<Record<string, Round>> {
  const rounds: Record<string, Round[]> = {};
  for (const { url } of Object.values(servers)) await load(url, script, WARM_UP_SECONDS);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, { url }] of Object.entries(servers)) {
      (rounds[name] ??= []).push(await load(url, script, ROUND_SECONDS));
    }
  }
  return Object.fromEntries(Object.entries(rounds).map(([name, seen]) => [name, medians(seen)]));
}

async function load(url: string, script: string, seconds: number): Promise<Round> {
  const args = ["-t1", `-c${CONNECTIONS}`, `-d${seconds}s`, "--latency", "-s", script, `${url}/graphql`];
  const { stdout } = await new Deno.Command("wrk", { args }).output();
  const text = new TextDecoder().decode(stdout);
  if (/Non-2xx|Socket errors/.test(text)) throw new Error(text);
  const latency = (share: string) => {
    const [, figure, unit] = new RegExp(`${share}%\\s+([\\d.]+)(us|ms|s)`).exec(text) ?? [];
    return Number(figure) * (unit === "us" ? 0.001 : unit === "s" ? 1_000 : 1);
  };
  return {
    requestsPerSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1]),
    p50Ms: latency("50"),
    p99Ms: latency("99"),
  };
}

function medians(rounds: Round[]): Round {
  const of = (name: keyof Round) =>
    rounds.map((round) => round[name]).sort((a, b) => a - b)[Math.floor(rounds.length / 2)] ?? NaN;
  return { requestsPerSecond: of("requestsPerSecond"), p50Ms: of("p50Ms"), p99Ms: of("p99Ms") };
}

function report(name: string, servers: Record<string, Server>, rounds: Record<string, Round>): void {
  const ours = rounds["ours"];
  // deno-lint-ignore no-console -- the table is what a bench is for
  console.log(name);
  // deno-lint-ignore no-console -- the table is what a bench is for
  console.table(Object.fromEntries(
    Object.keys(servers).map((server) => {
      const { requestsPerSecond, p50Ms, p99Ms } = rounds[server] ?? { requestsPerSecond: NaN, p50Ms: NaN, p99Ms: NaN };
      return [server, {
        "requests/s": requestsPerSecond.toFixed(0),
        "p50 ms": p50Ms.toFixed(2),
        "p99 ms": p99Ms.toFixed(2),
        "ours to it": ((ours?.requestsPerSecond ?? NaN) / requestsPerSecond).toFixed(2),
        "its p99 to ours": (p99Ms / (ours?.p99Ms ?? NaN)).toFixed(2),
      }];
    }),
  ));
}

async function measureMemory({ url, pid }: Server, script: string): Promise<void> {
  const megabytes: number[] = [];
  for (let block = 0; block < 3; block++) {
    const seconds = 5;
    for (let asked = 0; asked < MEMORY_REQUESTS;) {
      asked += (await load(url, script, seconds)).requestsPerSecond * seconds;
    }
    const status = await Deno.readTextFile(`/proc/${pid}/status`);
    megabytes.push(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1_024);
  }
  // deno-lint-ignore no-console -- the table is what a bench is for
  console.log(
    `resident after each further ${MEMORY_REQUESTS} requests: ${
      megabytes.map((size) => `${size.toFixed(0)} MB`).join(", ")
    }`,
  );
}
