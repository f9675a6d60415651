import assert from "node:assert/strict";
import { sendRaw, statusOf } from "./support/raw_request.ts";
import { bearer, startApp } from "./support/running_app.ts";

const PUBLIC = { environment: { FINGERPOST_PUBLIC_URL: "https://team.example:8443" } };

/** `HTTP/1.1` with one `Host`, or as the lines say. */
const get = (path: string, ...lines: string[]) => [`GET ${path} HTTP/1.1`, ...lines].join("\r\n");

Deno.test("a request for another host is refused on every path before anything else", async () => {
  await using app = await startApp(PUBLIC);
  const foreign = [
    "evil.example",
    "127.0.0.1.evil.example",
    "team.example",
    "team.example:443",
    "team.example:8443.evil.example",
    "team.example.:8443",
    "localhost.",
    "localhost.evil.example",
    "0.0.0.0",
    "[::2]",
    "[::ffff:192.0.2.1]",
    "2130706433",
    "0x7f.0.0.1",
    "127.1",
    "evil@127.0.0.1",
    "evil.example,127.0.0.1",
    "127.0.0.1, evil.example",
    "127.0.0.1/x",
    "127.0.0.1?x",
    "127.0.0.1#x",
    "127.0.0.1:x",
    "127.0.0.1:80:80",
    "%31%32%37.0.0.1",
    "",
  ];
  for (const path of ["/graphql", "/mcp", "/screenshots/x", "/health/live", "/", "/nothing"]) {
    for (const host of foreign) {
      const answer = await sendRaw(
        app,
        get(path, `Host: ${host}`, "X-Forwarded-Host: 127.0.0.1", "Forwarded: host=127.0.0.1"),
      );
      assert.equal(statusOf(answer), 403, `${host}${path}: ${answer.slice(0, 30)}`);
      assert.match(answer, /"code":"FORBIDDEN"/);
    }
  }
});

Deno.test("the public URL's host and loopback are served, in any case, and by IPv6", async () => {
  await using app = await startApp(PUBLIC);
  await using plain = await startApp({ environment: { FINGERPOST_PUBLIC_URL: "https://team.example" } });
  const hosts = ["127.0.0.1:1", "127.8.9.10", "localhost", "LocalHost:9", "[::1]:8000", "[::1]", "[0:0:0:0:0:0:0:1]"];
  for (const host of [...hosts, "team.example:8443", "TEAM.Example:8443"]) {
    assert.equal(statusOf(await sendRaw(app, get("/health/live", `Host: ${host}`))), 200, host);
  }
  for (const [host, status] of [["team.example", 200], ["team.example:443", 200], ["team.example:80", 403]] as const) {
    assert.equal(statusOf(await sendRaw(plain, get("/health/live", `Host: ${host}`))), status, host);
  }
});

Deno.test("a request without a host, with two, or whose target names another host is refused", async () => {
  await using app = await startApp();
  const refused = async (head: string) => {
    const answer = await sendRaw(app, head);
    assert.ok([400, 403].includes(statusOf(answer)), `${head}: ${answer.slice(0, 30)}`);
    assert.doesNotMatch(answer, /"status":"ok"/);
  };
  await refused("GET /health/live HTTP/1.1");
  await refused("GET /health/live HTTP/1.0");
  await refused(get("/health/live", "Host: 127.0.0.1", "Host: evil.example"));
  await refused(get("http://evil.example/health/live", "Host: 127.0.0.1"));
  await refused(get("http://127.0.0.1/health/live", "Host: evil.example"));
  await refused(get("http://evil@127.0.0.1/health/live", "Host: 127.0.0.1"));
  await refused("CONNECT evil.example:80 HTTP/1.1\r\nHost: 127.0.0.1");
  assert.equal(statusOf(await sendRaw(app, get("http://127.0.0.1/health/live", "Host: 127.0.0.1"))), 200);
});

Deno.test("a preflight is answered for an allowed origin, and refused for any other without a word of CORS", async () => {
  await using app = await startApp();
  await using closed = await startApp({ environment: { FINGERPOST_ALLOWED_ORIGINS: "https://tool.example" } });
  await using listed = await startApp({ environment: { ...PUBLIC.environment } });
  const preflight = async ({ url }: { url: string }, path: string, origin: string) => {
    const headers = {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization, content-type",
    };
    const response = await fetch(`${url}${path}`, { method: "OPTIONS", headers });
    await response.body?.cancel();
    return response;
  };
  const cases: [{ url: string }, string, boolean][] = [
    [app, "http://localhost:3000", true],
    [app, "http://[::1]:3000", true],
    [app, app.url, true],
    [app, "https://tool.example", false],
    [app, "null", false],
    [app, "http://localhost.evil.example", false],
    [app, "http://localhost:3000/", false],
    [app, "http://evil@localhost", false],
    [closed, "https://tool.example", true],
    [closed, "https://tool.example.evil.example", false],
    [closed, "https://tool.example:444", false],
    [closed, "http://tool.example", false],
    [closed, "http://localhost:3000", false],
    [listed, "https://team.example:8443", true],
    [listed, "http://team.example:8443", false],
    [listed, "http://localhost:3000", false],
  ];
  for (const path of ["/graphql", "/mcp", "/screenshots/element_x"]) {
    for (const [server, origin, isAllowed] of cases) {
      const { status, headers } = await preflight(server, path, origin);
      const cors = [...headers].filter(([name]) => name.startsWith("access-control-"));
      assert.equal(status, isAllowed ? 204 : 403, `${path} ${origin}`);
      assert.match(headers.get("vary") ?? "", /\bOrigin\b/);
      if (!isAllowed) assert.deepEqual(cors, [], `${path} ${origin}`);
      else assert.equal(headers.get("access-control-allow-origin"), origin);
      assert.equal(headers.get("access-control-allow-credentials"), null);
    }
  }
  const { headers } = await preflight(app, "/graphql", "http://localhost:3000");
  assert.equal(headers.get("access-control-allow-methods"), "GET, POST");
  assert.match(headers.get("access-control-allow-headers") ?? "", /^authorization, content-type, /);
});

Deno.test("an allowed origin may read every answer, refusals with their Retry-After too, and another one none", async () => {
  await using app = await startApp();
  const asks: [string, RequestInit & { headers?: Record<string, string> }][] = [
    ["/graphql?query={viewer{id}}", { headers: bearer(app.token) }],
    ["/graphql?query={viewer{id}}", { headers: bearer("nobody") }],
    ["/graphql", { method: "POST", body: "x" }],
    ["/mcp", { method: "POST", body: "{}", headers: { "content-type": "application/json" } }],
    ["/screenshots/element_x", {}],
    ["/nothing", {}],
  ];
  for (const [path, init] of asks) {
    for (
      const [origin, expected] of [["http://localhost:3000", "http://localhost:3000"], ["https://evil.example", null]]
    ) {
      const response = await fetch(`${app.url}${path}`, {
        ...init,
        headers: { ...init.headers, origin: origin ?? "" },
      });
      await response.body?.cancel();
      assert.equal(response.headers.get("access-control-allow-origin"), expected, `${path} ${origin}`);
      assert.equal(response.headers.get("access-control-allow-credentials"), null);
      assert.match(response.headers.get("vary") ?? "", /\bOrigin\b/);
      const exposed = response.headers.get("access-control-expose-headers");
      assert.equal(exposed?.includes("retry-after") ?? false, expected !== null);
    }
  }
});
