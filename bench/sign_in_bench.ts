// What sign-in tells by its time, and what it costs the others, against the real start task: the medians of the four ways to be
// refused, how late other requests are answered while people sign in, and where the queue ends. Run by hand:
// `deno task bench:sign-in`. It passes or fails nothing.
import { DatabaseSync } from "node:sqlite";

const SAMPLES = 50;
const AT_ONCE = 8;
const CROWD = 200;
const PASSWORD = "correct horse battery";
const QUERY = `mutation ($input: SignInInput!) { signIn(input: $input) { token } }`;

interface Started {
  url: string;
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
  const [, url = ""] = /^Listening on (.*)$/m.exec(text) ?? [];
  const stop = async () => {
    process.kill("SIGTERM");
    while (!(await reader.read()).done);
    await process.status;
  };
  return { url, stop };
}

/** Accounts with the first admin's password, and no limit on sign-ins. */
function fill(dataDir: string): void {
  using database = new DatabaseSync(`${dataDir}/fingerpost.db`, { timeout: 5_000 });
  database.exec("UPDATE rate_limits SET max_count = 1000000 WHERE action IN ('sign_in', 'graphql')");
  const insert = database.prepare(`
    INSERT INTO users (id, email, email_key, name, role, status, password_hash, created_at, updated_at)
    SELECT ?, ?, ?, 'Bench', 'VIEWER', ?, password_hash, 0, 0 FROM users LIMIT 1`);
  for (const [kind, status] of [["known", "ACTIVE"], ["disabled", "DISABLED"], ["locked", "ACTIVE"]] as const) {
    for (let index = 0; index < SAMPLES; index++) {
      const email = `${kind}.${index}@example.org`;
      insert.run(crypto.randomUUID(), email, email, status);
    }
  }
}

/** The milliseconds until the answer, and its code. */
async function signIn(url: string, email: string, password: string): Promise<{ took: number; code: string }> {
  const startedAt = performance.now();
  const response = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query: QUERY, variables: { input: { email, password } } }),
  });
  const { errors } = await response.json();
  return { took: performance.now() - startedAt, code: errors?.[0]?.extensions.code ?? "ok" };
}

/** Each e-mail is tried once, so that none is locked; the locked one is. Interleaved, so that the machine is the same for all. */
async function measureRefusals(url: string): Promise<Record<string, number[]>> {
  const ways: Record<string, (index: number) => [email: string, password: string]> = {
    "unknown e-mail": (index) => [`unknown.${index}@example.org`, PASSWORD],
    "wrong password": (index) => [`known.${index}@example.org`, "not the right one"],
    "locked": () => ["locked.0@example.org", PASSWORD],
    "disabled": (index) => [`disabled.${index}@example.org`, PASSWORD],
  };
  for (let index = 0; index < 5; index++) await signIn(url, "locked.0@example.org", "not the right one");
  const times: Record<string, number[]> = {};
  for (let index = 0; index < SAMPLES; index++) {
    // Each way takes each place in turn, so that none always follows the same one.
    const turn = Object.entries(ways);
    turn.push(...turn.splice(0, index % turn.length));
    for (const [way, credentials] of turn) {
      const { took, code } = await signIn(url, ...credentials(index));
      if (code !== "INVALID_CREDENTIALS") throw new Error(`${way}: ${code}`);
      (times[way] ??= []).push(took);
    }
  }
  return times;
}

/** How long a request that needs nothing waits, until `work` is done. */
async function measureOthers(url: string, work: Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  let isOver = false;
  void work.finally(() => isOver = true);
  while (!isOver) {
    const startedAt = performance.now();
    await (await fetch(`${url}/health/live`)).body?.cancel();
    times.push(performance.now() - startedAt);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return times;
}

function quantile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

const ms = (value: number) => `${value.toFixed(1)} ms`;
const dataDir = await Deno.makeTempDir({ prefix: "fingerpost_bench_" });
const { url, stop } = await start(dataDir);
fill(dataDir);
// The rules are read anew within a second.
await new Promise((resolve) => setTimeout(resolve, 1_500));

const times = await measureRefusals(url);
const medians = Object.values(times).map((values) => quantile(values, 0.5));
const [least, most] = [Math.min(...medians), Math.max(...medians)];
const refusals = Object.fromEntries(
  Object.entries(times).map(([way, values]) => [way, {
    median: ms(quantile(values, 0.5)),
    p10: ms(quantile(values, 0.1)),
    p90: ms(quantile(values, 0.9)),
  }]),
);

const idle = await measureOthers(url, new Promise((resolve) => setTimeout(resolve, 1_000)));
const startedAt = performance.now();
const several = Promise.all(
  Array.from({ length: AT_ONCE }, (_, index) => signIn(url, `locked.${index + 1}@example.org`, PASSWORD)),
);
const busy = await measureOthers(url, several);
const severalTook = performance.now() - startedAt;
const crowd = await Promise.all(
  Array.from({ length: CROWD }, (_, index) => signIn(url, `crowd.${index}@example.org`, PASSWORD)),
);
await stop();
await Deno.remove(dataDir, { recursive: true });

const refused = crowd.filter(({ code }) => code === "UNAVAILABLE");
const others = (values: number[]) => ({
  median: ms(quantile(values, 0.5)),
  p99: ms(quantile(values, 0.99)),
  most: ms(Math.max(...values)),
});
const { log, table } = console;
log(
  `Refused sign-ins, ${SAMPLES} of each, interleaved; the medians are within ${
    ((most / least - 1) * 100).toFixed(1)
  } %`,
);
table(refusals);
log("GET /health/live beside them");
table({ "nobody signs in": others(idle), [`${AT_ONCE} sign in at once, ${ms(severalTook)} in all`]: others(busy) });
log(
  `Of ${CROWD} sign-ins at once ${refused.length} were UNAVAILABLE, the last after ${
    ms(Math.max(...refused.map(({ took }) => took), 0))
  }; the last answer came after ${ms(Math.max(...crowd.map(({ took }) => took)))}`,
);
