import assert from "node:assert/strict";
import sharp from "sharp";
import { CAPTURE, captureInput, createProject } from "./support/captures.ts";
import { bearer, type Data, startApp } from "./support/running_app.ts";
import { sendRaw } from "./support/raw_request.ts";

type Init = RequestInit & { headers?: Record<string, string> };

const NO_PAGE = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'";

/** Every kind of answer: what is asked, the status, and the CSP where it is another than that of what is no page. */
async function listAnswers(url: string, token: string): Promise<[string, Init, number, string?][]> {
  const png = await sharp({ create: { width: 3, height: 2, channels: 3, background: "#8af" } }).png().toBuffer();
  const input = captureInput({ screenshot: { mimeType: "image/png", base64: png.toBase64() } });
  const json = { "content-type": "application/json", accept: "application/json, text/event-stream" };
  const post = (body: unknown, headers: Record<string, string> = {}): Init => ({
    method: "POST",
    body: JSON.stringify(body),
    headers: { ...json, ...headers },
  });
  const as = bearer(token);
  const captured: Data = await (await fetch(`${url}/graphql`, post({ query: CAPTURE, variables: { input } }, as)))
    .json();
  const screenshot = `/screenshots/${captured.data.captureElement.id}`;
  const sandboxed = `${NO_PAGE}; sandbox`;
  const preflight = { "access-control-request-method": "POST" };
  return [
    ["/", { redirect: "manual" }, 302],
    ["/nothing", {}, 404],
    ["/health/live", {}, 200],
    ["/health/ready", {}, 200],
    ["/graphql?query={viewer{id}}", {}, 200],
    ["/graphql?query=mutation{signOut}", {}, 405],
    ["/graphql", { method: "PUT" }, 405],
    ["/graphql", post({ query: "{ viewer { id } }" }), 200],
    ["/graphql", post({ query: "{ viewer {" }), 200],
    ["/graphql", post([]), 400],
    ["/graphql", { method: "POST", body: "x" }, 415],
    ["/graphql", post({ query: "{ viewer { id } }" }, bearer("nobody")), 401],
    ["/graphql", post({ query: "{ viewer { id } }" }, { accept: "text/event-stream" }), 200],
    ["/graphql", { headers: { upgrade: "websocket" } }, 400],
    ["/graphql", { headers: { upgrade: "websocket", origin: "https://evil.example" } }, 403],
    ["/graphql", { method: "OPTIONS", headers: { ...preflight, origin: url } }, 204],
    ["/graphql", { method: "OPTIONS", headers: { ...preflight, origin: "https://evil.example" } }, 403],
    ["/mcp", post({ jsonrpc: "2.0", id: 1, method: "tools/list" }, as), 200],
    ["/mcp", post({ jsonrpc: "2.0", id: 1, method: "tools/list" }), 401],
    ["/mcp", post("x", as), 400],
    ["/mcp", { headers: as }, 405],
    ["/.well-known/oauth-protected-resource/mcp", {}, 200],
    ["/register", post({}), 403],
    [screenshot, { headers: as }, 200, sandboxed],
    [screenshot, { method: "HEAD", headers: as }, 200, sandboxed],
    [screenshot, {}, 401],
    ["/screenshots/element_x", { headers: as }, 404],
  ];
}

Deno.test("every answer has the security headers, whatever it is", async () => {
  await using app = await startApp();
  await createProject(app, app.token);
  for (const [path, init, status, policy = NO_PAGE] of await listAnswers(app.url, app.token)) {
    const response = await fetch(`${app.url}${path}`, init);
    await response.body?.cancel();
    const what = `${init.method ?? "GET"} ${path} ${status}`;
    const { headers } = response;
    assert.equal(response.status, status, what);
    assert.equal(headers.get("x-content-type-options"), "nosniff", what);
    // A result is data that no browser shows: nothing is linked from it, and no window opens it.
    const isResult = path.startsWith("/graphql") && status === 200;
    // Nor can a tab or a frame be led to one that was posted as JSON.
    const isPosted = isResult && init.method === "POST";
    assert.equal(headers.get("content-security-policy"), isPosted ? null : policy, what);
    assert.equal(headers.get("referrer-policy"), isResult ? null : "no-referrer", what);
    assert.equal(headers.get("cross-origin-opener-policy"), isResult ? null : "same-origin", what);
    assert.equal(headers.get("cross-origin-resource-policy"), "same-origin", what);
    assert.match(headers.get("cache-control") ?? "", /no-store|no-cache/, what);
    assert.equal(headers.get("strict-transport-security"), null, what);
    assert.equal(headers.get("server") ?? headers.get("x-powered-by"), null, what);
  }
  const unknown = await sendRaw(app, "GET / HTTP/1.1\r\nHost: evil.example");
  for (const header of [/^content-security-policy: default-src 'none'; /m, /^x-content-type-options: nosniff\r$/m]) {
    assert.match(unknown, header, "for a host that is not served too");
  }
});

Deno.test("the GraphiQL page keeps the policy that lets it run, and no other site may frame it", async () => {
  await using app = await startApp();
  const page = await fetch(`${app.url}/graphql`, { headers: { accept: "text/html" } });
  assert.equal(page.headers.get("content-type"), "text/html; charset=utf-8");
  await page.body?.cancel();
  const policy = page.headers.get("content-security-policy") ?? "";
  assert.match(
    policy,
    /default-src 'none'.*script-src ('sha256-[\w+\/]{43}=' )+blob:.*connect-src 'self'.*frame-ancestors 'none'/,
  );
  assert.equal(page.headers.get("x-content-type-options"), "nosniff");
  assert.equal(page.headers.get("referrer-policy"), "no-referrer");
});

Deno.test("where the public URL is HTTPS every answer says to stay with it", async () => {
  await using app = await startApp({ environment: { FINGERPOST_PUBLIC_URL: "https://team.example" } });
  for (const path of ["/health/live", "/nothing", "/graphql?query={viewer{id}}"]) {
    const response = await fetch(`${app.url}${path}`);
    await response.body?.cancel();
    assert.equal(response.headers.get("strict-transport-security"), "max-age=31536000; includeSubDomains", path);
  }
});

Deno.test("the head of a posted result is small, so that the runtime sends it and a small result at once", async () => {
  await using app = await startApp();
  const body = JSON.stringify({ query: "{ viewer { id } }" });
  const head = `POST /graphql HTTP/1.1\r\nHost: ${new URL(app.url).host}\r\nContent-Type: application/json\r\n` +
    `Authorization: Bearer ${app.token}\r\nContent-Length: ${body.length}`;
  const answer = await sendRaw(app, head, body);
  assert.match(answer, /^HTTP\/1\.1 200 /);
  assert.ok(answer.indexOf("\r\n\r\n") <= 256, answer);
});
