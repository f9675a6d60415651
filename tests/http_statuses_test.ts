import assert from "node:assert/strict";
import { createProject } from "./support/captures.ts";
import {
  EVENT_STREAM,
  get,
  JSON_TYPE,
  parse,
  post,
  readAnswer,
  RESPONSE_TYPE,
  VIEWER,
} from "./support/http_answers.ts";
import { sendRaw, statusOf } from "./support/raw_request.ts";
import { startApp } from "./support/running_app.ts";

/** What a request that is well-formed and yet not executed is answered with: its code, and its status in the newer type. */
const FAULTY: [what: string, body: Record<string, unknown>, code: string, status: number][] = [
  ["a syntax error", { query: "{ viewer {" }, "GRAPHQL_PARSE_FAILED", 400],
  ["an unknown field", { query: "{ secrets }" }, "GRAPHQL_VALIDATION_FAILED", 400],
  ["a variable missing", { query: "query ($id: ID!) { node(id: $id) { id } }" }, "BAD_USER_INPUT", 400],
  [
    "a null variable",
    { query: "query ($id: ID!) { node(id: $id) { id } }", variables: { id: null } },
    "BAD_USER_INPUT",
    400,
  ],
  [
    "a variable of another type",
    { query: "query ($n: Int) { projects(first: $n) { totalCount } }", variables: { n: "x" } },
    "BAD_USER_INPUT",
    400,
  ],
  [
    "two operations and no name",
    { query: "query A { viewer { id } } query B { viewer { id } }" },
    "TOO_COMPLEX",
    400,
  ],
  ["the name of no operation", { query: "query A { viewer { id } }", operationName: "B" }, "INVALID_INPUT", 400],
  ["an empty name", { query: "query A { viewer { id } }", operationName: "" }, "INVALID_INPUT", 400],
  ["too many tokens", { query: `{ ${"viewer { id } ".repeat(2_000)} }` }, "TOO_COMPLEX", 400],
  ["a body too large", { query: "{ viewer { id } }", variables: { x: "x".repeat(1_100_000) } }, "TOO_LARGE", 413],
];

Deno.test("what is not executed has no data; in application/json it is 200, in application/graphql-response+json it is not", async () => {
  await using app = await startApp();
  for (const [what, body, code, status] of FAULTY) {
    for (const accept of [RESPONSE_TYPE, JSON_TYPE, undefined]) {
      const answer = await post(app, { body, accept });
      const expected = accept === RESPONSE_TYPE ? [status, RESPONSE_TYPE, code] : [200, JSON_TYPE, code];
      assert.deepEqual([answer.status, answer.type, answer.code], expected, `${what} as ${accept}`);
      assert.ok(!("data" in parse(answer.text)), `${what} as ${accept}`);
    }
  }
});

Deno.test("what was executed is 200 in both types, whatever of it failed", async () => {
  await using app = await startApp();
  const cases: [query: string, data: unknown][] = [
    [`{ viewer { role } element(id: "x") { id } }`, { viewer: { role: "ADMIN" }, element: null }],
    [`{ elements(projectId: "x") { totalCount } }`, null],
  ];
  for (const [query, data] of cases) {
    for (const accept of [RESPONSE_TYPE, JSON_TYPE]) {
      const answer = await post(app, { body: { query }, accept });
      assert.deepEqual([answer.status, answer.type, answer.code], [200, accept, "NOT_FOUND"], query);
      assert.deepEqual(parse(answer.text).data, data);
    }
  }
});

/** What is no request: its status is the same in every type. */
const MALFORMED: [what: string, body: unknown, code: string][] = [
  ["a body that is no JSON", `{"query": `, "INVALID_INPUT"],
  ["no query", {}, "INVALID_INPUT"],
  ["a query that is null", { query: null }, "INVALID_INPUT"],
  ["an operation name that is a number", { ...VIEWER, operationName: 1 }, "INVALID_INPUT"],
  ["variables that are a list", { ...VIEWER, variables: [] }, "INVALID_INPUT"],
  ["variables that are text", { ...VIEWER, variables: "{}" }, "INVALID_INPUT"],
  ["extensions that are text", { ...VIEWER, extensions: "{}" }, "INVALID_INPUT"],
  ["an array of requests", [VIEWER], "TOO_COMPLEX"],
];

Deno.test("a refusal has its status and the type that the client reads it in", async () => {
  await using app = await startApp();
  const types: [accept: string | undefined, type: string][] = [
    [RESPONSE_TYPE, RESPONSE_TYPE],
    [`${RESPONSE_TYPE}, ${JSON_TYPE};q=0.9`, RESPONSE_TYPE],
    [JSON_TYPE, JSON_TYPE],
    [undefined, JSON_TYPE],
    [EVENT_STREAM, JSON_TYPE],
  ];
  for (const [accept, type] of types) {
    for (const [what, body, code] of MALFORMED) {
      const answer = await post(app, { body, accept });
      assert.deepEqual([answer.status, answer.type, answer.code], [400, type, code], `${what} as ${accept}`);
    }
    const dead = await post(app, { body: VIEWER, accept, token: "nobody" });
    assert.deepEqual([dead.status, dead.type, dead.code], [401, type, "UNAUTHENTICATED"], String(accept));
    assert.ok(dead.headers.has("www-authenticate"));
  }
});

Deno.test("too many requests are 429 with Retry-After in both types", async () => {
  await using app = await startApp();
  const lower = `mutation { setRateLimit(input: { action: "graphql", limit: 1, windowSeconds: 60 }) { limit } }`;
  await app.ask(lower, {}, app.token);
  for (const accept of [RESPONSE_TYPE, JSON_TYPE]) {
    const answer = await post(app, { body: VIEWER, accept });
    assert.deepEqual([answer.status, answer.type, answer.code], [429, accept, "RATE_LIMITED"]);
    assert.match(answer.headers.get("retry-after") ?? "", /^\d+$/);
  }
});

Deno.test("a GET runs the query of its URL with variables in JSON and the operation that it names", async () => {
  await using app = await startApp();
  const projectId = await createProject(app, app.token);
  const query = `query A($id: ID!) { project(id: $id) { name } }`;
  const variables = JSON.stringify({ id: projectId });
  const named = await get(app, { query, variables, operationName: "A", extensions: "{}" }, RESPONSE_TYPE);
  assert.deepEqual([named.status, named.type], [200, RESPONSE_TYPE]);
  assert.deepEqual(parse(named.text).data, { project: { name: "Shop" } });
  const unknown = await get(app, { query, variables, operationName: "B" });
  assert.deepEqual([unknown.status, unknown.code], [200, "INVALID_INPUT"]);
  for (const parameters of [{ query, variables: "[1]" }, { query, variables: "{" }, { query: "" }, { variables }]) {
    const { status, code } = await get(app, parameters);
    assert.deepEqual([status, code], [400, "INVALID_INPUT"], JSON.stringify(parameters));
  }
  const faulty = await get(app, { query: "{ secrets }" }, RESPONSE_TYPE);
  assert.deepEqual([faulty.status, faulty.code], [400, "GRAPHQL_VALIDATION_FAILED"]);
});

Deno.test("a GET changes nothing: a mutation is 405 in both types, and only a POST is allowed", async () => {
  await using app = await startApp();
  const query = `mutation B { createProject(input: { name: "Never" }) { id } }`;
  for (const accept of [RESPONSE_TYPE, JSON_TYPE, "*/*"]) {
    const answer = await get(app, { query, operationName: "B" }, accept);
    assert.deepEqual([answer.status, answer.code, answer.headers.get("allow")], [405, "INVALID_INPUT", "POST"], accept);
  }
  assert.equal((await app.ask(`{ projects { totalCount } }`, {}, app.token)).projects.totalCount, 0);
});

Deno.test("a method other than GET and POST is 405 and told which are allowed, whatever else the request holds", async () => {
  await using app = await startApp();
  const { host } = new URL(app.url);
  for (const method of ["PUT", "DELETE", "PATCH", "HEAD", "QUERY"]) {
    for (const target of ["/graphql", "/graphql?query={viewer{role}}"]) {
      const answer = await sendRaw(app, `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 0`);
      assert.equal(statusOf(answer), 405, `${method} ${target}`);
      assert.match(answer, /\r\nallow: GET, POST, OPTIONS\r\n/i, `${method} ${target}`);
      assert.equal(answer.includes("INVALID_INPUT"), method !== "HEAD", `${method} ${target}`);
    }
  }
});

Deno.test("a body may begin with a byte order mark, and one without a type is 415", async () => {
  await using app = await startApp();
  const answer = await post(app, { body: `\ufeff${JSON.stringify(VIEWER)}` });
  assert.deepEqual(parse(answer.text), { data: { viewer: { role: "ADMIN" } } });
  const body = new TextEncoder().encode(JSON.stringify(VIEWER));
  for (const accept of [RESPONSE_TYPE, JSON_TYPE]) {
    const untyped = await readAnswer(await fetch(`${app.url}/graphql`, { method: "POST", body, headers: { accept } }));
    assert.deepEqual([untyped.status, untyped.type, untyped.code], [415, accept, "INVALID_INPUT"]);
  }
});

Deno.test("@defer and @stream are not there: a document with them is faulty, in every type", async () => {
  await using app = await startApp();
  const queries = [`{ viewer { id ... @defer { role } } }`, `{ projects { edges @stream { node { id } } } }`];
  for (const query of queries) {
    for (const accept of [RESPONSE_TYPE, JSON_TYPE, `multipart/mixed;deferSpec=20220824, ${RESPONSE_TYPE};q=0.9`]) {
      const { code, text } = await post(app, { body: { query }, accept });
      assert.deepEqual([code, /Unknown directive \\"@(defer|stream)\\"/.test(text)], [
        "GRAPHQL_VALIDATION_FAILED",
        true,
      ]);
    }
  }
});
