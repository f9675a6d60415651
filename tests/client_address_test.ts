import assert from "node:assert/strict";
import { createAccessToken, createProject } from "./support/captures.ts";
import { write } from "./support/people.ts";
import { sendRaw } from "./support/raw_request.ts";
import { ADMIN, bearer, type RunningApp, startApp } from "./support/running_app.ts";

const SIGN_IN = `mutation ($input: SignInInput!) { signIn(input: $input) { session { ipAddress } } }`;

/** The address that a sign-in was seen to come from. */
async function seen(app: RunningApp, forwardedFor: string | null): Promise<string> {
  const response = await fetch(`${app.url}/graphql`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(forwardedFor === null ? {} : { "x-forwarded-for": forwardedFor }),
    },
    body: JSON.stringify({ query: SIGN_IN, variables: { input: ADMIN } }),
  });
  return (await response.json()).data.signIn.session.ipAddress;
}

Deno.test("X-Forwarded-For is believed from the right, past trusted proxies alone", async () => {
  await using app = await startApp({
    environment: { FINGERPOST_TRUSTED_PROXIES: "127.0.0.1, 10.0.0.0/8,2001:db8:f::/48,::ffff:172.16.0.0/108" },
  });
  const cases: [string | null, string][] = [
    [null, "127.0.0.1"],
    ["192.0.2.1", "192.0.2.1"],
    ["6.6.6.6, 192.0.2.1", "192.0.2.1"],
    ["6.6.6.6, 192.0.2.1, 10.1.2.3", "192.0.2.1"],
    ["192.0.2.1,10.1.2.3,172.31.0.1,2001:db8:f::1", "192.0.2.1"],
    ["10.1.2.3, 10.4.5.6", "10.1.2.3"],
    ["192.0.2.1, garbage", "127.0.0.1"],
    ["garbage, 192.0.2.1", "192.0.2.1"],
    ["192.0.2.1, , 10.1.2.3", "10.1.2.3"],
    ["", "127.0.0.1"],
    ["unknown", "127.0.0.1"],
    ["192.0.2.1:5678", "192.0.2.1"],
    ["[2001:DB8:0:0::1]:443", "2001:db8::1"],
    ["2001:db8::1", "2001:db8::1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["::ffff:c000:201", "192.0.2.1"],
    ["010.0.0.1", "127.0.0.1"],
    ["3221225985", "127.0.0.1"],
    ["fe80::1%evil", "127.0.0.1"],
    ["192.0.2.1/24", "127.0.0.1"],
  ];
  for (const [forwardedFor, address] of cases) {
    // Each sign-in as if it were the first: twenty a minute are let through from an address.
    write(app, (database) => database.exec("UPDATE rate_limits SET max_count = 1000000"));
    assert.equal(await seen(app, forwardedFor), address, String(forwardedFor));
  }
});

Deno.test("without a trusted proxy nobody's X-Forwarded-For is believed, and no other header ever", async () => {
  await using app = await startApp();
  await using behind = await startApp({ environment: { FINGERPOST_TRUSTED_PROXIES: "10.0.0.0/8" } });
  for (const server of [app, behind]) assert.equal(await seen(server, "192.0.2.1"), "127.0.0.1");
  await using trusting = await startApp({ environment: { FINGERPOST_TRUSTED_PROXIES: "127.0.0.0/8" } });
  const body = JSON.stringify({ query: SIGN_IN, variables: { input: ADMIN } });
  const answer = await sendRaw(
    trusting,
    [
      "POST /graphql HTTP/1.1",
      `Host: ${new URL(trusting.url).host}`,
      "Content-Type: application/json",
      `Content-Length: ${body.length}`,
      "Forwarded: for=6.6.6.6",
      "X-Real-IP: 6.6.6.6",
      "X-Client-IP: 6.6.6.6",
      "X-Forwarded-For: 6.6.6.6",
      "X-Forwarded-For: 192.0.2.7",
    ].join("\r\n"),
    body,
  );
  assert.match(answer, /"ipAddress":"192\.0\.2\.7"/, "of two headers the later is the nearer");
});

Deno.test("the same address is seen by HTTP, sockets, /mcp and /screenshots", async () => {
  await using app = await startApp({ environment: { FINGERPOST_TRUSTED_PROXIES: "127.0.0.1" } });
  await createProject(app, app.token);
  const known = (address: string) =>
    write(
      app,
      (database) =>
        database.prepare("SELECT count(*) AS n FROM access_token_addresses WHERE ip_address = ?").get(address)?.["n"],
    );
  const token = await createAccessToken(app, app.token, { scopes: ["ELEMENTS_READ"] });
  const json = { "content-type": "application/json", accept: "application/json, text/event-stream", ...bearer(token) };
  const rpc = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" });
  const asks: [string, string, RequestInit & { headers: Record<string, string> }][] = [
    ["/graphql", "192.0.2.1", { method: "POST", body: `{"query":"{ viewer { id } }"}`, headers: json }],
    ["/mcp", "192.0.2.2", { method: "POST", body: rpc, headers: json }],
    ["/screenshots/element_x", "192.0.2.3", { headers: bearer(token) }],
  ];
  for (const [path, address, init] of asks) {
    const headers = { ...init.headers, "x-forwarded-for": address };
    await (await fetch(`${app.url}${path}`, { ...init, headers })).body?.cancel();
    assert.equal(known(address), 1, path);
  }
  const options = { protocols: ["graphql-transport-ws"], headers: { "x-forwarded-for": "192.0.2.4" } };
  // Deno takes headers here, which the web's own type has no place for.
  const socket: WebSocket = Reflect.construct(WebSocket, [`${app.url.replace("http", "ws")}/graphql`, options]);
  const closed = new Promise((resolve) => socket.onclose = resolve);
  await new Promise((resolve) => {
    socket.onmessage = resolve;
    socket.onopen = () =>
      socket.send(JSON.stringify({ type: "connection_init", payload: { authorization: `Bearer ${token}` } }));
  });
  socket.close();
  await closed;
  assert.equal(known("192.0.2.4"), 1, "a socket");
});
