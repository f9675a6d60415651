import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";

const PROJECT = new URL("..", import.meta.url).pathname;
/** Enough for the server's own files, and for some hundred connections. */
const MAX_FILES = 192;
/** The server listens again at once; generous, because CI's cores are shared. */
const MAX_RECOVERY_MS = 10_000;

Deno.test("more connections than the process may open are dropped, and the server goes on", async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "fingerpost_listener_" });
  const process = new Deno.Command("sh", {
    args: [
      "-c",
      `ulimit -n ${MAX_FILES}; exec "$0" "$@"`,
      Deno.execPath(),
      "run",
      "--quiet",
      "-A",
      "src/main.ts",
      "start",
    ],
    cwd: PROJECT,
    env: { FINGERPOST_DATA_DIR: dataDir, FINGERPOST_PORT: "0", FINGERPOST_ADMIN_PASSWORD: "correct horse battery" },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stderr = new Response(process.stderr).text();
  const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!/^Listening on .*\n/m.test(text)) text += (await reader.read()).value ?? "";
  const { hostname, port, origin } = new URL(/^Listening on (.*)$/m.exec(text)?.[1] ?? "");
  const sockets: Socket[] = [];
  try {
    const closed = Promise.withResolvers<void>();
    for (let index = 0; index < 2 * MAX_FILES; index++) {
      // Half a header, and then nothing more.
      const socket = connect(Number(port), hostname, () => socket.write("GET /health/live HTTP/1.1\r\nHost: 127"));
      socket.on("error", () => {});
      socket.on("close", () => closed.resolve());
      sockets.push(socket);
    }
    await closed.promise;
    let status = 0;
    for (const endsAt = performance.now() + MAX_RECOVERY_MS; status !== 200 && performance.now() < endsAt;) {
      status = await fetch(`${origin}/health/live`).then(async (response) => {
        await response.body?.cancel();
        return response.status;
      }, () => 0);
    }
    assert.equal(status, 200);
  } finally {
    for (const socket of sockets) socket.destroy();
    process.kill("SIGTERM");
    while (!(await reader.read()).done);
    assert.equal((await process.status).code, 0);
    await Deno.remove(dataDir, { recursive: true });
  }
  assert.match(await stderr, /Dropped all connections, because no more could be taken/);
});
