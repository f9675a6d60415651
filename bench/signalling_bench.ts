// Signals of 50 pairs, side by side with PeerServer (npm `peer`, on Node), which checks, orders and numbers nothing: ours by the
// real start task, sent as mutations by their hash over each peer's own socket and received by its subscription. One load generator
// for both. Needs Node 20; by hand: `deno task bench:signalling`. It passes or fails nothing.
import { addMembers } from "./_members.ts";

const ROUNDS = 5;
const LOAD = {
  pairs: 50,
  ratePerSecond: 500,
  rateSeconds: 4,
  fullSeconds: 3,
  warmUpSeconds: 2,
  /** Signals under way from each of the 100 peers: enough that the server always has some. */
  window: 8,
};
/** Each has at most 50 sockets. */
const USERS = 25;
const PASSWORD = "correct horse battery";
const PEERS = new URL("./peers/", import.meta.url).pathname;

/** A server in a process of its own. */
interface Server extends AsyncDisposable {
  url: string;
  pid: number;
}

/** What the load generator saw of one round; processor time is a share of one core, at full load. */
interface Round {
  p50Ms: number;
  p99Ms: number;
  perSecond: number;
  clientCpu: number;
  serverCpu: number;
}

const folder = await Deno.makeTempDir({ prefix: "fingerpost_bench_" });
try {
  await measure();
} finally {
  await Deno.remove(folder, { recursive: true });
}

async function measure(): Promise<void> {
  const settings = {
    FINGERPOST_DATA_DIR: `${folder}/data`,
    FINGERPOST_PORT: "0",
    FINGERPOST_ADMIN_PASSWORD: PASSWORD,
  };
  const startOurs = () => start(Deno.execPath(), ["task", "--quiet", "start"], settings);
  const projectId = await prepare(startOurs);
  const tokens = await addMembers(`${folder}/data`, { projectId, count: USERS });
  await installPeers();
  await using ours = await startOurs();
  await using peerServer = await start("node", [`${folder}/peers/peer_server.mjs`]);
  const rounds = { ours: [] as Round[], PeerServer: [] as Round[] };
  for (let round = 0; round < ROUNDS; round++) {
    rounds.ours.push(await runClients({ kind: "ours", tokens, projectId }, ours));
    rounds.PeerServer.push(await runClients({ kind: "PeerServer" }, peerServer));
  }
  report(rounds);
}

async function start(command: string, args: string[], env: Record<string, string> = {}): Promise<Server> {
  const process = new Deno.Command(command, { args, env, stdout: "piped", stderr: "inherit" }).spawn();
  const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!/^Listening on .*\n/m.test(text)) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`${command} ${args.join(" ")} ended before it listened`);
    text += value;
  }
  return {
    url: /^Listening on (.*)$/m.exec(text)?.[1] ?? "",
    pid: await newestDescendant(process.pid),
    [Symbol.asyncDispose]: async () => {
      process.kill("SIGTERM");
      while (!(await reader.read()).done);
      await process.status;
    },
  };
}

/** A task runs the server in a process under its own. */
async function newestDescendant(pid: number): Promise<number> {
  const children = (await Deno.readTextFile(`/proc/${pid}/task/${pid}/children`)).trim();
  return children === "" ? pid : await newestDescendant(Number(children.split(" ").at(-1)));
}

/** A project, and limits that stay on but hold nobody up. */
async function prepare(startOurs: () => Promise<Server>): Promise<string> {
  await using server = await startOurs();
  const { url } = server;
  const { signIn } = await ask(
    url,
    "",
    `mutation { signIn(input: { email: "admin@localhost", password: "${PASSWORD}" }) { token } }`,
  );
  for (const action of ["graphql", "send_signal", "socket"]) {
    const input = `{ action: "${action}", limit: 1000000000, windowSeconds: 60 }`;
    await ask(url, signIn.token, `mutation { setRateLimit(input: ${input}) { action } }`);
  }
  const { createProject } = await ask(url, signIn.token, `mutation { createProject(input: { name: "Bench" }) { id } }`);
  return createProject.id;
}

async function ask(url: string, token: string, query: string) {
  const response = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) },
    body: JSON.stringify({ query }),
  });
  const { data, errors } = await response.json();
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

async function installPeers(): Promise<void> {
  await Deno.mkdir(`${folder}/peers`);
  for (const { name } of Deno.readDirSync(PEERS)) await Deno.copyFile(`${PEERS}${name}`, `${folder}/peers/${name}`);
  const { success } = await new Deno.Command("npm", {
    args: ["ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"],
    cwd: `${folder}/peers`,
  }).output();
  if (!success) throw new Error("Cannot install the peers");
}

async function runClients(plan: Record<string, unknown>, { url, pid }: Server): Promise<Round> {
  const { success, stdout } = await new Deno.Command("node", {
    args: [`${folder}/peers/signalling_clients.mjs`, JSON.stringify({ ...LOAD, ...plan, url, serverPid: pid })],
    stderr: "inherit",
  }).output();
  if (!success) throw new Error("The clients failed");
  return JSON.parse(new TextDecoder().decode(stdout));
}

function report(rounds: Record<"ours" | "PeerServer", Round[]>): void {
  const median = (server: "ours" | "PeerServer", name: keyof Round) => {
    const values = rounds[server].map((round) => round[name]).sort((a, b) => a - b);
    return values[Math.floor(values.length / 2)] ?? NaN;
  };
  const row = (server: "ours" | "PeerServer") => ({
    "p50 ms": median(server, "p50Ms").toFixed(2),
    "p99 ms": median(server, "p99Ms").toFixed(2),
    "signals/s, full": median(server, "perSecond").toFixed(0),
    "server's core": median(server, "serverCpu").toFixed(2),
    "clients' core": median(server, "clientCpu").toFixed(2),
  });
  const ratio = (name: keyof Round) => (median("ours", name) / median("PeerServer", name)).toFixed(2);
  const ratios = { "p50 ms": ratio("p50Ms"), "p99 ms": ratio("p99Ms"), "signals/s, full": ratio("perSecond") };
  // deno-lint-ignore no-console -- the tables are what a bench is for
  console.table({ ours: row("ours"), PeerServer: row("PeerServer"), ratio: ratios });
  // deno-lint-ignore no-console -- the tables are what a bench is for
  console.table(Object.entries(rounds).flatMap(([server, all]) => all.map((round) => ({ server, ...round }))));
}
