import assert from "node:assert/strict";
import { createProject } from "./support/captures.ts";
import { ADMIN, bearer, type Data, type RunningApp, startApp } from "./support/running_app.ts";
import { ELEMENT_EVENTS } from "./support/subscription.ts";

const SIGN_IN = `mutation ($input: SignInInput!) { signIn(input: $input) { user { id } } }`;
const VIEWER = `{ viewer { id } }`;

/** The code of the first error of an answer, or whose it is. */
async function outcome(asked: Promise<Response>): Promise<string> {
  const { data, errors }: Data = await (await asked).json();
  return errors?.[0].extensions.code ?? (data.viewer === null ? "a guest" : "the user");
}

function post(app: RunningApp, headers: Record<string, string>, query = VIEWER, variables = {}): Promise<Response> {
  return fetch(`${app.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ query, variables }),
  });
}

Deno.test("a session cookie is taken for what may change something only from the server's own page", async () => {
  await using app = await startApp();
  const cookie = `fingerpost_session=${app.token}`;
  const { port } = new URL(app.url);
  const own = app.url;
  const site = (value: string) => ({ "sec-fetch-site": value });
  const cases: [Record<string, string>, string][] = [
    [{}, "FORBIDDEN"],
    [{ origin: own }, "the user"],
    [{ origin: `http://LOCALHOST:${port}` }, "FORBIDDEN"],
    [{ origin: "null" }, "FORBIDDEN"],
    [{ origin: "" }, "FORBIDDEN"],
    [{ origin: "http://127.0.0.1:1" }, "FORBIDDEN"],
    [{ origin: `https://127.0.0.1:${port}` }, "FORBIDDEN"],
    [{ origin: "https://evil.example" }, "FORBIDDEN"],
    [{ origin: `${own}.evil.example` }, "FORBIDDEN"],
    [site("same-origin"), "the user"],
    [{ ...site("same-origin"), origin: own }, "the user"],
    [{ ...site("same-origin"), origin: "https://evil.example" }, "FORBIDDEN"],
    [{ ...site("same-origin"), origin: "null" }, "FORBIDDEN"],
    [site("same-site"), "FORBIDDEN"],
    [{ ...site("same-site"), origin: own }, "FORBIDDEN"],
    [site("cross-site"), "FORBIDDEN"],
    [{ ...site("cross-site"), origin: own }, "FORBIDDEN"],
    [site("none"), "FORBIDDEN"],
    [site("nonsense"), "FORBIDDEN"],
  ];
  for (const [headers, expected] of cases) {
    assert.equal(await outcome(post(app, { cookie, ...headers })), expected, JSON.stringify(headers));
    const bearing = { cookie, ...headers, ...bearer(app.token) };
    assert.equal(await outcome(post(app, bearing)), "the user", `a bearer beside it ${JSON.stringify(headers)}`);
  }
  const dead = bearer("nobody");
  assert.equal(await outcome(post(app, { cookie, origin: own, ...dead })), "UNAUTHENTICATED", "a bearer goes first");
});

Deno.test("by GET a session cookie reads, for the server's own page and who says nothing, and changes and subscribes to nothing", async () => {
  await using app = await startApp();
  const projectId = await createProject(app, app.token);
  const cookie = `fingerpost_session=${app.token}`;
  const get = (query: string, headers: Record<string, string>, variables = {}) => {
    const search = new URLSearchParams({ query, variables: JSON.stringify(variables) });
    return fetch(`${app.url}/graphql?${search}`, { headers: { cookie, ...headers } });
  };
  for (const site of ["same-site", "cross-site", "nonsense"]) {
    assert.equal(await outcome(get(VIEWER, { "sec-fetch-site": site })), "FORBIDDEN", site);
  }
  assert.equal(await outcome(get(VIEWER, {})), "the user", "an old browser");
  for (const site of ["same-origin", "none"]) {
    assert.equal(await outcome(get(VIEWER, { "sec-fetch-site": site })), "the user", site);
    const change = await get(`mutation { signOut }`, { "sec-fetch-site": site });
    assert.deepEqual([change.status, await outcome(Promise.resolve(change))], [405, "INVALID_INPUT"], site);
  }
  assert.equal(await outcome(post(app, { cookie, origin: app.url })), "the user", "still signed in");
  const subscribe = (site: string) =>
    get(ELEMENT_EVENTS, { accept: "text/event-stream", "sec-fetch-site": site }, { projectId, after: 0 });
  for (const site of ["same-site", "cross-site"]) assert.equal(await outcome(subscribe(site)), "FORBIDDEN", site);
  const own = await subscribe("same-origin");
  assert.equal(own.headers.get("content-type"), "text/event-stream");
  await own.body?.cancel();
});

Deno.test("a cookie is set for the server's own page alone, with __Host- and Secure where the public URL is HTTPS", async () => {
  await using plain = await startApp();
  await using secure = await startApp({ environment: { FINGERPOST_PUBLIC_URL: "https://team.example" } });
  const setCookie = async (app: RunningApp, headers: Record<string, string>) => {
    const response = await post(app, headers, SIGN_IN, { input: ADMIN });
    await response.body?.cancel();
    return response.headers.get("set-cookie");
  };
  const attributes = "Path=/; HttpOnly; SameSite=Lax";
  for (const headers of [{ origin: plain.url }, { "sec-fetch-site": "same-origin" }]) {
    assert.match(
      await setCookie(plain, headers) ?? "",
      new RegExp(`^fingerpost_session=[\\w-]{43}; ${attributes}; Max-Age=2592000$`),
    );
  }
  for (const headers of [{ "sec-fetch-site": "same-site" }, { origin: "null" }, { origin: "http://127.0.0.1:1" }, {}]) {
    assert.equal(await setCookie(plain, headers), null, JSON.stringify(headers));
  }
  const cookie = await setCookie(secure, { origin: "https://team.example" }) ?? "";
  assert.match(cookie, new RegExp(`^__Host-fingerpost_session=[\\w-]{43}; ${attributes}; Secure; Max-Age=2592000$`));
  assert.equal(await setCookie(secure, { origin: "http://team.example" }), null, "the same host without TLS");
  const [pair = ""] = cookie.split(";");
  const own = { origin: "https://team.example" };
  assert.equal(await outcome(post(secure, { cookie: pair, ...own })), "the user");
  const unprefixed = pair.replace("__Host-", "");
  assert.equal(await outcome(post(secure, { cookie: unprefixed, ...own })), "a guest", "one that http could have set");
});
