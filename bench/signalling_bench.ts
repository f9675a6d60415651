// Signals from one peer to another, side by side: ours by the real start task (accounts, rights, limits, order, validation) and
// PeerServer, which relays and no more. Needs Node 20; by hand: `deno task bench:signalling`. It passes or fails nothing.
import { ask, installPeers, PASSWORD, raiseLimits, type Server, signIn, startOurs, startServer } from "./_servers.ts";

const PAIRS = 50;
/** Sockets of one user: half of what it may have. */
const PAIRS_PER_USER = 12;
const SIGNAL_BYTES = 2_000;
const ROUNDS = 5;
const ROUND_SECONDS = 4;
const RATE = 500;
/** Signals under way for each pair when as many are sent as the server takes. */
const WINDOW = 4;

/** What the clients saw of one round. */
interface Round {
  perSecond: number;
  p50: number;
  p99: number;
}

const folder = await Deno.makeTempDir({ prefix: "fingerpost_bench_" });
try {
  await measure();
} finally {
  await Deno.remove(folder, { recursive: true });
}

async function measure(): Promise<void> {
  const peers = await installPeers(folder);
  const servers: Record<string, Server> = {
    ours: await startOurs(`${folder}/data`),
    PeerServer: await startServer("node", [`${peers}/peerserver.mjs`]),
  };
  const clients: Record<string, Clients> = {};
  const access = await prepare(servers["ours"]?.url ?? "");
  for (const [server, { url }] of Object.entries(servers)) {
    const opened = clients[server] = startClients(peers);
    await opened.send({ name: "open", server, url, pairCount: PAIRS, pairsPerUser: PAIRS_PER_USER, ...access });
  }
  await report(`${RATE} signals a second`, servers, await compare(clients, RATE));
  await report("as many as it takes", servers, await compare(clients, null));
  for (const client of Object.values(clients)) await client.close();
  for (const server of Object.values(servers)) await server.stop();
}

/** Members of one project, and limits that hold nobody up. */
async function prepare(url: string): Promise<{ projectId: string; tokens: string[] }> {
  const admin = await signIn(url);
  await raiseLimits(url, admin, ["graphql", "send_signal", "socket"]);
  const create = `mutation { createProject(input: { name: "Bench" }) { id } }`;
  const { createProject: { id: projectId } } = await ask(url, admin, create);
  const tokens: string[] = [];
  for (let index = 0; index * PAIRS_PER_USER < PAIRS; index++) {
    const input = { email: `${index}@example.org`, name: "Somebody", password: PASSWORD, role: "DEVELOPER" };
    const { createUser } = await ask(
      url,
      admin,
      `mutation ($input: CreateUserInput!) { createUser(input: $input) { id } }`,
      { input },
    );
    await ask(
      url,
      admin,
      `mutation ($input: SetProjectMemberInput!) { setProjectMember(input: $input) { id } }`,
      { input: { projectId, userId: createUser.id, role: "EDITOR" } },
    );
    tokens.push(await signIn(url, input.email));
  }
  return { projectId, tokens };
}

interface Clients {
  send(command: Record<string, unknown>): Promise<Round>;
  close(): Promise<void>;
}

function startClients(peers: string): Clients {
  const process = new Deno.Command("node", {
    args: [`${peers}/signalling_load.mjs`],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const writer = process.stdin.getWriter();
  return {
    send: async (command) => {
      await writer.write(new TextEncoder().encode(`${JSON.stringify(command)}\n`));
      let text = "";
      while (!text.endsWith("\n")) {
        const { value, done } = await reader.read();
        if (done) throw new Error("The clients failed");
        text += value;
      }
      return JSON.parse(text);
    },
    close: async () => {
      await writer.close();
      await process.status;
    },
  };
}

async function compare(clients: Record<string, Clients>, rate: number | null): Promise<Record<string, Round>> {
  const rounds: Record<string, Round[]> = {};
  const run = { name: "run", seconds: ROUND_SECONDS, rate, size: SIGNAL_BYTES, window: WINDOW };
  for (const client of Object.values(clients)) await client.send(run);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, client] of Object.entries(clients)) (rounds[name] ??= []).push(await client.send(run));
  }
  return Object.fromEntries(Object.entries(rounds).map(([name, seen]) => [name, medians(seen)]));
}

function medians(rounds: Round[]): Round {
  const of = (name: keyof Round) =>
    rounds.map((round) => round[name]).sort((a, b) => a - b)[Math.floor(rounds.length / 2)] ?? NaN;
  return { perSecond: of("perSecond"), p50: of("p50"), p99: of("p99") };
}

function report(name: string, servers: Record<string, Server>, rounds: Record<string, Round>): void {
  const ours = rounds["ours"];
  // deno-lint-ignore no-console -- the table is what a bench is for
  console.log(name);
  // deno-lint-ignore no-console -- the table is what a bench is for
  console.table(Object.fromEntries(
    Object.keys(servers).map((server) => {
      const { perSecond, p50, p99 } = rounds[server] ?? { perSecond: NaN, p50: NaN, p99: NaN };
      return [server, {
        "signals/s": perSecond.toFixed(0),
        "p50 ms": p50.toFixed(2),
        "p99 ms": p99.toFixed(2),
        "ours to it": ((ours?.perSecond ?? NaN) / perSecond).toFixed(2),
        "our p99 to its": ((ours?.p99 ?? NaN) / p99).toFixed(2),
      }];
    }),
  ));
}
