import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { StdioClientTransport as LegacyStdioTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { listenLegacy, listenModern, type McpListener } from "./mcp_listener.ts";
import type { Data } from "./running_app.ts";

const PROJECT = new URL("../..", import.meta.url).pathname;

/** Which server the task asks, and how. */
export interface McpTaskTarget {
  url: string;
  token: string;
}

/** Real clients that start `deno task mcp`, by the version of the protocol that they speak. */
export const MCP_TASK_CLIENTS: Record<string, (target: McpTaskTarget) => Promise<McpListener>> = {
  "2026-07-28": (target) => startWith(new StdioClientTransport(commandOf(target)), listenModern),
  "2025-11-25": (target) => startWith(new LegacyStdioTransport(commandOf(target)), listenLegacy),
};

async function startWith<Started extends { pid: number | null; onclose?: (() => void) | undefined }>(
  transport: Started,
  listen: (transport: Started) => Promise<McpListener>,
): Promise<McpListener> {
  const client = await listen(transport);
  let ending: Promise<void> | null = null;
  return { ...client, [Symbol.asyncDispose]: () => ending ??= end() };

  // Ended from outside first: to wait for it, the SDKs' clients start a timer that they leave behind.
  async function end(): Promise<void> {
    const ended = Promise.withResolvers<void>();
    const tell = transport.onclose;
    transport.onclose = () => {
      tell?.();
      ended.resolve();
    };
    if (transport.pid !== null) Deno.kill(transport.pid, "SIGTERM");
    await ended.promise;
    await client[Symbol.asyncDispose]();
  }
}

function commandOf(target: McpTaskTarget) {
  return { command: Deno.execPath(), args: ["task", "--quiet", "mcp"], cwd: PROJECT, env: environmentOf(target) };
}

function environmentOf({ url, token }: McpTaskTarget): Record<string, string> {
  return {
    FINGERPOST_URL: url,
    FINGERPOST_TOKEN: token,
    PATH: Deno.env.get("PATH") ?? "",
    HOME: Deno.env.get("HOME") ?? "",
  };
}

/** The task as a client sees it that writes and reads lines itself. */
export interface McpTask extends AsyncDisposable {
  send(line: string | Record<string, unknown>): Promise<void>;
  /** The next line, parsed; what is no JSON fails the test. */
  next(): Promise<Data>;
  /** The length of the longest line so far, in bytes. */
  longest(): number;
  /** Ends its input. */
  closeInput(): Promise<void>;
  kill(signal: Deno.Signal): void;
  status: Promise<Deno.CommandStatus>;
}

/** Starts the task. */
export function startMcpTask(target: McpTaskTarget): McpTask {
  const { command, args, cwd, env } = commandOf(target);
  const child = new Deno.Command(command, { args, cwd, env, stdin: "piped", stdout: "piped", stderr: "null" }).spawn();
  const writer = child.stdin.getWriter();
  let longest = 0;
  const lines = readLines(child.stdout, (bytes) => longest = Math.max(longest, bytes));
  return {
    send: (line) =>
      writer.write(new TextEncoder().encode(`${typeof line === "string" ? line : JSON.stringify(line)}\n`)),
    next: async () => JSON.parse((await lines.next()).value ?? ""),
    longest: () => longest,
    closeInput: () => writer.close(),
    kill: (signal) => child.kill(signal),
    status: child.status,
    async [Symbol.asyncDispose]() {
      await writer.close().catch(() => {});
      await child.status;
      for await (const line of lines) JSON.parse(line);
    },
  };
}

async function* readLines(stdout: ReadableStream<Uint8Array<ArrayBuffer>>, onLine: (bytes: number) => void) {
  let text = "";
  for await (const chunk of stdout.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const complete = text.split("\n");
    text = complete.pop() ?? "";
    for (const line of complete) {
      onLine(new TextEncoder().encode(line).length);
      yield line;
    }
  }
  if (text !== "") throw new Error(`The last line is not complete: ${text.slice(0, 100)}`);
}
