const PROJECT = new URL("../..", import.meta.url).pathname;
/** A task is a shell and a process: generous, because CI's cores are shared. The measured figure is in the bench. */
const START_TIMEOUT_MS = 20_000;

/** A server that runs as a process of its own. */
export interface Started extends AsyncDisposable {
  pid: number;
  /** Waits for a line of standard output that fits. Throws if the process ends first. */
  line(pattern: RegExp): Promise<string>;
  /** Waits for the end: the exit code and all that was printed. */
  end(): Promise<{ code: number; stdout: string; stderr: string }>;
  kill(signal: Deno.Signal): void;
}

/** Runs `deno task start` as a user does, with an environment of its own. */
export function startTask(environment: Record<string, string>): Started {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "start"],
    cwd: PROJECT,
    env: { FINGERPOST_PORT: "0", NO_COLOR: "1", ...environment },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let stdout = "";
  let wake = () => {};
  let ended = false;
  const reading = (async () => {
    for await (const chunk of process.stdout.pipeThrough(new TextDecoderStream())) {
      stdout += chunk;
      wake();
    }
    ended = true;
    wake();
  })();
  const stderr = new Response(process.stderr).text();
  const end = async () => {
    await reading;
    return { code: (await process.status).code, stdout, stderr: await stderr };
  };
  return {
    pid: process.pid,
    line: async (pattern) => {
      const late = setTimeout(() => process.kill("SIGKILL"), START_TIMEOUT_MS);
      try {
        for (;;) {
          const found = stdout.split("\n").find((line) => pattern.test(line));
          if (found !== undefined) return found;
          if (ended) throw new Error(`No line like ${pattern}: ${stdout} ${await stderr}`);
          await new Promise<void>((resolve) => wake = resolve);
        }
      } finally {
        clearTimeout(late);
      }
    },
    end,
    kill: (signal) => process.kill(signal),
    [Symbol.asyncDispose]: async () => {
      if (!ended) process.kill("SIGTERM");
      await end();
    },
  };
}

/** Waits until it listens, and says where. */
export async function listening(started: Started): Promise<string> {
  return (await started.line(/^Listening on /)).replace("Listening on ", "");
}
