// deno-lint-ignore-file no-console -- the table is what a bench is for
// 200 captures of 200 kB from Chromium into the server's peer, stored and acknowledged, next to what bare werift reads from the same page,
// in turns; and how long a capture takes to a watcher. Run by hand: `deno task bench:channel [ROUNDS]`. It passes or fails nothing.
import { chromium, type Page } from "playwright-core";
import { createProject } from "../tests/support/captures.ts";
import { type FingerpostPage, openFingerpostPage, openSite } from "../tests/support/fingerpost_page.ts";
import { ADMIN, clientOf, type RunningApp } from "../tests/support/running_app.ts";
import { listening, startTask } from "../tests/support/started_task.ts";
import { subscribe } from "../tests/support/subscription.ts";
import { startBareServer } from "./_bare_server.ts";

const ROUNDS = Number(Deno.args[0] ?? 5);
const COUNT = 200;
const BYTES = 200_000;
const LATENCY_SAMPLES = 100;
const CHROMIUM = Deno.env.get("CHROMIUM_PATH") ?? "/usr/bin/chromium";
const FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"];
const PAGE_PEER = new URL("../tests/browser/page_peer.js", import.meta.url).pathname;
const SINK = new URL("peers/bare_sink.ts", import.meta.url).pathname;
const SIGN_IN = `mutation ($input: SignInInput!) { signIn(input: $input) { token } }`;
const LIMIT =
  `mutation { setRateLimit(input: { action: "capture_element", limit: 1000000, windowSeconds: 60 }) { limit } }`;
const EVENTS =
  `subscription ($projectId: ID!, $after: Int) { elementEvents(projectId: $projectId, after: $after) { element { selector } } }`;

/** Has the page send the same amount to bare werift; megabytes a second. */
async function sink(page: Page, url: string): Promise<number> {
  const seconds = await page.evaluate<number>(`(async () => {
    const peer = createPagePeer();
    const answer = await fetch(${JSON.stringify(url)}, { method: "POST", body: await peer.offer() });
    if (!await peer.accept(await answer.text(), 10_000)) throw new Error("The channel did not open");
    const html = "x".repeat(${BYTES});
    const startedAt = performance.now();
    for (let index = 0; index < ${COUNT}; index++) await peer.say({ type: "capture", id: String(index), html });
    await peer.ask({ type: "ping", id: "done" });
    const seconds = (performance.now() - startedAt) / 1_000;
    peer.close();
    return seconds;
  })()`);
  return COUNT * BYTES / 1e6 / seconds;
}

/** Has the page capture; megabytes a second until the last is stored and acknowledged. */
async function capture(client: FingerpostPage, name: string): Promise<number> {
  const seconds = await client.run<number>(
    `async (it, given) => {
      const startedAt = performance.now();
      const html = "x".repeat(given.bytes);
      await it.captureAll({ ...given, html });
      return (performance.now() - startedAt) / 1_000;
    }`,
    { name, count: COUNT, bytes: BYTES },
  );
  return COUNT * BYTES / 1e6 / seconds;
}

/** Milliseconds from the page's call to the watcher's event, one capture after the other. */
async function latencies(app: Pick<RunningApp, "url" | "token">, client: FingerpostPage, projectId: string) {
  const times: number[] = [];
  const [{ revision }] = await client.run(`(it) => it.captureAll({ name: "first", count: 1 })`);
  const variables = { projectId, after: revision - 1 };
  await using events = subscribe(app, { query: EVENTS, variables, token: app.token });
  // The one before: the subscription stands when the first sample is taken.
  await events.next();
  for (let index = 0; index < LATENCY_SAMPLES; index++) {
    const seen = events.next().then(() => performance.timeOrigin + performance.now());
    const calledAt = await client.run<number>(
      `(it, given) => {
      const calledAt = performance.timeOrigin + performance.now();
      void it.captureAll(given);
      return calledAt;
    }`,
      { name: `sample${index}`, count: 1, html: "x".repeat(10_000) },
    );
    times.push(await seen - calledAt);
  }
  return times;
}

function at(values: number[], share: number): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length * share)] ?? NaN;
}

function print(label: string, values: number[], unit: string): void {
  console.log(
    `${label.padEnd(26)} p50 ${at(values, 0.5).toFixed(1)} ${unit}, p95 ${at(values, 0.95).toFixed(1)} ${unit}`,
  );
}

const dataDir = await Deno.makeTempDir({ prefix: "fingerpost_bench_" });
const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
try {
  await using server = startTask({ FINGERPOST_DATA_DIR: dataDir, FINGERPOST_ADMIN_PASSWORD: ADMIN.password });
  await using bare = await startBareServer(SINK);
  await using site = openSite();
  const url = await listening(server);
  const { ask } = clientOf(url);
  const { token } = (await ask(SIGN_IN, { input: ADMIN })).signIn;
  await ask(LIMIT, {}, token);
  const app = { url, token, ask };
  const projectId = await createProject(app, token);
  const page = await browser.newPage();
  const client = await openFingerpostPage(page, { site: site.url, app, projectId });
  await client.state("webrtc");
  await page.addScriptTag({ path: PAGE_PEER });
  const rates: Record<"bare" | "ours", number[]> = { bare: [], ours: [] };
  for (let round = 0; round < ROUNDS; round++) {
    rates.bare.push(await sink(page, bare.url));
    rates.ours.push(await capture(client, `round${round}`));
    console.log(
      `round ${round + 1}: bare ${rates.bare.at(-1)?.toFixed(1)}, ours ${rates.ours.at(-1)?.toFixed(1)} MB/s`,
    );
  }
  print("bare werift, read", rates.bare, "MB/s");
  print("ours, stored and answered", rates.ours, "MB/s");
  console.log(`ours / bare                ${(at(rates.ours, 0.5) / at(rates.bare, 0.5)).toFixed(2)}; goal 0.7`);
  print("capture to watcher's event", await latencies(app, client, projectId), "ms");
  console.log(`states of the page         ${(await client.states()).map(({ state }) => state).join(", ")}`);
} finally {
  await browser.close();
  await Deno.remove(dataDir, { recursive: true });
}
