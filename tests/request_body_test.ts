import assert from "node:assert/strict";
import { connect } from "node:net";
import { createAccessToken, createProject } from "./support/captures.ts";
import { sendRaw, statusOf } from "./support/raw_request.ts";
import { bearer, type RunningApp, startApp } from "./support/running_app.ts";

const VIEWER = `{"query":"{ viewer { id } }"}`;
const TOOLS = `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`;
const MIB = 1_048_576;

async function send(app: RunningApp, path: string, body: BodyInit, headers: Record<string, string>) {
  const accept = "application/json, text/event-stream";
  const response = await fetch(`${app.url}${path}`, { method: "POST", body, headers: { accept, ...headers } });
  return [response.status, await response.text()] as const;
}

Deno.test("a body must say that it is JSON, in whatever case and with UTF-8 as its charset", async () => {
  await using app = await startApp();
  const status = async (contentType: string | null) => {
    const type = contentType === null ? {} : { "content-type": contentType };
    // As bytes, because `fetch` gives text a type of its own.
    const [status, text] = await send(app, "/graphql", new TextEncoder().encode(VIEWER), {
      ...bearer(app.token),
      ...type,
    });
    if (status !== 200) assert.match(text, /"code":"INVALID_INPUT"/);
    return status;
  };
  for (
    const type of [
      "application/json",
      "Application/JSON",
      "application/json;charset=utf-8",
      "application/json ; Charset=UTF-8",
      `application/json; charset="utf-8"`,
      "application/json; charset=utf8",
    ]
  ) assert.equal(await status(type), 200, type);
  for (
    const type of [
      null,
      "",
      "text/plain",
      "text/plain; application/json",
      "application/json5",
      "application/jsonx; charset=utf-8",
      "application/json, text/plain",
      "application/json; charset=utf-16",
      "application/json; charset=iso-8859-1",
      "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=x",
      "application/graphql",
    ]
  ) assert.equal(await status(type), 415, String(type));
});

Deno.test("a compressed body is refused as it is, before anything is unpacked", async () => {
  await using app = await startApp();
  const token = await createAccessToken(app, app.token, { scopes: ["ELEMENTS_READ"] });
  const headers = { "content-type": "application/json", ...bearer(token) };
  const gzip = (text: string) =>
    new Response(new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"))).bytes();
  for (const [path, body] of [["/graphql", VIEWER], ["/mcp", TOOLS]] as const) {
    for (const encoding of ["gzip", "GZIP", "br", "deflate, gzip"]) {
      const [status, text] = await send(app, path, await gzip(body), { ...headers, "content-encoding": encoding });
      assert.deepEqual([status, /"code":"INVALID_INPUT"/.test(text)], [415, true], `${path} ${encoding}`);
    }
    assert.equal((await send(app, path, body, { ...headers, "content-encoding": "identity" }))[0], 200);
    assert.equal((await send(app, path, body, headers))[0], 200);
  }
});

Deno.test("a body's bounds hold on every path that reads one, with a length and without", async () => {
  await using app = await startApp();
  const headers = { "content-type": "application/json", ...bearer(app.token) };
  const chunked = (mebibytes: number) =>
    new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(new Uint8Array(MIB).fill(32));
        if (--mebibytes <= 0) controller.close();
      },
    });
  for (const [path, mebibytes] of [["/mcp", 2], ["/graphql", 13]] as const) {
    for (const body of [new Uint8Array(mebibytes * MIB).fill(32), chunked(mebibytes)]) {
      const answer = await send(app, path, body, headers).catch(() => "cut off" as const);
      if (answer === "cut off") continue;
      assert.deepEqual([answer[0], /"code":"TOO_LARGE"/.test(answer[1])], [413, true], path);
    }
  }
  assert.equal((await send(app, "/graphql", VIEWER, headers))[0], 200);
});

Deno.test("a length that is false gets nobody's request past another", async () => {
  await using app = await startApp();
  const { host } = new URL(app.url);
  const post = (...lines: string[]) =>
    ["POST /graphql HTTP/1.1", `Host: ${host}`, "Content-Type: application/json", ...lines].join("\r\n");
  const short = await sendRaw(app, post("Content-Length: 5"), VIEWER);
  assert.equal(statusOf(short), 400, "a part of the JSON");
  assert.equal(short.match(/HTTP\/1\.1/g)?.length, 1, "and what is left over is not read as a request");
  for (
    const lines of [
      ["Content-Length: 5", "Transfer-Encoding: chunked"],
      ["Content-Length: 5", "Content-Length: 6"],
      ["Content-Length: -1"],
      ["Content-Length: five"],
      ["Transfer-Encoding: gzip"],
      ["Transfer-Encoding: chunked, identity"],
    ]
  ) assert.equal(statusOf(await sendRaw(app, post(...lines), VIEWER)), 400, lines.join(" "));
});

Deno.test("a body that has not arrived in 30 s is refused with 408, on every path that reads one", async () => {
  await using app = await startApp();
  await createProject(app, app.token);
  const { host, hostname, port } = new URL(app.url);
  const open = (path: string, ...lines: string[]) => {
    const { promise, resolve, reject } = Promise.withResolvers<{ answer: string; seconds: number }>();
    const head = [`POST ${path} HTTP/1.1`, `Host: ${host}`, `Authorization: Bearer ${app.token}`, ...lines];
    const startedAt = performance.now();
    const socket = connect(Number(port), hostname, () => socket.write(`${head.join("\r\n")}\r\n\r\n`));
    // Byte by byte, so that it is never silent.
    const drip = setInterval(
      () => socket.write(lines.includes("Transfer-Encoding: chunked") ? "1\r\n \r\n" : " "),
      250,
    );
    let answer = "";
    socket.on("data", (chunk) => {
      answer += chunk.toString();
      if (!/\r\n\r\n.*\}/s.test(answer)) return;
      resolve({ answer, seconds: (performance.now() - startedAt) / 1_000 });
      socket.destroy();
    });
    socket.on("error", reject);
    socket.on("close", () => clearInterval(drip));
    return promise;
  };
  const type = "Content-Type: application/json";
  const accept = "Accept: application/json, text/event-stream";
  const answers = await Promise.all([
    open("/graphql", type, "Content-Length: 1000"),
    open("/graphql", type, "Transfer-Encoding: chunked"),
    open("/mcp", type, accept, "Content-Length: 1000"),
    open("/mcp", type, accept, "Transfer-Encoding: chunked"),
  ]);
  for (const { answer, seconds } of answers) {
    assert.equal(statusOf(answer), 408, answer);
    assert.match(answer, /"code":"UNAVAILABLE"/);
    assert.ok(seconds >= 29.9 && seconds < 33, `${seconds} s`);
  }
  assert.equal((await app.ask(`{ viewer { role } }`, {}, app.token)).viewer.role, "ADMIN");
});
