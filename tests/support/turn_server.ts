import { isFile } from "./needed_program.ts";

/** A real TURN server on loopback. */
export interface TurnServer extends AsyncDisposable {
  /** Its URI. */
  url: string;
}

const EXECUTABLE = "/usr/bin/turnserver";

/** Why there is none here; null where it is. */
export const turnServerAbsence: string | null = isFile(EXECUTABLE) ? null : `no coturn at ${EXECUTABLE}`;

/** Starts coturn, which takes credentials made with the secret. */
export async function startTurnServer(secret: string): Promise<TurnServer> {
  const port = freePort();
  const options = {
    "listening-ip": "127.0.0.1",
    "relay-ip": "127.0.0.1",
    "listening-port": String(port),
    "static-auth-secret": secret,
    realm: "fingerpost.test",
    "log-file": "stdout",
    pidfile: "/dev/null",
  };
  const flags = ["no-tls", "no-dtls", "no-cli", "allow-loopback-peers", "use-auth-secret"];
  const args = [
    "-n",
    ...flags.map((flag) => `--${flag}`),
    ...Object.entries(options).map(([name, to]) => `--${name}=${to}`),
  ];
  const process = new Deno.Command(EXECUTABLE, { args, stdout: "null", stderr: "null", stdin: "null" }).spawn();
  let isRunning = true;
  const ended = process.status.then(() => isRunning = false);
  // It listens on TCP as it does on UDP.
  while (!await isListening(port)) if (!isRunning) throw new Error("coturn did not start");
  return {
    url: `turn:127.0.0.1:${port}?transport=udp`,
    [Symbol.asyncDispose]: async () => {
      process.kill("SIGKILL");
      await ended;
    },
  };
}

async function isListening(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return false;
    throw error;
  }
}

function freePort(): number {
  using socket = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return socket.addr.port;
}
