import assert from "node:assert/strict";
import { createProject } from "./support/captures.ts";
import { sendRaw, statusOf } from "./support/raw_request.ts";
import { ADMIN, bearer, startApp } from "./support/running_app.ts";

Deno.test("another site's page gets no CORS header, no socket and no MCP answer", async () => {
  await using app = await startApp();
  const origin = "https://evil.example";
  const query = `{"query":"{ viewer { id } }"}`;
  const json = { "content-type": "application/json", ...bearer(app.token) };
  const answer = await fetch(`${app.url}/graphql`, { method: "POST", body: query, headers: { ...json, origin } });
  await answer.body?.cancel();
  assert.equal(answer.headers.get("access-control-allow-origin"), null);
  const mcp = await fetch(`${app.url}/mcp`, { method: "POST", body: "{}", headers: { ...json, origin } });
  assert.equal((await mcp.json()).errors[0].extensions.code, "FORBIDDEN");
  assert.equal(mcp.status, 403);
  const { host } = new URL(app.url);
  const upgrade =
    `GET /graphql HTTP/1.1\r\nHost: ${host}\r\nOrigin: ${origin}\r\nUpgrade: websocket\r\nConnection: Upgrade
Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws`;
  assert.equal(statusOf(await sendRaw(app, upgrade.replaceAll(/\r?\n/g, "\r\n"))), 403);
});

Deno.test("a browser that signs in from the server's own page gets a cookie that only this page can use", async () => {
  await using app = await startApp();
  const query = `mutation ($input: SignInInput!) { signIn(input: $input) { user { id } } }`;
  const signIn = (headers: Record<string, string>) =>
    fetch(`${app.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify({ query, variables: { input: ADMIN } }),
    });
  const elsewhere = await signIn({ origin: "http://localhost:3000" });
  await elsewhere.body?.cancel();
  assert.equal(elsewhere.headers.get("set-cookie"), null);
  const response = await signIn({ "sec-fetch-site": "same-origin" });
  await response.body?.cancel();
  const setCookie = response.headers.get("set-cookie") ?? "";
  assert.match(setCookie, /^fingerpost_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=2592000$/);
  const cookie = setCookie.split(";")[0] ?? "";
  const ask = async (body: string, headers: Record<string, string>) => {
    const answer = await fetch(`${app.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", cookie, ...headers },
      body: JSON.stringify({ query: body }),
    });
    return [
      answer.status,
      (await answer.json()).errors?.[0].extensions.code,
      answer.headers.get("set-cookie"),
    ] as const;
  };
  assert.deepEqual(await ask(`{ viewer { id } }`, { "sec-fetch-site": "same-origin" }), [200, undefined, null]);
  assert.deepEqual(await ask(`{ viewer { id } }`, { origin: app.url }), [200, undefined, null]);
  for (const headers of [{ "sec-fetch-site": "cross-site" }, { origin: "https://evil.example" }, {}]) {
    assert.equal((await ask(`mutation { signOut }`, headers))[1], "FORBIDDEN", JSON.stringify(headers));
  }
  const [, , cleared] = await ask(`mutation { signOut }`, { "sec-fetch-site": "same-origin" });
  assert.match(cleared ?? "", /^fingerpost_session=; .*Max-Age=0$/);
  const [status, code, again] = await ask(`{ viewer { id } }`, { "sec-fetch-site": "same-origin" });
  assert.deepEqual([status, code], [401, "UNAUTHENTICATED"]);
  assert.match(again ?? "", /Max-Age=0$/, "a dead cookie is taken away, so that the browser can sign in again");
});

Deno.test("a socket takes the session cookie from the server's own page alone", async () => {
  await using app = await startApp();
  const closeOf = async (origin: string): Promise<number | string> => {
    const headers = { cookie: `fingerpost_session=${app.token}`, origin };
    const options = { protocols: ["graphql-transport-ws"], headers };
    // Deno takes headers here, which the web's own type has no place for.
    const socket: WebSocket = Reflect.construct(WebSocket, [`${app.url.replace("http", "ws")}/graphql`, options]);
    return await new Promise((resolve) => {
      socket.onopen = () => socket.send(`{"type":"connection_init"}`);
      socket.onmessage = ({ data }) => {
        resolve(JSON.parse(data).type);
        socket.close();
      };
      socket.onclose = ({ code }) => resolve(code);
      socket.onerror = () => {};
    });
  };
  // Another port of this machine may call, and SameSite does not keep the cookie from it.
  assert.equal(await closeOf("http://127.0.0.1:3000"), 4401);
  assert.equal(await closeOf(app.url), "connection_ack");
});

Deno.test("an upgrade that is no WebSocket handshake is INVALID_INPUT", async () => {
  await using app = await startApp();
  const { host } = new URL(app.url);
  const answer = await sendRaw(app, `GET /graphql HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket`);
  assert.equal(statusOf(answer), 400);
  assert.match(answer, /"code":"INVALID_INPUT"/);
});

Deno.test("over HTTPS the cookie is Secure and bound to its host", async () => {
  await using app = await startApp({ environment: { FINGERPOST_PUBLIC_URL: "https://team.example" } });
  const response = await fetch(`${app.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", "sec-fetch-site": "same-origin" },
    body: JSON.stringify({
      query: `mutation ($input: SignInInput!) { signIn(input: $input) { user { id } } }`,
      variables: { input: ADMIN },
    }),
  });
  await response.body?.cancel();
  assert.match(
    response.headers.get("set-cookie") ?? "",
    /^__Host-fingerpost_session=.*; Path=\/; HttpOnly; SameSite=Lax; Secure/,
  );
});

Deno.test("introspection is closed to guests where the setting says so", async () => {
  await using open = await startApp();
  await using closed = await startApp({ environment: { FINGERPOST_INTROSPECTION: "off" } });
  const query = `{ __schema { queryType { name } } }`;
  assert.equal((await open.graphql(query)).errors, undefined);
  assert.equal((await closed.graphql(query)).errors?.[0]?.extensions.code, "GRAPHQL_VALIDATION_FAILED");
  assert.equal((await closed.graphql(query, {}, closed.token)).errors, undefined);
  assert.ok(await createProject(closed, closed.token));
});
