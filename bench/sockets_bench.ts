// A thousand sockets that watch one project, against the real start task: how long until a capture has reached all of them, what
// an idle one costs, and whether a reader that stalls slows the others. Run by hand: `deno task bench:sockets`. It passes or fails nothing.
import { addMembers } from "./_members.ts";
import type { CaptureCommand, CaptureTimes, OpenCommand, OtherCommand, Resumed } from "./socket_clients.ts";

const SOCKETS = 1_000;
/** Each has at most 50 sockets. */
const USERS = 25;
const CAPTURES = 50;
/** Not counted: the first ones compile the code. */
const WARM_UP_CAPTURES = 10;
const INTERVAL_MS = 300;
const ROUNDS_WITH_STALLED = 3;
const CAPTURES_PER_ROUND = 12;
/** More than the kernel keeps for one connection: the server itself is left with the rest. */
const LARGE = { count: 10, htmlBytes: 2_000_000 };
const SETTLE_MS = 8_000;
/** Past the 12 s within which a reader that stalls is dropped. */
const DROPPED_MS = 13_000;
/** Linux counts processor time in hundredths of a second. sysconf(3) */
const MS_PER_TICK = 10;
const PASSWORD = "correct horse battery";
const SCALARS = "id selector tagName note status pageUrl text htmlByteSize createdAt box { x y width height }";
const DOZEN = `revision kind elementId element { ${SCALARS} }`;
const NESTED = `revision kind elementId element { ${SCALARS}
  project { id name } capturedBy { id name } comments { body author { name } } screenshot { url width height } }`;

interface Started {
  url: string;
  /** Of the server, behind the task. */
  pid: number;
  stop(): Promise<void>;
}

async function start(dataDir: string): Promise<Started> {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "start"],
    env: { FINGERPOST_DATA_DIR: dataDir, FINGERPOST_PORT: "0", FINGERPOST_ADMIN_PASSWORD: PASSWORD },
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!/^Listening on .*\n/m.test(text)) text += (await reader.read()).value ?? "";
  const children = Deno.readTextFileSync(`/proc/${process.pid}/task/${process.pid}/children`);
  const stop = async () => {
    process.kill("SIGTERM");
    while (!(await reader.read()).done);
    await process.status;
  };
  return { url: /^Listening on (.*)$/m.exec(text)?.[1] ?? "", pid: Number(children.trim().split(" ").at(-1)), stop };
}

async function ask(url: string, token: string, query: string, variables: Record<string, unknown> = {}) {
  const response = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

interface Clients extends AsyncDisposable {
  send(command: OpenCommand): Promise<{ milliseconds: number }>;
  send(command: CaptureCommand): Promise<CaptureTimes[]>;
  send(command: OtherCommand): Promise<Resumed>;
}

function startClients(url: string): Clients {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-all", new URL("socket_clients.ts", import.meta.url).pathname, url],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const writer = process.stdin.getWriter();
  return {
    send: async (command: unknown) => {
      await writer.write(new TextEncoder().encode(`${JSON.stringify(command)}\n`));
      let text = "";
      while (!text.endsWith("\n")) {
        const { value, done } = await reader.read();
        if (done) throw new Error("The clients failed");
        text += value;
      }
      return JSON.parse(text);
    },
    [Symbol.asyncDispose]: async () => {
      await writer.close();
      await process.status;
    },
  };
}

/** Kilobytes that the process holds itself. proc_pid_smaps(5) */
function memoryKb(pid: number): number {
  const text = Deno.readTextFileSync(`/proc/${pid}/smaps_rollup`);
  return Number(/^Anonymous: +(\d+)/m.exec(text)?.[1]);
}

/** Milliseconds of processor time. proc_pid_stat(5) */
function cpuMs(pid: number): number {
  const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).replace(/^.*\) /, "").split(" ");
  return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
}

const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
function quantile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

function toRow(times: CaptureTimes[], cpu: number) {
  const of = (name: keyof CaptureTimes, share: number) => quantile(times.map((time) => time[name]), share);
  return {
    "answer": of("answered", 0.5).toFixed(1),
    "first": of("first", 0.5).toFixed(1),
    "last": of("last", 0.5).toFixed(1),
    "last, p95": of("last", 0.95).toFixed(1),
    "last, max": of("last", 1).toFixed(1),
    "processor": (cpu / times.length).toFixed(0),
  };
}

const dataDir = await Deno.makeTempDir({ prefix: "fingerpost_bench_" });
const first = await start(dataDir);
const signIn = `mutation { signIn(input: { email: "admin@localhost", password: "${PASSWORD}" }) { token } }`;
const admin = (await ask(first.url, "", signIn)).signIn.token;
const project = await ask(first.url, admin, `mutation { createProject(input: { name: "Bench" }) { id } }`);
const projectId: string = project.createProject.id;
for (const action of ["socket", "capture_element"]) {
  const input = { action, limit: 1_000_000, windowSeconds: 60 };
  await ask(first.url, admin, `mutation ($input: SetRateLimitInput!) { setRateLimit(input: $input) { action } }`, {
    input,
  });
}
await first.stop();
const tokens = await addMembers(dataDir, { projectId, count: USERS });
const server = await start(dataDir);
const clients = startClients(server.url);
const [token = ""] = tokens;
const capture = (count: number, htmlBytes = 2_000): CaptureCommand => {
  return { name: "capture", token, projectId, count, intervalMs: INTERVAL_MS, htmlBytes };
};
const open = async (count: number, selection: string) => {
  const query = `subscription ($projectId: ID!, $after: Int) {
    elementEvents(projectId: $projectId, after: $after) { ${selection} } }`;
  const [{ revision }] = (await ask(server.url, token, `{ elements(first: 1) { edges { node { revision } } } }`))
    .elements.edges.map(({ node }: { node: { revision: number } }) => node);
  return await clients.send({ name: "open", count, tokens, query, projectId, after: revision - 1 });
};
const timed = async (command: CaptureCommand) => {
  const before = cpuMs(server.pid);
  const times = await clients.send(command);
  return { times, cpu: cpuMs(server.pid) - before };
};

await clients.send(capture(WARM_UP_CAPTURES));
await open(SOCKETS / 10, DOZEN);
await clients.send(capture(WARM_UP_CAPTURES));
await clients.send({ name: "close" });
await wait(SETTLE_MS);
const rows: Record<string, Record<string, string>> = {};
// What the heap grows by for new objects in busy times is counted as the sockets'.
const memory: Record<string, number> = { "no socket": memoryKb(server.pid) };
const { milliseconds } = await open(SOCKETS, DOZEN);
await wait(SETTLE_MS);
memory[`${SOCKETS} idle`] = memoryKb(server.pid);
await clients.send(capture(WARM_UP_CAPTURES));
const dozen = await timed(capture(CAPTURES));
rows["a dozen fields"] = toRow(dozen.times, dozen.cpu);
memory[`${SOCKETS} after ${CAPTURES} captures`] = memoryKb(server.pid);

for (let index = 0; index < LARGE.count; index++) await clients.send(capture(1, LARGE.htmlBytes));
const stalling = { with: [] as CaptureTimes[], without: [] as CaptureTimes[], withCpu: 0, withoutCpu: 0 };
const drops: Resumed[] = [];
for (let round = 0; round < ROUNDS_WITH_STALLED; round++) {
  const without = await timed(capture(CAPTURES_PER_ROUND));
  stalling.without.push(...without.times);
  stalling.withoutCpu += without.cpu;
  await clients.send({ name: "stall", token: tokens[round + 1] ?? "", projectId });
  const withOne = await timed(capture(CAPTURES_PER_ROUND));
  stalling.with.push(...withOne.times);
  stalling.withCpu += withOne.cpu;
  memory[`with a reader that stalls, round ${round + 1}`] = memoryKb(server.pid);
  await wait(DROPPED_MS);
  drops.push(await clients.send({ name: "resume" }));
}
rows["while none stalls"] = toRow(stalling.without, stalling.withoutCpu);
rows["while one stalls"] = toRow(stalling.with, stalling.withCpu);
await clients.send({ name: "close" });
await wait(SETTLE_MS);
memory["all closed"] = memoryKb(server.pid);
await open(SOCKETS, NESTED);
await clients.send(capture(WARM_UP_CAPTURES));
const nested = await timed(capture(CAPTURES));
rows["nested fields"] = toRow(nested.times, nested.cpu);
await clients[Symbol.asyncDispose]();
await server.stop();
await Deno.remove(dataDir, { recursive: true });

const perSocket = ((memory[`${SOCKETS} idle`] ?? NaN) - (memory["no socket"] ?? NaN)) / SOCKETS;
const report = [
  `Milliseconds from a capture's request until the ${SOCKETS} sockets have it; opened in ${milliseconds.toFixed(0)} ms`,
  rows,
  `Kilobytes of the server; ${perSocket.toFixed(1)} for each idle socket`,
  memory,
  "What the readers that stalled got once they read",
  drops,
];
// deno-lint-ignore no-console -- the tables are what a bench is for
for (const part of report) typeof part === "string" ? console.log(part) : console.table(part);
