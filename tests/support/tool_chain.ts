const FOLDER = new URL("../tool_chains/vite/", import.meta.url).pathname;
const TAG = /<([a-z][\w:-]*)(?=[\s>/]|$)/g;
const NO_ELEMENT = /^(script|style|template|slot)$/;

/** A small app as its own tool chain serves it while people develop it. */
export interface ServedApp extends AsyncDisposable {
  url: string;
  folder: string;
  /** The same app, in which each element says by `data-truth` where it was written: "src/App.jsx:6:5". */
  truthUrl: string;
}

/** Starts Vite's development server on a copy of an app of `tests/tool_chains/vite/apps`. */
export async function serveApp(framework: string, app = framework): Promise<ServedApp> {
  await using stack = new AsyncDisposableStack();
  const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "fingerpost_app_" }));
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  await copyApp(`${FOLDER}apps/${app}`, folder, (text) => text);
  await copyApp(`${FOLDER}apps/${app}`, `${folder}/truth`, withTruth);
  const args = [
    "run",
    "--quiet",
    "--allow-all",
    "--config",
    `${FOLDER}deno.json`,
    `${FOLDER}serve.ts`,
    framework,
    folder,
  ];
  const server = new Deno.Command(Deno.execPath(), { args, stdout: "piped" }).spawn();
  stack.defer(async () => {
    server.kill("SIGKILL");
    await server.status;
  });
  const output = server.stdout.pipeThrough(new TextDecoderStream());
  await Deno.symlink(`${FOLDER}node_modules`, `${folder}/node_modules`);
  const url = await readAddress(output);
  const served = stack.move();
  return { url, folder, truthUrl: `${url}truth/`, [Symbol.asyncDispose]: () => served.disposeAsync() };
}

async function readAddress(output: ReadableStream<string>): Promise<string> {
  let said = "";
  for await (const part of output) {
    said += part;
    const address = /serving (http\S+)\n/.exec(said)?.[1];
    if (address !== undefined) return address;
  }
  throw new Error(`Vite did not start: ${said}`);
}

async function copyApp(from: string, to: string, change: (text: string, path: string) => string, inner = "") {
  await Deno.mkdir(`${to}/${inner}`, { recursive: true });
  for (const { name, isDirectory } of Deno.readDirSync(`${from}/${inner}`)) {
    const path = `${inner}${name}`;
    if (isDirectory) await copyApp(from, to, change, `${path}/`);
    else await Deno.writeTextFile(`${to}/${path}`, change(await Deno.readTextFile(`${from}/${path}`), path));
  }
}

// Put behind each tag's name, on its own line: nothing else of the app changes.
function withTruth(text: string, path: string): string {
  if (!path.startsWith("src/")) return text;
  const lines = text.split("\n").map((line, row) =>
    line.includes("elsewhere") ? line : line.replaceAll(
      TAG,
      (tag, name, column) => NO_ELEMENT.test(name) ? tag : `${tag} data-truth='${path}:${row + 1}:${column + 1}'`,
    )
  );
  return lines.join("\n");
}
