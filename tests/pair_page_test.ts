import assert from "node:assert/strict";
import { CLIENT, pollPairing, startPairing } from "./support/pairing.ts";
import { addPerson } from "./support/people.ts";
import { ADMIN, bearer, type RunningApp, startApp } from "./support/running_app.ts";

interface Sent {
  token?: string;
  headers?: Record<string, string>;
  form?: Record<string, string>;
  search?: string;
  method?: string;
}

/** Asks for the page as a browser does, from the server's own page where nothing else is said. */
async function visit(app: RunningApp, { token, headers = {}, form, search = "", method }: Sent = {}) {
  const response = await fetch(`${app.url}/pair${search}`, {
    method: method ?? (form === undefined ? "GET" : "POST"),
    headers: {
      ...(token === undefined ? {} : { cookie: `fingerpost_session=${token}` }),
      ...(form === undefined ? {} : { origin: app.url, "content-type": "application/x-www-form-urlencoded" }),
      ...headers,
    },
    body: form === undefined ? null : new URLSearchParams(form),
    redirect: "manual",
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

Deno.test("the page runs no script, loads nothing, stands in nobody's frame and is kept by nobody", async () => {
  await using app = await startApp();
  const { status, headers, text } = await visit(app);
  assert.equal(status, 200);
  const policy = headers.get("content-security-policy") ?? "";
  assert.match(
    policy,
    /^default-src 'none'; style-src 'sha256-[\w+/]+=*'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$/,
  );
  assert.deepEqual(
    ["x-frame-options", "cache-control", "x-content-type-options", "content-type"].map((name) => headers.get(name)),
    [
      "DENY",
      "no-store",
      "nosniff",
      "text/html; charset=utf-8",
    ],
  );
  assert.ok(!/<script|\son\w+=|style="/i.test(text));
});

Deno.test("a form from elsewhere, without an origin or of another type changes nothing", async () => {
  await using app = await startApp();
  const { deviceCode, userCode } = await startPairing(app);
  const form = { action: "approve", code: userCode };
  const foreign: Record<string, string>[] = [
    { origin: "http://localhost:1" },
    { origin: "null" },
    { origin: app.url, "sec-fetch-site": "cross-site" },
    { origin: app.url, "sec-fetch-site": "same-site" },
    { origin: "https://evil.example" },
    { origin: "chrome-extension://abcdefghijklmnopabcdefghijklmnop" },
  ];
  for (const headers of foreign) {
    assert.equal((await visit(app, { token: app.token, form, headers })).status, 403, JSON.stringify(headers));
    const signedIn = await visit(app, { form: { action: "sign_in", ...ADMIN }, headers });
    assert.deepEqual([signedIn.status, signedIn.headers.get("set-cookie")], [403, null]);
  }
  assert.equal((await visit(app, { token: app.token, form, headers: { "content-type": "text/plain" } })).status, 415);
  assert.equal((await visit(app, { token: app.token, method: "PUT" })).status, 405);
  assert.equal((await visit(app, { token: app.token, form: { ...form, code: "x".repeat(9_000) } })).status, 413);
  assert.equal((await pollPairing(app, deviceCode)).state, "PENDING");
  const { status, headers } = await visit(app, { token: app.token, form });
  assert.deepEqual([status, headers.get("location")], [303, "/pair?decided=approved"]);
  assert.equal((await pollPairing(app, deviceCode)).state, "APPROVED");
});

Deno.test("only a session's cookie decides: no bearer token, no dead cookie, no guest", async () => {
  await using app = await startApp();
  const { deviceCode, userCode } = await startPairing(app);
  const form = { action: "approve", code: userCode };
  assert.equal((await visit(app, { form })).status, 403);
  assert.equal((await visit(app, { form, headers: bearer(app.token) })).status, 403);
  assert.equal((await visit(app, { form, token: "x".repeat(43) })).status, 403);
  const shown = await visit(app, { search: `?code=${userCode}`, headers: { ...bearer(app.token) } });
  assert.ok(shown.text.includes("Sign in to pair a client") && !shown.text.includes(CLIENT.clientName));
  assert.equal((await pollPairing(app, deviceCode)).state, "PENDING");
});

Deno.test("what a client, a project or a link says of itself is text and no markup", async () => {
  await using app = await startApp();
  const person = await addPerson(app);
  const evil = `"><script>alert(1)</script>'<b>&amp;`;
  const create = `mutation ($name: String!) { createProject(input: { name: $name }) { id } }`;
  await app.ask(create, { name: evil }, person.token);
  const { userCode } = await startPairing(app, { clientName: evil });
  for (const search of [`?code=${userCode}`, `?code=${encodeURIComponent(evil)}`]) {
    for (const token of [person.token, undefined]) {
      const { text } = await visit(app, { search, ...(token === undefined ? {} : { token }) });
      assert.ok(!text.includes("<script") && !text.includes("<b>"), text);
    }
  }
  const { text } = await visit(app, { token: person.token, search: `?code=${userCode}` });
  assert.equal(text.split("&lt;script&gt;alert(1)&lt;/script&gt;&#39;&lt;b&gt;&amp;amp;").length, 3);
});

Deno.test("a client that asks from another address than the person's is warned of", async () => {
  await using app = await startApp({ environment: { FINGERPOST_TRUSTED_PROXIES: "127.0.0.1" } });
  const { userCode } = await startPairing(app);
  const look = async (address: string) =>
    (await visit(app, { token: app.token, search: `?code=${userCode}`, headers: { "x-forwarded-for": address } })).text;
  assert.match(await look("203.0.113.9"), /another address than yours/);
  assert.doesNotMatch(await look("127.0.0.1"), /another address/);
});

Deno.test("passwords and codes on the page count towards the same limits as elsewhere", async () => {
  await using app = await startApp({ environment: { FINGERPOST_TRUSTED_PROXIES: "127.0.0.1" } });
  const set = `mutation ($input: SetRateLimitInput!) { setRateLimit(input: $input) { limit } }`;
  for (const action of ["sign_in", "pairing_code"]) {
    await app.ask(set, { input: { action, limit: 1, windowSeconds: 60 } }, app.token);
  }
  const guess = { action: "sign_in", email: "a@b.example", password: "x" };
  const headers = { "x-forwarded-for": "203.0.113.9" };
  const statuses: number[] = [];
  for (const form of [guess, guess]) statuses.push((await visit(app, { form, headers })).status);
  for (const code of ["BBBB-BBBB", "CCCC-CCCC"]) {
    statuses.push((await visit(app, { token: app.token, search: `?code=${code}` })).status);
  }
  assert.deepEqual(statuses, [403, 429, 404, 429]);
});

Deno.test("a first project is made for a name that can be one and a code that waits, by who may make projects, and by nothing else", async () => {
  await using app = await startApp();
  const viewer = await addPerson(app, "VIEWER");
  const { userCode } = await startPairing(app);
  const approve = async (changes: Record<string, string>, token = app.token) =>
    (await visit(app, { token, form: { action: "approve", code: userCode, ...changes } })).status;
  assert.equal(await approve({ new_project: "" }), 400);
  assert.equal(await approve({ new_project: "x".repeat(201) }), 400);
  assert.equal(await approve({ new_project: "Mine", code: "BBBB-BBBB" }), 404);
  assert.equal(await approve({ new_project: "Mine" }, viewer.token), 403);
  assert.equal(
    (await visit(app, { token: app.token, form: { action: "deny", code: userCode, new_project: "Mine" } })).status,
    303,
  );
  const { projects } = await app.ask(`{ projects { totalCount } }`, {}, app.token);
  assert.equal(projects.totalCount, 0);
});
