// deno-lint-ignore-file no-console -- a bench tells what it measured
// Fresh Chromiums that connect to the server's peer, one after the other: how many channels open within 3 s, and how fast; half of
// them while both cores are busy. Run by hand: `deno task bench:connects [COUNT]`. It passes or fails nothing.
import { chromium } from "playwright-core";
import { listening, startTask } from "../tests/support/started_task.ts";
import { createProject } from "../tests/support/captures.ts";
import { joinRoom, type RoomPeer, serverPeerOf } from "../tests/support/rooms.ts";
import { ADMIN, clientOf, type Data } from "../tests/support/running_app.ts";
import { nextSignal } from "../tests/support/werift_page.ts";

const COUNT = Number(Deno.args[0] ?? 200);
const GOAL_MS = 3_000;
const GIVE_UP_MS = 20_000;
const SPIN = "for (;;);";
const PAGE_PEER = new URL("../tests/browser/page_peer.js", import.meta.url).pathname;
const CHROMIUM = Deno.env.get("CHROMIUM_PATH") ?? "/usr/bin/chromium";
const FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"];
const SIGN_IN = `mutation ($input: SignInInput!) { signIn(input: $input) { token } }`;

/** Milliseconds from the page's first step to its open channel; Infinity if it never opened. */
async function connectOnce(peer: RoomPeer, negotiationId: string): Promise<number> {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  try {
    const page = await browser.newPage();
    await page.addScriptTag({ path: PAGE_PEER });
    const startedAt = performance.now();
    const pagePeer = await page.evaluateHandle("createPagePeer()");
    const payload = await pagePeer.evaluate((pagePeer: Data) => pagePeer.offer());
    await peer.send({ to: serverPeerOf(peer).id, negotiationId, kind: "OFFER", payload });
    const answer = await nextSignal(peer, negotiationId);
    if (answer.kind !== "ANSWER") return Infinity;
    const accept = (pagePeer: Data, { sdp, timeoutMs }: Data) => pagePeer.accept(sdp, timeoutMs);
    const isOpen = await pagePeer.evaluate(accept, { sdp: answer.payload, timeoutMs: GIVE_UP_MS });
    const tookMs = performance.now() - startedAt;
    await peer.send({ to: serverPeerOf(peer).id, negotiationId, kind: "BYE", payload: null });
    return isOpen ? tookMs : Infinity;
  } finally {
    await browser.close();
  }
}

/** Keeps every core busy until it is disposed. */
function keepBusy(): AsyncDisposable {
  const spinning = Array.from(
    { length: navigator.hardwareConcurrency },
    () => new Deno.Command(Deno.execPath(), { args: ["eval", SPIN], stdout: "null", stderr: "null" }).spawn(),
  );
  const stop = async () => {
    for (const process of spinning) process.kill("SIGKILL");
    await Promise.all(spinning.map((process) => process.status));
  };
  return { [Symbol.asyncDispose]: stop };
}

function tell(label: string, times: number[]): void {
  const sorted = times.toSorted((one, other) => one - other);
  const at = (share: number) =>
    Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN);
  const opened = times.filter((time) => time <= GOAL_MS).length;
  console.log(
    `${label.padEnd(12)} ${opened} of ${times.length} within ${GOAL_MS / 1_000} s; ` +
      `p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, max ${at(1)} ms`,
  );
}

async function connectMany(label: string, count: number, peer: RoomPeer): Promise<number[]> {
  const times: number[] = [];
  for (let index = 0; index < count; index++) {
    const time = await connectOnce(peer, `${label} ${index}`);
    if (time > GOAL_MS) console.log(`${label} ${index}: ${time} ms`);
    times.push(time);
  }
  tell(label, times);
  return times;
}

const dataDir = await Deno.makeTempDir({ prefix: "fingerpost_bench_" });
try {
  await using server = startTask({ FINGERPOST_DATA_DIR: dataDir, FINGERPOST_ADMIN_PASSWORD: ADMIN.password });
  const url = await listening(server);
  const { ask } = clientOf(url);
  const token = (await ask(SIGN_IN, { input: ADMIN })).signIn.token;
  const app = { url, ask };
  await using peer = await joinRoom(app, token, { projectId: await createProject(app, token) });
  const idle = await connectMany("idle", Math.ceil(COUNT / 2), peer);
  await using _busy = keepBusy();
  tell("together", [...idle, ...await connectMany("cores busy", Math.floor(COUNT / 2), peer)]);
} finally {
  await Deno.remove(dataDir, { recursive: true });
}
