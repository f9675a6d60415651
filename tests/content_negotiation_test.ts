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
import { startApp } from "./support/running_app.ts";

Deno.test("an answer has the type that the client likes best, by RFC 9110 §12.5.1", async () => {
  await using app = await startApp();
  const cases: [accept: string | undefined, type: string][] = [
    [undefined, JSON_TYPE],
    ["", JSON_TYPE],
    ["*/*", JSON_TYPE],
    ["application/*", JSON_TYPE],
    ["text/plain, */*;q=0.1", JSON_TYPE],
    [JSON_TYPE, JSON_TYPE],
    ["Application/JSON", JSON_TYPE],
    [`${JSON_TYPE};charset=UTF-8`, JSON_TYPE],
    [`${JSON_TYPE}; charset="utf-8"`, JSON_TYPE],
    [RESPONSE_TYPE, RESPONSE_TYPE],
    [`${RESPONSE_TYPE}; charset=utf-8`, RESPONSE_TYPE],
    [`${RESPONSE_TYPE}, ${JSON_TYPE}`, RESPONSE_TYPE],
    [`${JSON_TYPE}, ${RESPONSE_TYPE}`, RESPONSE_TYPE],
    [`${RESPONSE_TYPE},${JSON_TYPE};q=0.9`, RESPONSE_TYPE],
    [`${JSON_TYPE};q=0.5, ${RESPONSE_TYPE}`, RESPONSE_TYPE],
    [`${RESPONSE_TYPE};q=0.5, ${JSON_TYPE}`, JSON_TYPE],
    [`${RESPONSE_TYPE};q=0.5, */*`, JSON_TYPE],
    [`${JSON_TYPE};q=0, */*`, RESPONSE_TYPE],
    [`${RESPONSE_TYPE}, */*;q=0.1`, RESPONSE_TYPE],
    [`multipart/mixed;deferSpec=20220824,${RESPONSE_TYPE},${JSON_TYPE};q=0.9`, RESPONSE_TYPE],
    [`${EVENT_STREAM}, ${JSON_TYPE}`, JSON_TYPE],
    [`${EVENT_STREAM}, ${JSON_TYPE};q=0.9`, EVENT_STREAM],
    [EVENT_STREAM, EVENT_STREAM],
  ];
  for (const [accept, type] of cases) {
    const answer = await post(app, { body: VIEWER, accept });
    assert.deepEqual([answer.status, answer.type], [200, type], String(accept));
    if (type === EVENT_STREAM) continue;
    assert.equal(answer.headers.get("content-type"), `${type}; charset=utf-8`, String(accept));
    assert.deepEqual(parse(answer.text), { data: { viewer: { role: "ADMIN" } } });
  }
});

Deno.test("a request that accepts nothing of ours is 406, says why, and changes nothing", async () => {
  await using app = await startApp();
  const body = { query: `mutation { createProject(input: { name: "Never" }) { id } }` };
  const refused = [
    "image/png",
    "text/html",
    "multipart/mixed",
    "garbage",
    `${JSON_TYPE};q=0`,
    `${JSON_TYPE};charset=utf-16`,
    `*/*;q=0`,
    `${RESPONSE_TYPE};q=0.000, ${JSON_TYPE};q=0`,
  ];
  for (const accept of refused) {
    const answer = await post(app, { body, accept });
    assert.deepEqual([answer.status, answer.type, answer.code], [406, JSON_TYPE, "INVALID_INPUT"], accept);
    for (const type of [JSON_TYPE, RESPONSE_TYPE, EVENT_STREAM]) assert.ok(answer.text.includes(type), answer.text);
  }
  const { projects } = await app.ask(`{ projects { totalCount } }`, {}, app.token);
  assert.equal(projects.totalCount, 0);
});

Deno.test("a subscription is an event stream, and 406 with a reason for who accepts none", async () => {
  await using app = await startApp();
  const projectId = await createProject(app, app.token);
  const body = { query: `subscription { elementEvents(projectId: "${projectId}") { revision } }` };
  for (const accept of [EVENT_STREAM, "*/*", "text/*", `${JSON_TYPE}, ${EVENT_STREAM};q=0.1`]) {
    const answer = await post(app, { body, accept });
    assert.deepEqual([answer.status, answer.type], [200, EVENT_STREAM], accept);
  }
  for (
    const accept of [
      JSON_TYPE,
      RESPONSE_TYPE,
      `multipart/mixed;subscriptionSpec=1.0, ${JSON_TYPE}`,
      `${JSON_TYPE}, ${EVENT_STREAM};q=0`,
    ]
  ) {
    const answer = await post(app, { body, accept });
    assert.deepEqual([answer.status, answer.code], [406, "INVALID_INPUT"], accept);
    assert.match(answer.text, /text\/event-stream/);
  }
});

Deno.test("by GET a subscription starts only for who names event streams", async () => {
  await using app = await startApp();
  const projectId = await createProject(app, app.token);
  const query = `subscription { elementEvents(projectId: "${projectId}") { revision } }`;
  const named = new AbortController();
  const search = new URLSearchParams({ query });
  const headers = { accept: EVENT_STREAM, authorization: `Bearer ${app.token}` };
  const response = await fetch(`${app.url}/graphql?${search}`, { headers, signal: named.signal });
  assert.equal((await readAnswer(response, named)).type, EVENT_STREAM);
  for (const accept of ["*/*", "image/avif,*/*;q=0.8", JSON_TYPE]) {
    const { status, code } = await get(app, { query }, accept);
    assert.deepEqual([status, code], [406, "INVALID_INPUT"], accept);
  }
});

Deno.test("a browser's GET gets GraphiQL, and a client's that would rather have JSON gets JSON", async () => {
  await using app = await startApp();
  const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";
  const cases: [accept: string, type: string][] = [
    [browser, "text/html"],
    ["text/html", "text/html"],
    [`${JSON_TYPE}, text/html;q=0.1`, JSON_TYPE],
    ["*/*", JSON_TYPE],
  ];
  for (const [accept, type] of cases) {
    assert.equal((await get(app, { query: VIEWER.query }, accept)).type, type, accept);
  }
});
