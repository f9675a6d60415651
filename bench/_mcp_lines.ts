import type { Data } from "../tests/support/running_app.ts";

/** An MCP server in a process of its own, spoken to over its standard input and output. */
export interface LineServer extends AsyncDisposable {
  /** Sends a request and returns its result. Throws where the answer is an error, or a tool's that failed. */
  request(method: string, params?: Record<string, unknown>): Promise<Data>;
}

/** How to start one. */
export interface LineCommand {
  command: string;
  args: string[];
  env?: Record<string, string>;
}

/** The revision that every peer speaks. */
const PROTOCOL = "2025-11-25";

/** Starts a server and greets it. */
export async function startLineServer({ command, args, env = {} }: LineCommand): Promise<LineServer> {
  const process = new Deno.Command(command, { args, env, stdin: "piped", stdout: "piped", stderr: "null" }).spawn();
  const writer = process.stdin.getWriter();
  const waiting = new Map<number, PromiseWithResolvers<Data>>();
  let lastId = 0;
  const reading = read();
  const request: LineServer["request"] = async (method, params = {}) => {
    const id = ++lastId;
    const answer = Promise.withResolvers<Data>();
    waiting.set(id, answer);
    await say({ jsonrpc: "2.0", id, method, params });
    return await answer.promise;
  };
  await request("initialize", {
    protocolVersion: PROTOCOL,
    capabilities: {},
    clientInfo: { name: "bench", version: "1" },
  });
  await say({ jsonrpc: "2.0", method: "notifications/initialized" });
  return {
    request,
    [Symbol.asyncDispose]: async () => {
      await writer.close();
      const late = setTimeout(() => process.kill("SIGKILL"), 3_000);
      await reading;
      await process.status;
      clearTimeout(late);
    },
  };

  async function say(message: Record<string, unknown>): Promise<void> {
    await writer.write(new TextEncoder().encode(`${JSON.stringify(message)}\n`));
  }

  async function read(): Promise<void> {
    let rest = "";
    for await (const chunk of process.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines.filter((line) => line.startsWith("{"))) take(JSON.parse(line));
    }
    for (const { reject } of waiting.values()) reject(new Error(`${command} ${args.join(" ")} ended`));
  }

  function take({ id, result, error }: Data): void {
    const answer = waiting.get(id);
    waiting.delete(id);
    if (error !== undefined || result?.isError === true) answer?.reject(new Error(JSON.stringify(error ?? result)));
    else answer?.resolve(result);
  }
}
