import assert from "node:assert/strict";
import { createAccessToken } from "./support/captures.ts";
import { bearer, type RunningApp, startApp } from "./support/running_app.ts";

const EXTENSIONS = [
  "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
  "moz-extension://5a2e0d1c-77b0-4e1c-9b0e-0123456789ab",
];
const IMITATIONS = [
  "chrome-extension://abcdef",
  "chrome-extension://abcdefghijklmnopabcdefghijklmnoq",
  "chrome-extension://abcdefghijklmnopabcdefghijklmnop.evil.example",
  "chrome-extension://abcdefghijklmnopabcdefghijklmnop/",
  "https://chrome-extension://abcdefghijklmnopabcdefghijklmnop",
  "https://abcdefghijklmnopabcdefghijklmnop",
  "moz-extension://5a2e0d1c",
  "MOZ-EXTENSION://5a2e0d1c-77b0-4e1c-9b0e-0123456789ab",
  "file://",
];
/** Where no other site may call. */
const TEAM = {
  environment: { FINGERPOST_PUBLIC_URL: "https://team.example", FINGERPOST_ALLOWED_ORIGINS: "https://a.example" },
};

/** Asks who it is; the code of the refusal, and whether the origin may read the answer. */
async function ask(app: RunningApp, headers: Record<string, string>, query = "{ viewer { id } }"): Promise<unknown[]> {
  const response = await fetch(`${app.url}/graphql?${new URLSearchParams({ query })}`, { headers });
  const { data, errors } = await response.json();
  const readableBy = response.headers.get("access-control-allow-origin");
  assert.equal(response.headers.get("access-control-allow-credentials"), null);
  return [errors?.[0].extensions.code ?? (data.viewer === null ? "guest" : "ok"), readableBy === headers["origin"]];
}

/** The type of the first message on a socket, the close code, or "refused". */
async function openSocket(app: RunningApp, headers: Record<string, string>, authorization?: string) {
  const options = { protocols: ["graphql-transport-ws"], headers };
  // Deno takes headers here, which the web's own type has no place for.
  const socket: WebSocket = Reflect.construct(WebSocket, [`${app.url.replace("http", "ws")}/graphql`, options]);
  return await new Promise((resolve) => {
    socket.onopen = () =>
      socket.send(
        JSON.stringify({ type: "connection_init", ...(authorization ? { payload: { authorization } } : {}) }),
      );
    socket.onmessage = ({ data }) => {
      resolve(JSON.parse(data).type);
      socket.close();
    };
    socket.onclose = ({ code }) => resolve(code);
    socket.onerror = () => resolve("refused");
  });
}

Deno.test("an extension calls with its bearer token, over HTTP and sockets, wherever the server is and whatever sites may", async () => {
  for (const settings of [{}, TEAM]) {
    await using app = await startApp(settings);
    const token = await createAccessToken(app, app.token, { scopes: ["ELEMENTS_READ"] });
    for (const origin of EXTENSIONS) {
      assert.deepEqual(await ask(app, { origin, ...bearer(token) }), ["ok", true], origin);
      assert.deepEqual(await ask(app, { origin }), ["guest", true], origin);
      const preflight = await fetch(`${app.url}/graphql`, {
        method: "OPTIONS",
        headers: {
          origin,
          "access-control-request-method": "POST",
          "access-control-request-headers": "authorization,content-type",
        },
      });
      assert.deepEqual([preflight.status, preflight.headers.get("access-control-allow-origin")], [204, origin]);
      assert.equal(await openSocket(app, { origin }, `Bearer ${token}`), "connection_ack");
    }
  }
});

Deno.test("an extension never acts by the session cookie, however its browser sends it", async () => {
  await using app = await startApp();
  const cookie = `fingerpost_session=${app.token}`;
  for (const origin of EXTENSIONS) {
    for (const site of [{}, { "sec-fetch-site": "none" }, { "sec-fetch-site": "cross-site" }]) {
      assert.deepEqual(await ask(app, { origin, cookie, ...site }), ["FORBIDDEN", true], JSON.stringify(site));
    }
    assert.equal(await openSocket(app, { origin, cookie }), 4401);
    const response = await fetch(`${app.url}/graphql`, {
      method: "POST",
      headers: { origin, cookie, "content-type": "application/json", "sec-fetch-site": "none" },
      body: JSON.stringify({ query: "mutation { signOut }" }),
    });
    assert.equal((await response.json()).errors[0].extensions.code, "FORBIDDEN");
  }
});

Deno.test("what only looks like an extension's origin is another site's", async () => {
  await using app = await startApp(TEAM);
  const token = await createAccessToken(app, app.token, { scopes: ["ELEMENTS_READ"] });
  for (const origin of IMITATIONS) {
    assert.deepEqual(await ask(app, { origin, ...bearer(token) }), ["ok", false], origin);
    assert.equal(await openSocket(app, { origin }, `Bearer ${token}`), "refused", origin);
  }
});
