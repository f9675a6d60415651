// Link: of Next.js, which hands on what it is given.
const TAG = /<([a-z][\w:.-]*|Link)(?=[\s>/]|$)/g;
const NO_ELEMENT = /^(script|style|template|slot)$/;
/** Apps that are another's but for how they start, and for JSX that needs React by name. */
const VARIANTS: Record<string, { of: string; prefix: string; hasOwn?: true }> = {
  vueinspector: { of: "vue", prefix: "" },
  vueinspector_alike: { of: "vue_alike", prefix: "" },
  react18: { of: "react", prefix: "", hasOwn: true },
  react17: { of: "react", prefix: 'import React from "react"; ', hasOwn: true },
  react16: { of: "react", prefix: 'import React from "react"; ', hasOwn: true },
};

/** A small app as its own tool chain serves it while people develop it. */
export interface ServedApp {
  url: string;
  folder: string;
  /** The same app, in which each element says by `data-truth` where it was written: "src/App.jsx:6:5". */
  truthUrl: string;
}

/** Starts development servers of a tool chain, each on a copy of one of the apps of `tests/tool_chains/<chain>/apps`. */
export async function serveApps(
  chain: string,
  names: string[],
): Promise<AsyncDisposable & { apps: Map<string, ServedApp> }> {
  await using stack = new AsyncDisposableStack();
  const chainFolder = new URL(`../tool_chains/${chain}/`, import.meta.url).pathname;
  const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "fingerpost_apps_" }));
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  for (const name of names) {
    await copyApp(`${chainFolder}apps/`, name, `${folder}/${name}`, (text) => text);
    await copyApp(`${chainFolder}apps/`, name, `${folder}/${name}/truth`, withTruth);
  }
  await Deno.symlink(`${chainFolder}node_modules`, `${folder}/node_modules`);
  const roots = names.map((name) => `${name}=${folder}/${name}`);
  const args = [
    "run",
    "--quiet",
    "--allow-all",
    "--config",
    `${chainFolder}deno.json`,
    `${chainFolder}serve.ts`,
    ...roots,
  ];
  const server = new Deno.Command(Deno.execPath(), { args, stdout: "piped" }).spawn();
  const output = server.stdout.getReader();
  stack.defer(async () => {
    server.kill("SIGKILL");
    await output.cancel();
    await server.status;
  });
  const addresses = await readAddresses(output);
  const apps = new Map(
    addresses.map(([name, url]) => [name, { url, folder: `${folder}/${name}`, truthUrl: `${url}truth/` }]),
  );
  const served = stack.move();
  return { apps, [Symbol.asyncDispose]: () => served.disposeAsync() };
}

async function readAddresses(output: ReadableStreamDefaultReader<Uint8Array>): Promise<[string, string][]> {
  // What it says later is not read ahead, as a piped stream would: that would be work of some test.
  const decoder = new TextDecoder();
  let said = "";
  while (!said.includes("ready\n")) {
    const { value, done } = await output.read();
    if (done) throw new Error(`The development server did not start: ${said}`);
    said += decoder.decode(value, { stream: true });
  }
  return [...said.matchAll(/^(\w+) (http\S+)$/gm)].map(([, name = "", url = ""]) => [name, url]);
}

async function copyApp(
  apps: string,
  name: string,
  to: string,
  change: (text: string, path: string) => string,
): Promise<void> {
  const variant = VARIANTS[name];
  if (variant !== undefined) {
    const prefixed = (text: string, path: string): string =>
      change(path.endsWith(".jsx") ? variant.prefix + text : text, path);
    await copyFolder(`${apps}${variant.of}`, to, prefixed);
    if (variant.hasOwn) await copyFolder(`${apps}${name}`, to, prefixed);
  } else await copyFolder(`${apps}${name}`, to, change);
}

async function copyFolder(from: string, to: string, change: (text: string, path: string) => string, inner = "") {
  await Deno.mkdir(`${to}/${inner}`, { recursive: true });
  for (const { name, isDirectory } of Deno.readDirSync(`${from}/${inner}`)) {
    const path = `${inner}${name}`;
    if (isDirectory) await copyFolder(from, to, change, `${path}/`);
    else await Deno.writeTextFile(`${to}/${path}`, change(await Deno.readTextFile(`${from}/${path}`), path));
  }
}

// Put behind each tag's name, on its own line: nothing else of the app changes.
function withTruth(text: string, path: string): string {
  if (!path.startsWith("src/")) return text;
  const lines = text.split("\n").map((line, row) =>
    line.includes("elsewhere")
      ? line
      : line.replaceAll(TAG, (tag, name, column) =>
        NO_ELEMENT.test(name) ? tag : `${tag} data-truth='${path}:${row + 1}:${column + 1}'`)
  );
  return lines.join("\n");
}
