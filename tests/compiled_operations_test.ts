import assert from "node:assert/strict";
import { capture, captureInput, createProject } from "./support/captures.ts";
import { type GraphqlBody, type RunningApp, startApp } from "./support/running_app.ts";

/** More often than an operation is run before it is compiled. */
const RUNS = 6;

/** What it is answered each time, first as graphql-js runs it and last as it was compiled. */
async function answersOf(
  app: RunningApp,
  query: string,
  variables: Record<string, unknown> = {},
): Promise<GraphqlBody[]> {
  const answers: GraphqlBody[] = [];
  for (let run = 0; run < RUNS; run++) answers.push(await app.graphql(query, variables, app.token));
  return answers;
}

Deno.test("a compiled operation answers as one that is not, its errors with the same places, paths and codes", async () => {
  await using app = await startApp();
  const projectId = await createProject(app, app.token);
  const id = await capture(app, app.token, captureInput({ projectId, note: "Basket" }));
  const nobody = "element_00000000-0000-7000-8000-000000000000";
  const element =
    `fragment E on Element { id box { x } classNames capturedBy { id } comments { id } ...T } fragment T on Element { html createdAt }`;
  const cases: [query: string, variables?: Record<string, unknown>][] = [
    [`query ($id: ID!) { element(id: $id) { ...E project { name members { role } } } } ${element}`, { id }],
    [`{ elements(first: 1) { edges { cursor node { ...E } } pageInfo { endCursor } totalCount } } ${element}`],
    [`query ($skip: Boolean!) { viewer { id @skip(if: $skip) name @include(if: $skip) } }`, { skip: true }],
    [`query ($id: ID!) { node(id: $id) { __typename id ... on Element { note } ... on User { email } } }`, { id }],
    [`query ($ids: [ID!]!) { nodes(ids: $ids) { id } }`, { ids: [id, nobody, "x"] }],
    [`query ($id: ID!) {\n  viewer { id }\r\n  gone: element(id: $id) { id }\n}`, { id: nobody }],
    [`query ($first: Int) { elements(first: $first) { totalCount } }`, { first: 0 }],
    [`query ($after: String = "x") { projects(after: $after) { totalCount } }`],
    [`{ __schema { queryType { name } } __type(name: "Box") { fields { name } } }`],
  ];
  for (const [query, variables] of cases) {
    const [first, ...others] = await answersOf(app, query, variables);
    for (const answer of others) assert.deepEqual(answer, first, query);
  }
});

Deno.test("a faulty variable is told with its place and code, compiled or not", async () => {
  await using app = await startApp();
  const cases: [query: string, variables: Record<string, unknown>][] = [
    [`query ($first: Int) { elements(first: $first) { totalCount } }`, { first: "x" }],
    [`query ($id: ID!) { element(id: $id) { id } }`, {}],
    [`query ($filter: ElementFilter) { elements(filter: $filter) { totalCount } }`, { filter: { createdAfter: "" } }],
    [`query ($filter: UserFilter) { users(filter: $filter) { totalCount } }`, { filter: { role: ["NOBODY"] } }],
  ];
  for (const [query, variables] of cases) {
    for (const { data, errors = [] } of await answersOf(app, query, variables)) {
      assert.equal(data, undefined);
      assert.deepEqual(errors.map(({ extensions }) => extensions.code), ["BAD_USER_INPUT"], query);
      assert.partialDeepStrictEqual(errors, [{ locations: [{ line: 1, column: 8 }] }], query);
    }
  }
});
