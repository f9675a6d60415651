// What the limits cost: the whole server with them, beside itself with counters that let everything through, in one run:
// interleaved rounds; medians, and of the cost the median over pairs of rounds. Run by hand: `deno task bench:limits`. It passes or fails nothing.
import { DatabaseSync } from "node:sqlite";
import { startServer } from "../src/app/server.ts";
import { readConfig } from "../src/base/config.ts";
import { newId } from "../src/base/ids.ts";
import { openDatabase } from "../src/database/database.ts";
import { openKv } from "../src/kv/kv.ts";
import { createRateLimits } from "../src/rate_limits/rate_limits.ts";
import { insertSession } from "../src/sessions/_records.ts";
import { newSessionToken, tokenKey } from "../src/sessions/_tokens.ts";
import { openAuditOf } from "../tests/support/audit_log.ts";

/** Short and many: what else the machine does meanwhile then falls on both sides. */
const ROUNDS = 201;
const ROUND_MS = 300;
/** Not counted: the first rounds compile the code. */
const WARM_UP_ROUNDS = 20;
const CONNECTIONS = 16;
/** So many that the default rule of 1,200 a minute refuses none of them. */
const USERS = 600;
const TAKES = 120_000;
const TAKE_ROUNDS = 7;
/** Linux counts processor time in hundredths of a second. sysconf(3) */
const MS_PER_TICK = 10;
const CASES = {
  "query of one field": `{ viewer { id } }`,
  "query of a page": `{ projects(first: 20) { totalCount edges { node { id name members { role user { name } } } } } }`,
};

type Side = "with" | "without";

/** Tells the server on which side it is. One process for both: what its compiler and its heap made of it is the same then. */
const SIGNALS: Record<Side, Deno.Signal> = { with: "SIGUSR1", without: "SIGUSR2" };

if (Deno.args[0] === "serve") await serve(Deno.args[1] ?? "");
else await measure();

/** A server in a process of its own, until it is killed. */
async function serve(dataDir: string): Promise<void> {
  const settings = { FINGERPOST_DATA_DIR: dataDir, FINGERPOST_PORT: "0", FINGERPOST_ADMIN_PASSWORD: "correct horse" };
  let side: Side = "with";
  const server = await startServer(readConfig(new Map(Object.entries(settings))), {
    wrapRateLimits: (limits) => ({
      ...limits,
      take: (action, subject) => side === "with" ? limits.take(action, subject) : Promise.resolve(),
    }),
  });
  for (const name of ["with", "without"] as const) Deno.addSignalListener(SIGNALS[name], () => side = name);
  Deno.stdout.writeSync(new TextEncoder().encode(`Listening on ${server.url}\n`));
  await new Promise(() => {});
}

interface Started {
  url: string;
  choose(side: Side): void;
  /** Milliseconds of processor time that it has used: what else the machine does is not in it. proc_pid_stat(5) */
  cpuMs(): number;
  stop(): Promise<void>;
}

async function start(dataDir: string): Promise<Started> {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-all", import.meta.filename ?? "", "serve", dataDir],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!/^Listening on .*\n/m.test(text)) text += (await reader.read()).value ?? "";
  const stop = async () => {
    process.kill("SIGKILL");
    await process.status;
    await reader.cancel();
  };
  const cpuMs = () => {
    const fields = Deno.readTextFileSync(`/proc/${process.pid}/stat`).replace(/^.*\) /, "").split(" ");
    return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
  };
  const url = /^Listening on (.*)$/m.exec(text)?.[1] ?? "";
  return { url, choose: (side) => process.kill(SIGNALS[side]), cpuMs, stop };
}

async function measure(): Promise<void> {
  const dataDir = await Deno.makeTempDir({ prefix: "fingerpost_bench_" });
  const rows: Record<string, Record<string, string>> = {};
  await (await start(dataDir)).stop();
  const tokens = await addUsers(dataDir);
  const server = await start(dataDir);
  for (const [name, query] of Object.entries(CASES)) {
    Object.assign(rows, await compare(server, tokens, { name, query }));
  }
  await server.stop();
  const takeUs = await measureTake(dataDir);
  rows[`take(), ${Math.round(TAKES / USERS)} for each user`] = {
    without: "",
    with: `${takeUs.toFixed(1)} µs`,
    cost: "",
  };
  // deno-lint-ignore no-console -- the table is what a bench is for
  console.table(rows);
  await Deno.remove(dataDir, { recursive: true });
}

async function compare(server: Started, tokens: string[], { name, query }: { name: string; query: string }) {
  const rates = { with: [] as number[], without: [] as number[] };
  const times = { with: [] as number[], without: [] as number[] };
  for (let round = 0; round < ROUNDS + WARM_UP_ROUNDS; round++) {
    for (const side of round % 2 === 0 ? ["without", "with"] as const : ["with", "without"] as const) {
      server.choose(side);
      const before = server.cpuMs();
      const { answered, milliseconds } = await ask(server.url, tokens, query);
      if (round < WARM_UP_ROUNDS) continue;
      rates[side].push(answered * 1_000 / milliseconds);
      times[side].push((server.cpuMs() - before) * 1_000 / answered);
    }
  }
  const slower = rates.with.map((rate, round) => 100 * (1 - rate / (rates.without[round] ?? NaN)));
  const dearer = times.with.map((time, round) => 100 * (time / (times.without[round] ?? NaN) - 1));
  return { [name]: toRow(rates, slower, "requests/s"), [`${name}: processor time`]: toRow(times, dearer, "µs") };
}

function toRow(figures: Record<Side, number[]>, costs: number[], unit: string) {
  return {
    without: `${median(figures.without).toFixed(0)} ${unit}`,
    with: `${median(figures.with).toFixed(0)} ${unit}`,
    cost: `${median(costs).toFixed(1)} %`,
    "half of the pairs": `${quantile(costs, 0.25).toFixed(1)} to ${quantile(costs, 0.75).toFixed(1)} %`,
  };
}

/** People with a project each, straight into the files of a server that does not run. */
async function addUsers(dataDir: string): Promise<string[]> {
  using database = new DatabaseSync(`${dataDir}/fingerpost.db`);
  using kv = await openKv(`${dataDir}/kv.db`);
  const user = database.prepare(`
    INSERT INTO users (id, email, email_key, name, role, password_hash, created_at, updated_at)
    SELECT ?, ?, ?, 'Somebody', 'DEVELOPER', password_hash, 0, 0 FROM users LIMIT 1`);
  const project = database.prepare("INSERT INTO projects (id, name, created_at, updated_at) VALUES (?, 'P', 0, 0)");
  const member = database.prepare(
    "INSERT INTO project_members (project_id, user_id, role, created_at) VALUES (?, ?, 'OWNER', 0)",
  );
  const tokens: string[] = [];
  for (let index = 0; index < USERS; index++) {
    const [userId, projectId, token, now] = [newId(), newId(), newSessionToken(), Date.now()];
    user.run(userId, `${index}@example.org`, `${index}@example.org`);
    project.run(projectId);
    member.run(projectId, userId);
    const times = { createdAt: now, lastUsedAt: now, endsAt: now + 30 * 24 * 3_600_000 };
    await insertSession(kv, tokenKey(token), { id: newId(), userId, ...times, ipAddress: null, userAgent: null });
    tokens.push(token);
  }
  return tokens;
}

/** Asks over connections that stay open, each time as the next user. Throws where one is refused. */
async function ask(url: string, tokens: string[], query: string): Promise<{ answered: number; milliseconds: number }> {
  const { hostname, port, host } = new URL(url);
  const body = JSON.stringify({ query });
  const requests = tokens.map((token) =>
    new TextEncoder().encode(
      `POST /graphql HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    )
  );
  let answered = 0;
  const startedAt = performance.now();
  const connect = async () => {
    using connection = await Deno.connect({ hostname, port: Number(port) });
    const buffer = new Uint8Array(65_536);
    while (performance.now() - startedAt < ROUND_MS) {
      await connection.write(requests[answered++ % requests.length] ?? new Uint8Array());
      let text = "";
      while (!text.endsWith("}")) {
        const count = await connection.read(buffer);
        if (count === null) throw new Error("The server closed the connection");
        text += new TextDecoder().decode(buffer.subarray(0, count));
      }
      if (!text.startsWith("HTTP/1.1 200")) throw new Error(text);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, connect));
  return { answered, milliseconds: performance.now() - startedAt };
}

/** Microseconds for one take, of as many users in turn. */
async function measureTake(dataDir: string): Promise<number> {
  await using database = openDatabase(`${dataDir}/fingerpost.db`);
  using kv = await openKv(`${dataDir}/kv.db`);
  const audit = await openAuditOf(database, `${dataDir}/fingerpost.db`, Date);
  const limits = createRateLimits({ database, kv, audit, clock: Date });
  const times: number[] = [];
  for (let round = 0; round < TAKE_ROUNDS; round++) {
    const subjects = Array.from({ length: USERS }, () => `user ${newId()}`);
    const startedAt = performance.now();
    for (let index = 0; index < TAKES; index++) await limits.take("graphql", subjects[index % USERS] ?? "");
    times.push((performance.now() - startedAt) * 1_000 / TAKES);
  }
  return median(times);
}

function median(values: number[]): number {
  return quantile(values, 0.5);
}

function quantile(values: number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(share * values.length)] ?? NaN;
}
