import assert from "node:assert/strict";
import { CAPTURE, captureInput, createProject } from "./support/captures.ts";
import { bearer, type GraphqlBody, startApp } from "./support/running_app.ts";

const MIB = 1_048_576;

async function post(url: string, body: BodyInit, headers: Record<string, string>): Promise<[number, GraphqlBody]> {
  const response = await fetch(url, {
    method: "POST",
    body,
    headers: { "content-type": "application/json", ...headers },
  });
  return [response.status, JSON.parse(await response.text() || "{}")];
}

/** The status and the code of the first error; nothing else of the server may show. */
function outcome([status, { errors }]: [number, GraphqlBody]): [number, string | undefined] {
  assert.doesNotMatch(JSON.stringify(errors ?? null), /\.ts:\d|node_modules|\bat .*\(/, "a stack trace");
  return [status, errors?.[0]?.extensions.code];
}

Deno.test("a request that is no GraphQL request gets its code and status, and the server lives on", async () => {
  await using app = await startApp();
  const url = `${app.url}/graphql`;
  const as = bearer(app.token);
  const cases: [string, BodyInit, Record<string, string>, [number, string]][] = [
    ["invalid JSON", `{"query": `, as, [400, "INVALID_INPUT"]],
    ["JSON that is not UTF-8", new Uint8Array([0x22, 0xff, 0x22]), as, [400, "INVALID_INPUT"]],
    ["a JSON string", `"{ viewer { id } }"`, as, [400, "INVALID_INPUT"]],
    ["no query", `{}`, as, [400, "INVALID_INPUT"]],
    ["a query that is a number", `{"query": 1}`, as, [400, "INVALID_INPUT"]],
    ["variables that are a list", `{"query": "{ viewer { id } }", "variables": [1]}`, as, [400, "INVALID_INPUT"]],
    ["an array of requests", `[{"query": "{ viewer { id } }"}]`, as, [400, "TOO_COMPLEX"]],
    ["nothing", "", as, [400, "INVALID_INPUT"]],
    ["a form", "query={viewer{id}}", { ...as, "content-type": "application/x-www-form-urlencoded" }, [
      415,
      "INVALID_INPUT",
    ]],
    ["plain text", `{"query":"{ viewer { id } }"}`, { ...as, "content-type": "text/plain" }, [415, "INVALID_INPUT"]],
    ["a multipart form", new FormData(), as, [400, "INVALID_INPUT"]],
    ["a syntax error", `{"query": "{ viewer {"}`, as, [200, "GRAPHQL_PARSE_FAILED"]],
    ["an unknown field", `{"query": "{ secrets }"}`, as, [200, "GRAPHQL_VALIDATION_FAILED"]],
    ["two operations", `{"query": "query A { viewer { id } } query B { viewer { id } }"}`, as, [200, "TOO_COMPLEX"]],
    ["too many tokens", JSON.stringify({ query: `{ ${"viewer { id } ".repeat(2_000)} }` }), as, [200, "TOO_COMPLEX"]],
    ["no bearer", `{"query": "{ viewer { id } }"}`, { authorization: "Basic YTpi" }, [401, "UNAUTHENTICATED"]],
    ["a dead token", `{"query": "{ viewer { id } }"}`, bearer("nobody"), [401, "UNAUTHENTICATED"]],
    ["a mistyped access token", `{"query": "{ viewer { id } }"}`, bearer(`fp_${"a".repeat(51)}`), [
      401,
      "UNAUTHENTICATED",
    ]],
    [
      "2 MiB without a capture",
      JSON.stringify({ query: `{ viewer { id } }`, variables: { x: "x".repeat(2 * MIB) } }),
      as,
      [200, "TOO_LARGE"],
    ],
    ["2 MiB from a guest", JSON.stringify({ query: CAPTURE, variables: { x: "x".repeat(2 * MIB) } }), {}, [
      413,
      "TOO_LARGE",
    ]],
    ["13 MiB", JSON.stringify({ query: CAPTURE, variables: { x: "x".repeat(13 * MIB) } }), as, [413, "TOO_LARGE"]],
  ];
  for (const [what, body, headers, expected] of cases) {
    assert.deepEqual(outcome(await post(url, body, headers)), expected, what);
    assert.equal((await app.ask(`{ viewer { role } }`, {}, app.token)).viewer.role, "ADMIN", `alive after ${what}`);
  }
});

Deno.test("a GET with bad parameters, a nest without end and a negative cut get their codes", async () => {
  await using app = await startApp();
  await createProject(app, app.token);
  await app.ask(CAPTURE, { input: captureInput() }, app.token);
  for (
    const [search, expected] of [
      ["query={viewer{id}}&variables={", [400, "INVALID_INPUT"]],
      ["query={viewer{id}}&extensions=x", [400, "INVALID_INPUT"]],
      ["query=mutation{signOut}", [405, "INVALID_INPUT"]],
      ["", [400, "INVALID_INPUT"]],
    ] as const
  ) {
    const response = await fetch(`${app.url}/graphql?${search}`, { headers: bearer(app.token) });
    assert.deepEqual(outcome([response.status, await response.json()]), expected, search);
  }
  const code = async (query: string) => (await app.graphql(query, {}, app.token)).errors?.[0]?.extensions.code;
  assert.equal(
    await code(`{ elements(first: ${"[".repeat(2_400)}1${"]".repeat(2_400)}) { totalCount } }`),
    "TOO_COMPLEX",
  );
  assert.equal(await code(`{ pointedElement { html(maxBytes: -1) } }`), "INVALID_INPUT");
});

Deno.test("a body without a length is cut off as soon as it is too large", async () => {
  await using app = await startApp();
  let sent = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.enqueue(new Uint8Array(MIB).fill(32));
      sent += MIB;
      if (sent >= 200 * MIB) controller.close();
    },
  });
  const answer = await post(`${app.url}/graphql`, body, bearer(app.token)).then(outcome).catch(() => "cut off");
  assert.ok(answer === "cut off" || JSON.stringify(answer) === `[413,"TOO_LARGE"]`, JSON.stringify(answer));
  assert.ok(sent < 100 * MIB, `${sent / MIB} MiB were sent`);
  assert.equal((await app.ask(`{ viewer { role } }`, {}, app.token)).viewer.role, "ADMIN");
});

Deno.test("captureElement names each fault of its input by path and stores nothing", async () => {
  await using app = await startApp();
  await createProject(app, app.token);
  const cases: [string, Record<string, unknown>, string][] = [
    ["no UUID", { clientId: "1" }, "clientId"],
    ["an empty selector", { selector: "" }, "selector"],
    ["a relative URL", { pageUrl: "/cart" }, "pageUrl"],
    ["a script as URL", { pageUrl: "javascript:alert(1)" }, "pageUrl"],
    ["a lone surrogate", { text: "\ud800" }, "text"],
    ["a NUL", { note: "a\0b" }, "note"],
    ["a list of attributes", { attributes: ["id"] }, "attributes"],
    ["deep attributes", { attributes: JSON.parse(`${'{"x":'.repeat(40)}1${"}".repeat(40)}`) }, "attributes"],
    ["styles as text", { computedStyles: "color: red" }, "computedStyles"],
    ["a negative width", { box: { x: 0, y: 0, width: -1, height: 1 } }, "box.width"],
    ["a note that is too long", { note: "x".repeat(20_001) }, "note"],
    ["base64 that is none", { screenshot: { mimeType: "image/png", base64: "***" } }, "screenshot.base64"],
    ["base64 that ends early", { screenshot: { mimeType: "image/png", base64: "iVBORw0" } }, "screenshot.base64"],
    ["a type that is no image's", { screenshot: { mimeType: "text/html", base64: "" } }, "screenshot.mimeType"],
  ];
  for (const [what, fields, path] of cases) {
    const { errors } = await app.graphql(CAPTURE, { input: captureInput(fields) }, app.token);
    assert.equal(errors?.[0]?.extensions.code, "INVALID_INPUT", what);
    const issues = errors[0].extensions["issues"] as { path: string[] }[];
    assert.deepEqual(issues.map((issue) => issue.path.join(".")), [`input.${path}`], what);
  }
  for (const fields of [{ box: { x: "wide" } }, { viewport: { width: 1.5 } }, { classNames: [null] }, { unknown: 1 }]) {
    const { errors } = await app.graphql(CAPTURE, { input: captureInput(fields) }, app.token);
    assert.equal(errors?.[0]?.extensions.code, "BAD_USER_INPUT", JSON.stringify(fields));
  }
  const body = JSON.stringify({ query: CAPTURE, variables: { input: captureInput({ attributes: "here" }) } });
  // What JSON can write and JavaScript can't: it would be kept as null.
  for (const attributes of [`{"x":1e999}`, `{"x":[-1e999]}`]) {
    const answer = await post(`${app.url}/graphql`, body.replace('"here"', attributes), bearer(app.token));
    assert.deepEqual(outcome(answer), [200, "INVALID_INPUT"], attributes);
  }
  // Deeper than a recursive reader's stack, written by hand because `JSON.stringify` is one.
  const deep = `${'{"x":'.repeat(100_000)}1${"}".repeat(100_000)}`;
  const answer = await post(`${app.url}/graphql`, body.replace('"here"', deep), bearer(app.token));
  assert.deepEqual(outcome(answer), [200, "INVALID_INPUT"]);
  assert.equal((await app.ask(`{ elements { totalCount } }`, {}, app.token)).elements.totalCount, 0);
});

Deno.test("an id that nobody has, or of another type, is NOT_FOUND; paging that makes no sense is INVALID_INPUT", async () => {
  await using app = await startApp();
  const projectId = await createProject(app, app.token);
  const code = async (query: string, variables: Record<string, unknown> = {}) =>
    (await app.graphql(query, variables, app.token)).errors?.[0]?.extensions.code;
  for (
    const id of [
      "",
      "x",
      "element_",
      projectId,
      "element_01a20acd-0000-7000-8000-000000000000",
      "'; DROP TABLE elements; --",
    ]
  ) {
    assert.equal(await code(`query ($id: ID!) { element(id: $id) { id } }`, { id }), "NOT_FOUND", id);
    assert.equal(await code(`mutation ($id: ID!) { deleteElement(id: $id) }`, { id }), "NOT_FOUND", id);
  }
  assert.equal(await code(`{ project(id: "project_01a20acd-0000-7000-8000-000000000000") { id } }`), "NOT_FOUND");
  assert.equal(await code(`{ elements(projectId: "x") { totalCount } }`), "NOT_FOUND");
  for (const paging of [`first: 0`, `first: 101`, `last: -1`, `first: 1, last: 1`, `after: "x"`, `before: "c_1"`]) {
    assert.equal(await code(`{ elements(${paging}) { totalCount } }`), "INVALID_INPUT", paging);
  }
  assert.equal(
    await code(`query ($ids: [ID!]!) { nodes(ids: $ids) { id } }`, { ids: Array(101).fill("x") }),
    "TOO_COMPLEX",
  );
});

Deno.test("an unexpected error shows nothing but a request id", async () => {
  const { write } = await import("./support/people.ts");
  await using app = await startApp();
  const projectId = await createProject(app, app.token);
  // A fault that only a bug could make: the database refuses what the rooms took for good.
  write(
    app,
    (database) =>
      database.exec(`CREATE TRIGGER broken BEFORE INSERT ON elements BEGIN SELECT RAISE(ABORT, 'secret detail'); END`),
  );
  const { errors } = await app.graphql(CAPTURE, { input: captureInput({ projectId }) }, app.token);
  assert.deepEqual(Object.keys(errors?.[0]?.extensions ?? {}), ["code", "requestId"]);
  assert.equal(errors?.[0]?.extensions.code, "INTERNAL");
  assert.doesNotMatch(JSON.stringify(errors), /secret|trigger|sqlite/i);
});
