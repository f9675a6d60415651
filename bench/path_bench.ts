// The path from pointing to asking, against the real start task: how long until it listens, and from a capture's request
// until a subscriber and an MCP client have it. Run by hand: `deno task bench`. It passes or fails nothing.
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { createClient } from "graphql-ws";
import sharp from "sharp";

const STARTS = 7;
const CAPTURES = 200;
/** Not counted: the first requests compile the code. */
const WARM_UP_CAPTURES = 20;
/** Under the limit of 240 captures a minute, which stays on as in production. */
const PAUSE_MS = 260;
const PASSWORD = "correct horse battery";

interface Started {
  url: string;
  milliseconds: number;
  stop(): Promise<void>;
}

async function start(dataDir: string): Promise<Started> {
  const startedAt = performance.now();
  const process = new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "start"],
    env: { FINGERPOST_DATA_DIR: dataDir, FINGERPOST_PORT: "0", FINGERPOST_ADMIN_PASSWORD: PASSWORD },
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!/^Listening on .*\n/m.test(text)) text += (await reader.read()).value ?? "";
  const milliseconds = performance.now() - startedAt;
  const [, url = ""] = /^Listening on (.*)$/m.exec(text) ?? [];
  const stop = async () => {
    process.kill("SIGTERM");
    while (!(await reader.read()).done);
    await process.status;
  };
  return { url, milliseconds, stop };
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

function captureInput(screenshot: Uint8Array): Record<string, unknown> {
  const styles = Array.from({ length: 350 }, (_, index) => [`--property-number-${index}`, `value ${index}`]);
  return {
    clientId: crypto.randomUUID(),
    pageUrl: "https://shop.example/cart",
    selector: "main > form > button.pay",
    tagName: "BUTTON",
    html: `<button class="pay">${"<span>Pay now</span>".repeat(1_000)}</button>`,
    computedStyles: Object.fromEntries(styles),
    box: { x: 1, y: 2, width: 300, height: 40 },
    note: "Make this line up",
    screenshot: { mimeType: "image/png", base64: screenshot.toBase64() },
  };
}

async function measure({ url }: Started): Promise<{ subscriber: number[]; mcp: number[] }> {
  const signIn = `mutation { signIn(input: { email: "admin@localhost", password: "${PASSWORD}" }) { token } }`;
  const token = (await ask(url, "", signIn)).signIn.token;
  const projectId =
    (await ask(url, token, `mutation { createProject(input: { name: "Bench" }) { id } }`)).createProject.id;
  const authorization = `Bearer ${token}`;
  const sockets = createClient({ url: `${url.replace("http", "ws")}/graphql`, connectionParams: { authorization } });
  const query =
    `subscription ($p: ID!) { elementEvents(projectId: $p, after: 0) { elementId element { selector note } } }`;
  const events = sockets.iterate({ query, variables: { p: projectId } });
  const client = new Client({ name: "bench", version: "1" });
  await client.connect(
    new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit: { headers: { authorization } } }),
  );
  const noise = crypto.getRandomValues(new Uint8Array(60_000));
  const screenshot = await sharp(noise, { raw: { width: 200, height: 100, channels: 3 } }).png().toBuffer();
  const times = { subscriber: [] as number[], mcp: [] as number[] };
  for (let index = 0; index < CAPTURES + WARM_UP_CAPTURES; index++) {
    const input = captureInput(screenshot);
    const startedAt = performance.now();
    const seen = events.next().then(() => performance.now() - startedAt);
    const { captureElement } = await ask(
      url,
      token,
      `mutation ($input: CaptureElementInput!) { captureElement(input: $input) { id } }`,
      { input },
    );
    const result = await client.callTool({ name: "get_pointed_element", arguments: {} });
    const mcp = performance.now() - startedAt;
    if (!JSON.stringify(result.structuredContent).includes(captureElement.id)) {
      throw new Error("MCP shows another element");
    }
    const subscriber = await seen;
    if (index >= WARM_UP_CAPTURES) {
      times.subscriber.push(subscriber);
      times.mcp.push(mcp);
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  await client.close();
  await sockets.dispose();
  return times;
}

function quantile(values: number[], share: number): string {
  const sorted = values.toSorted((a, b) => a - b);
  return `${(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN).toFixed(1)} ms`;
}

const dataDir = await Deno.makeTempDir({ prefix: "fingerpost_bench_" });
const rows: Record<string, Record<string, string>> = {};
const starts: number[] = [];
for (let index = 0; index < STARTS; index++) {
  const started = await start(dataDir);
  if (index === 0) {
    rows["first start, with the first admin's password hashed"] = { median: `${started.milliseconds.toFixed(1)} ms` };
  } else starts.push(started.milliseconds);
  await started.stop();
}
rows["warm start until it listens"] = { median: quantile(starts, 0.5), p99: quantile(starts, 0.99) };
const started = await start(dataDir);
const times = await measure(started);
await started.stop();
await Deno.remove(dataDir, { recursive: true });
rows["capture request to subscriber"] = {
  median: quantile(times.subscriber, 0.5),
  p99: quantile(times.subscriber, 0.99),
};
rows["capture request to MCP result"] = { median: quantile(times.mcp, 0.5), p99: quantile(times.mcp, 0.99) };
// deno-lint-ignore no-console -- the table is what a bench is for
console.table(rows);
