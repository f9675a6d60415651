import { readConfig } from "../base/config.ts";
import { configureLog, roomLog } from "../base/log.ts";
import { startServer } from "./server.ts";

/** Runs the server until SIGINT or SIGTERM; a second one does not wait. Returns the exit code. Throws as `startServer` does. */
export async function start(): Promise<number> {
  const config = readConfig(Deno.env);
  await configureLog(config);
  const server = await startServer(config, {
    onFirstAdmin: ({ email, password }) => {
      const told = config.adminPassword === null
        ? `${password} (shown this once)`
        : "as set by FINGERPOST_ADMIN_PASSWORD";
      write(`First admin: ${email}, password: ${told}`);
    },
  });
  // Before the line that says so: who waits for it may send the signal at once.
  const stopped = firstStopSignal();
  write(`Listening on ${server.url}`);
  const signal = await stopped;
  roomLog("app").info("Stopping on {signal}", { signal });
  await server.stop();
  return 0;
}

const STOP_SIGNALS: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT", "SIGBREAK"] : ["SIGINT", "SIGTERM"];
/** Ctrl-C reaches the server from the terminal and once more from the task in front of it: within this time it is one. */
const ECHO_MS = 1_000;

function firstStopSignal(): Promise<Deno.Signal> {
  let stoppedAt: number | null = null;
  return new Promise((resolve) => {
    for (const signal of STOP_SIGNALS) {
      Deno.addSignalListener(signal, () => {
        stoppedAt ??= performance.now();
        if (performance.now() - stoppedAt > ECHO_MS) Deno.exit(1);
        resolve(signal);
      });
    }
  });
}

// Standard output holds these lines alone, whatever the log's format; the log goes to standard error.
function write(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
