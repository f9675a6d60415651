import { readConfig } from "../base/config.ts";
import { configureLog, roomLog } from "../base/log.ts";
import { startServer } from "./server.ts";

/** Runs the server until SIGINT or SIGTERM; a second signal does not wait. Returns the exit code. Throws as `startServer` does. */
export async function start(): Promise<number> {
  const config = readConfig(Deno.env);
  await configureLog(config);
  const server = await startServer(config);
  if (server.firstAdmin !== null) {
    const { email, password } = server.firstAdmin;
    const told = config.adminPassword === null ? password : "as set by FINGERPOST_ADMIN_PASSWORD";
    write(`First admin: ${email}, password: ${told}${config.adminPassword === null ? " (shown this once)" : ""}`);
  }
  write(`Listening on ${server.url}`);
  const signal = await nextSignal();
  roomLog("app").info("Stopping on {signal}", { signal });
  void nextSignal().then(() => Deno.exit(1));
  await server.stop();
  return 0;
}

const STOP_SIGNALS: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT", "SIGBREAK"] : ["SIGINT", "SIGTERM"];

function nextSignal(): Promise<Deno.Signal> {
  return new Promise((resolve) => {
    for (const signal of STOP_SIGNALS) Deno.addSignalListener(signal, () => resolve(signal));
  });
}

// Standard output holds these lines alone, whatever the log's format; the log goes to standard error.
function write(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
