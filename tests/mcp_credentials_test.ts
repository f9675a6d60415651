import assert from "node:assert/strict";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { createAccessToken } from "./support/captures.ts";
import { MCP_CLIENTS } from "./support/mcp_client.ts";
import { makeMcpTools } from "./support/mcp_tools.ts";
import { movableClock } from "./support/movable_clock.ts";
import { sendRaw, statusOf } from "./support/raw_request.ts";
import { bearer, type RunningApp, startApp } from "./support/running_app.ts";

const METADATA = "/.well-known/oauth-protected-resource";
const JSON_TYPES = { "content-type": "application/json", accept: "application/json, text/event-stream" };
/** An application that shows a person what went wrong. */
const CLIENT_INFO = { name: "test", version: "1" };

/** Calls a tool without a client: protocol 2025-11-25 needs no greeting where the server keeps no sessions. */
function callRaw(app: RunningApp, token: string | null, name: string, init: RequestInit = {}): Promise<Response> {
  const message = { jsonrpc: "2.0", id: 7, method: "tools/call", params: { name, arguments: {} } };
  const headers = { ...JSON_TYPES, ...bearer(token) };
  return fetch(`${app.url}/mcp`, { method: "POST", headers, body: JSON.stringify(message), ...init });
}

async function challengeOf(answer: Promise<Response>): Promise<[number, string | null]> {
  const response = await answer;
  await response.body?.cancel();
  return [response.status, response.headers.get("www-authenticate")];
}

async function revoke(app: RunningApp, token: string): Promise<void> {
  const { currentToken } = await app.ask(`{ currentToken { id } }`, {}, token);
  await app.ask(`mutation ($id: ID!) { revokeAccessToken(id: $id) }`, currentToken, app.token);
}

const readToken = (app: RunningApp) => createAccessToken(app, app.token, { scopes: ["ELEMENTS_READ"] });

Deno.test("mcp: 401 names the metadata of the resource, and whether it is the token that is wrong", async () => {
  await using app = await startApp();
  const metadata = `resource_metadata="${app.url}${METADATA}/mcp"`;
  assert.deepEqual(await challengeOf(callRaw(app, null, "wait")), [401, `Bearer realm="fingerpost", ${metadata}`]);
  const [status, dead] = await challengeOf(callRaw(app, "x".repeat(43), "wait"));
  assert.deepEqual([status, dead], [401, `Bearer realm="fingerpost", error="invalid_token", ${metadata}`]);
  const [, elsewhere] = await challengeOf(fetch(`${app.url}/screenshots/element_x`));
  assert.equal(elsewhere, `Bearer realm="fingerpost"`, "of /mcp alone");
});

Deno.test("the metadata of /mcp say what RFC 9728 asks, under the name by which the server is reached, to any site's page", async () => {
  await using app = await startApp();
  const [, port] = app.url.split(/:(?=\d+$)/);
  for (const origin of [app.url, `http://localhost:${port}`]) {
    for (const path of [METADATA, `${METADATA}/mcp`]) {
      const response = await fetch(`${origin}${path}`, { headers: { origin: "https://some.example" } });
      assert.equal(response.headers.get("access-control-allow-origin"), "*");
      assert.deepEqual(await response.json(), {
        resource: `${origin}/mcp`,
        resource_name: "Fingerpost",
        resource_documentation: `${origin}/graphql`,
        scopes_supported: ["ELEMENTS_READ", "ELEMENTS_WRITE", "SIGNALS", "LIVE_COMMANDS", "AUDIT_READ"],
        bearer_methods_supported: ["header"],
      });
    }
  }
  const asked = { "origin": "https://some.example", "access-control-request-headers": "mcp-protocol-version" };
  const preflight = await fetch(`${app.url}${METADATA}/mcp`, { method: "OPTIONS", headers: asked });
  assert.equal(preflight.status, 204);
  assert.match(preflight.headers.get("access-control-allow-headers") ?? "", /mcp-protocol-version/);
  const posted = await fetch(`${app.url}${METADATA}`, { method: "POST", body: "{}" });
  await posted.body?.cancel();
  assert.equal(posted.status, 404);
  const rebound = await sendRaw(app, `GET ${METADATA}/mcp HTTP/1.1\r\nHost: evil.example`);
  assert.equal(statusOf(rebound), 403);
});

Deno.test("behind a proxy the metadata and the challenge are the public URL's, whatever name the proxy asks under", async () => {
  const publicUrl = "https://team.example";
  await using app = await startApp({ environment: { FINGERPOST_PUBLIC_URL: publicUrl } });
  const { resource } = await (await fetch(`${app.url}${METADATA}/mcp`)).json();
  assert.equal(resource, `${publicUrl}/mcp`);
  const [, challenge] = await challengeOf(callRaw(app, null, "wait"));
  assert.equal(challenge, `Bearer realm="fingerpost", resource_metadata="${publicUrl}${METADATA}/mcp"`);
});

/** What an application with OAuth gives its client; nothing of it is ever reached. */
const oauth = {
  redirectUrl: "http://127.0.0.1:1/callback",
  clientMetadata: { redirect_uris: ["http://127.0.0.1:1/callback"] },
  clientInformation: () => undefined,
  saveClientInformation: () => {},
  tokens: () => undefined,
  saveTokens: () => {},
  redirectToAuthorization: () => assert.fail("there is nowhere to send a person to"),
  saveCodeVerifier: () => {},
  codeVerifier: () => "",
};

const CONNECTS: Record<
  string,
  (url: URL, options: { fetch: typeof fetch; isOauth: boolean; token?: string }) => Promise<unknown>
> = {
  "2.x": async (url, { fetch, isOauth, token = null }) => {
    const client = new Client(CLIENT_INFO, { versionNegotiation: { mode: "auto" } });
    const options = { fetch, requestInit: { headers: bearer(token) }, ...isOauth ? { authProvider: oauth } : {} };
    await client.connect(new StreamableHTTPClientTransport(url, options)).finally(() => client.close());
  },
  "1.x": async (url, { fetch, isOauth, token = null }) => {
    const client = new LegacyClient(CLIENT_INFO);
    const options = { fetch, requestInit: { headers: bearer(token) }, ...isOauth ? { authProvider: oauth } : {} };
    const transport = new LegacyTransport(url, options);
    // The 1.x client's own types do not hold under exact optional properties.
    await client.connect(transport as Parameters<typeof client.connect>[0]).finally(() => client.close());
  },
};

for (const [version, connect] of Object.entries(CONNECTS)) {
  for (const isOauth of [false, true]) {
    const how = isOauth ? "and looks for an OAuth server" : "and knows no OAuth";
    Deno.test(`mcp: client ${version} that has no token ${how} fails at once and says how to get one`, async () => {
      await using app = await startApp();
      let requests = 0;
      const counting: typeof fetch = (...args) => (requests++, fetch(...args));
      const error = await connect(new URL(`${app.url}/mcp`), { fetch: counting, isOauth }).then(
        () => null,
        (error) => error,
      );
      // Where the message is the client's own, its error carries what the server said.
      assert.match(`${error.message} ${error.data?.text ?? ""} ${error.body ?? ""}`, /createAccessToken/);
      assert.ok(requests <= 8, `it asked ${requests} times`);
    });
  }
}

Deno.test("dead credentials and guests at /mcp are counted by the address that they come from", async () => {
  const clock = movableClock();
  clock.advance(120_000);
  await using app = await startApp({ clock });
  const query = `mutation { setRateLimit(input: { action: "mcp", limit: 4, windowSeconds: 60 }) { limit } }`;
  await app.ask(query, {}, app.token);
  const statuses: number[] = [];
  for (const token of [null, "1".repeat(43), null, "2".repeat(43), null, "3".repeat(43)]) {
    statuses.push((await challengeOf(callRaw(app, token, "wait")))[0]);
  }
  assert.deepEqual(statuses, [401, 401, 401, 401, 429, 429]);
  const [status] = await challengeOf(callRaw(app, app.token, "no such tool"));
  assert.equal(status, 200, "who is signed in is counted apart");
});

Deno.test("mcp: a tool whose scopes the token lacks is 403 insufficient_scope and a security event; a session lacks none", async () => {
  const { wrapMcp } = makeMcpTools();
  await using app = await startApp({ wrapMcp });
  const token = await readToken(app);
  const [status, challenge] = await challengeOf(callRaw(app, token, "write"));
  assert.deepEqual([status, challenge], [
    403,
    `Bearer realm="fingerpost", error="insufficient_scope", ` +
    `error_description="Cannot call write with this access token: it needs the scope ELEMENTS_READ and ELEMENTS_WRITE", ` +
    `scope="ELEMENTS_READ ELEMENTS_WRITE", resource_metadata="${app.url}${METADATA}/mcp"`,
  ]);
  const list = `{ securityEvents(first: 1) { edges { node { kind actorKind details } } } }`;
  const { securityEvents } = await app.ask(list, {}, app.token);
  assert.deepEqual(securityEvents.edges[0].node, {
    kind: "access.denied",
    actorKind: "token",
    details: { operation: "write", code: "FORBIDDEN" },
  });
  const batch = JSON.stringify([{ jsonrpc: "2.0", id: 1, method: "ping" }, {
    jsonrpc: "2.0",
    id: 2,
    method: "tools/call",
    params: { name: "write" },
  }]);
  assert.equal((await challengeOf(callRaw(app, token, "", { body: batch })))[0], 403);
  assert.equal((await challengeOf(callRaw(app, app.token, "write")))[0], 200);
  const both = await createAccessToken(app, app.token, { scopes: ["ELEMENTS_WRITE", "ELEMENTS_READ"] });
  for (const [version, connect] of Object.entries(MCP_CLIENTS)) {
    await using able = await connect(app, both);
    assert.equal((await able.call("write")).content[0].text, "written", version);
    await using unable = await connect(app, token);
    await assert.rejects(unable.call("write"), /ELEMENTS_WRITE/, version);
  }
});

for (const [version, connect] of Object.entries(MCP_CLIENTS)) {
  // `progress` has said something by then, so that its answer is a stream in either protocol.
  for (const tool of ["wait", "progress"]) {
    Deno.test(`mcp: over protocol ${version} a call of ${tool} ends within a second of its token, for both sides`, async () => {
      const { wrapMcp, nextCall } = makeMcpTools();
      await using app = await startApp({ wrapMcp });
      const token = await readToken(app);
      await using client = await connect(app, token);
      const calling = client.call(tool).then(() => null, (error: Error) => error);
      const { stopped } = await nextCall();
      const endedAt = performance.now();
      await revoke(app, token);
      assert.match(String((await calling)?.message), /The right to this was taken away/);
      assert.ok(performance.now() - endedAt < 1_000);
      assert.ok(await stopped - endedAt < 1_000);
    });
  }

  Deno.test(`mcp: over protocol ${version} a call of a client that goes away stops`, async () => {
    const { wrapMcp, nextCall } = makeMcpTools();
    await using app = await startApp({ wrapMcp });
    for (const tool of ["wait", "progress"]) {
      const client = await connect(app, await readToken(app));
      const calling = client.call(tool).catch(() => null);
      const { stopped } = await nextCall();
      const goneAt = performance.now();
      await client[Symbol.asyncDispose]();
      assert.ok(await stopped - goneAt < 1_000, tool);
      await calling;
    }
  });
}

Deno.test("mcp: a closed response stops the call, and the server ends without waiting for it", async () => {
  const { wrapMcp, nextCall } = makeMcpTools();
  const app = await startApp({ wrapMcp });
  const client = new AbortController();
  const response = await callRaw(app, app.token, "progress", { signal: client.signal });
  const { stopped } = await nextCall();
  client.abort();
  await response.body?.cancel().catch(() => {});
  await stopped;
  const stoppedAt = performance.now();
  await app[Symbol.asyncDispose]();
  assert.ok(performance.now() - stoppedAt < 2_000);
});

Deno.test("mcp: a method that it does not have is refused, whatever it is", async () => {
  await using app = await startApp();
  const { host } = new URL(app.url);
  for (const method of ["PUT", "PATCH", "TRACE", "HEAD", "X"]) {
    const head = `${method} /mcp HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\nAuthorization: Bearer ${app.token}`;
    const answer = await sendRaw(app, head);
    assert.equal(statusOf(answer), 405, method);
    assert.match(answer, /^allow: GET, POST\r$/im);
  }
});
