import assert from "node:assert/strict";
import { TABS } from "../src/api/_graphiql_tabs.ts";
import { buildSchema, getIntrospectionQuery, getOperationAST, parse, validate } from "graphql";
import { createDocumentLimits } from "../src/api/_document_limits.ts";
import { FIELD_COSTS } from "../src/api/_field_costs.ts";
import { createProject } from "./support/captures.ts";
import { addPerson } from "./support/people.ts";
import { startApp } from "./support/running_app.ts";
import { TRANSPORTS } from "./support/transports.ts";

const ROOT = new URL("..", import.meta.url);
const schema = buildSchema(await Deno.readTextFile(new URL("schema.graphql", ROOT)));

const each = (count: number, write: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => write(i)).join(" ");
const nested = (count: number, name: string) => `${`${name} { `.repeat(count - 1)}${name}${" }".repeat(count - 1)}`;

/** Documents that have so much of something, at the limit and one beyond it. */
const SHAPES: Record<string, { limit: number; write: (count: number) => string; told: string }> = {
  depth: { limit: 12, write: (count) => `{ ${nested(count, "a")} }`, told: "13 levels of fields" },
  "depth by fragments": {
    limit: 12,
    write: (count) =>
      `{ a { ...f1 } } ${each(count - 2, (i) => `fragment f${i + 1} on A { a { ...f${i + 2} } }`)}
      fragment f${count - 1} on A { a }`,
    told: "13 levels of fields",
  },
  aliases: { limit: 30, write: (count) => `{ a { ${each(count, (i) => `b${i}: b`)} } }`, told: "31 aliases" },
  "aliases by fragments": {
    limit: 30,
    write: (count) =>
      `{ ...F a { ...F } ${each(count - 10, (i) => `b${i}: b`)} } fragment F on A { ${each(5, (i) => `c${i}: c`)} }`,
    told: "31 aliases",
  },
  directives: {
    limit: 50,
    write: (count) =>
      `query ($v: Int @a) @a { ...F @a ${each(count - 4, () => "b @skip(if: true)")} } fragment F on A @a { c }`,
    told: "51 directives",
  },
  operations: { limit: 1, write: (count) => each(count, (i) => `query Q${i} { a }`), told: "2 operations" },
  "fields of one name": {
    limit: 50,
    write: (count) => `{ ${each(count, () => "a { b }")} }`,
    told: "51 fields of one name that have fields of their own",
  },
  "levels of a value": {
    limit: 100,
    write: (count) => `{ a(b: ${"[{ c: ".repeat(count / 2)}${count % 2 ? "[1]" : "1"}${" }]".repeat(count / 2)}) }`,
    told: "101 levels of lists and objects in its values",
  },
  "lists of introspection": {
    limit: 2,
    write: (count) => `{ __schema { types { ${"fields { type { ".repeat(count)}name${" } }".repeat(count)} } } }`,
    told: "3 lists of a type's members within one another",
  },
  "ofType of introspection": {
    limit: 100,
    write: (count) => `{ __type(name: "A") { ${"ofType { ".repeat(count)}name${" }".repeat(count)} } }`,
    told: "101 levels of ofType",
  },
};

for (const [name, { limit, write, told }] of Object.entries(SHAPES)) {
  Deno.test(`a document may have ${limit} of ${name} and no more, and is told so by figure and limit`, () => {
    const { checkShape } = createDocumentLimits(schema);
    checkShape(parse(write(limit)));
    const message = `Cannot run this document: it has ${told}, at most ${limit}`;
    assert.throws(() => checkShape(parse(write(limit + 1))), { code: "TOO_COMPLEX", message });
    const refused = parse(write(limit + 1));
    for (let time = 0; time < 2; time++) assert.throws(() => checkShape(refused), { code: "TOO_COMPLEX" }, "each time");
  });
}

Deno.test("fragments that spread the next one twice, or hold themselves, cost no time", () => {
  const doubling = (count: number) =>
    `{ ...f0 } ${
      each(count, (i) => `fragment f${i} on A { ...f${i + 1} ...f${i + 1} }`)
    } fragment f${count} on A { b }`;
  const { checkShape } = createDocumentLimits(schema);
  checkShape(parse(doubling(12)));
  for (const [count, told] of [[13, "8192"], [60, "very many"], [500, "very many"]] as const) {
    const document = parse(doubling(count));
    const startedAt = performance.now();
    assert.throws(() => checkShape(document), {
      message: `Cannot run this document: it has ${told} fields, with its fragments written out, at most 5000`,
    });
    assert.ok(performance.now() - startedAt < 50, `${count} took ${performance.now() - startedAt} ms`);
  }
  checkShape(parse("{ ...A } fragment A on A { ...B ...C } fragment B on A { ...A }"));
});

/** What an operation of the real schema costs, through all that stands before its execution. */
function costOf(query: string, variables: Record<string, unknown> = {}): number {
  const { checkShape, checkCost } = createDocumentLimits(schema);
  const document = parse(query);
  checkShape(document);
  assert.deepEqual(validate(schema, document).map(({ message }) => message), [], query);
  const operation = getOperationAST(document);
  assert.ok(operation, query);
  return checkCost(document, operation, variables);
}

Deno.test("an operation costs one for each object that it may give, by the lengths of its lists, and what its fields weigh", () => {
  assert.equal(costOf(`{ viewer { id email name } }`), 1);
  assert.equal(costOf(`{ projects { edges { node { name members { user { name } } } } } }`), 1 + 20 * (1 + 10 * 2));
  assert.equal(costOf(`{ projects(first: 3) { pageInfo { hasNextPage } edges { cursor node { id } } } }`), 1 + 1 + 3);
  assert.equal(costOf(`{ projects(last: 5) { totalCount edges { node { id } } } }`), 1 + 20 + 5);
  const paged =
    `query ($n: Int = 7) { elements(first: $n) { ...P } } fragment P on ElementConnection { edges { node { id } } }`;
  for (const [n, cost] of [[undefined, 8], [50, 51], [null, 21], [1_000, 101], [-1, 101], ["x", 101]]) {
    assert.equal(costOf(paged, n === undefined ? {} : { n }), cost, String(n));
  }
  assert.equal(costOf(`query ($ids: [ID!]!) { nodes(ids: $ids) { id } }`, { ids: ["a", "b", "c"] }), 3);
  assert.equal(costOf(`query ($id: ID!) { nodes(ids: [$id, "b"]) { id } }`, { id: "a" }), 2);
  assert.equal(
    costOf(`{ elements(first: 2) { edges { node { html a: html(maxBytes: 25000) } } } }`),
    1 + 2 * (1 + 20 + 3),
  );
  const views = (fields: string) => costOf(`{ pointedElement { ${fields} } }`);
  assert.equal(views("keyStyles htmlOutline screenshot { scaled { base64 } }"), 1 + 3 + 50 + 2 + 200 + 1);
  assert.equal(views("htmlPart(after: 95000, maxBytes: 25000) { html }"), 1 + 10 + 3 + 1);
  assert.equal(views("htmlPart(after: 2147483647, maxBytes: 1000000) { html }"), 1 + 1 + 100 + 1);
  assert.equal(costOf(`{ elements(search: "x", first: 1) { edges { node { id } } } }`), 50 + 1 + 1);
  const changes = `query ($n: Int, $s: Int) { elementChanges(first: $n, waitSeconds: $s) { hasMore ...C } }
    fragment C on ElementChanges { changes { kind element { id } } }`;
  for (const [n, s, cost] of [[3, 0, 1 + 3 * 2], [null, 8, 10 + 1 + 20 * 2], [100, 8, 10 + 1 + 100 * 2]]) {
    assert.equal(costOf(changes, { n, s }), cost);
  }
  assert.equal(costOf(`mutation { ...M } fragment M on Mutation { signOut a: signOut }`), 40);
});

Deno.test("an operation that costs more than 5,000 is refused with its cost", () => {
  const deep = `{ projects(first: 100) { edges { node { members { user { sessions { id } } } } } } }`;
  const message = "Cannot run this operation: it costs 12101, at most 5000";
  assert.throws(() => costOf(deep), { code: "TOO_COMPLEX", message });
  const page =
    `query ($n: Int!) { elements(first: 100) { edges { node { comments { author { name } } html(maxBytes: $n) } } } }`;
  assert.equal(costOf(page, { n: 200_000 }), 1 + 100 * (1 + 20 + 20));
  const signIn = `signIn(input: { email: "a", password: "b" }) { token }`;
  assert.throws(() => costOf(`mutation { ${each(10, (i) => `a${i}: ${signIn}`)} }`), { code: "TOO_COMPLEX" });
  assert.throws(() => costOf(`{ a: verifyAudit { valid } b: verifyAudit { valid } c: verifyAudit { valid } }`), {
    code: "TOO_COMPLEX",
  });
});

Deno.test("the standard introspection query passes with all its options, and what multiplies it does not", () => {
  const options = {
    descriptions: true,
    specifiedByUrl: true,
    directiveIsRepeatable: true,
    schemaDescription: true,
    inputValueDeprecation: true,
    experimentalDirectiveDeprecation: true,
    oneOf: true,
  };
  for (const typeDepth of [9, 99]) assert.ok(costOf(getIntrospectionQuery({ ...options, typeDepth })) < 500);
  const types = `types { fields { args { type { name } } type { name ofType { name } } } }`;
  assert.ok(costOf(`{ __schema { ${types} } }`) < 500);
  const twice = (name: string) => `{ __schema { types { ${name} { type { ${name} { type { name } } } } } } }`;
  assert.ok(costOf(twice("fields")) < 500, "one list within another is what some tools ask for");
  const many = `{ ${each(25, (i) => `a${i}: __schema { types { fields { args { type { name } } } } }`)} }`;
  assert.throws(() => costOf(many), { code: "TOO_COMPLEX" }, "by aliases");
  const args =
    `{ __schema { types { fields { type { fields { args { type { name fields { args { name } } } } } } } } } }`;
  assert.throws(() => costOf(args), { code: "TOO_COMPLEX" });
});

Deno.test("what people and tools ask for passes: the README's, GraphiQL's tabs, the MCP tools', and large pages", async () => {
  const read = (path: string) => Deno.readTextFile(new URL(path, ROOT));
  const examples = [...(await read("README.md")).matchAll(/```graphql\n([^]*?)```/g)].map(([, query = ""]) => query);
  const tabs = TABS.map(({ query }) => query);
  const tools = Array.from(
    Deno.readDirSync(new URL("src/mcp/operations", ROOT)),
    ({ name }) => `src/mcp/operations/${name}`,
  );
  assert.ok(examples.length >= 2 && tabs.length >= 8 && tools.length >= 2);
  for (const query of [...examples, ...tabs]) assert.ok(costOf(query) <= 2_500, query);
  for (const path of tools) assert.ok(costOf(await read(path), { first: 100 }) <= 1_000, path);
  const page = (fields: string) =>
    `{ elements(first: 100) { totalCount edges { node { ${fields} } } pageInfo { endCursor } } }`;
  const people = `project { id name } capturedBy { id name } comments { id body author { id name } }`;
  assert.equal(costOf(page(people)), 20 + 1 + 1 + 100 * (1 + 1 + 1 + 20));
  assert.equal(costOf(page("id html")), 20 + 1 + 1 + 100 * 21);
  assert.ok(costOf(page(`html computedStyles screenshot { url } ${people}`)) <= 5_000, "all of it at once");
});

Deno.test("each field that has a cost of its own is in the schema", () => {
  for (const name of Object.keys(FIELD_COSTS)) {
    const [type = "", field = ""] = name.split(".");
    const found = schema.getType(type);
    assert.ok(found && "getFields" in found && Object.hasOwn(found.getFields(), field), name);
  }
});

Deno.test("to look at a document that was seen before takes some microseconds at most", () => {
  const { checkShape, checkCost } = createDocumentLimits(schema);
  const document = parse(`query ($projectId: ID!, $first: Int, $after: String) {
    elements(projectId: $projectId, first: $first, after: $after) {
      edges { node { id selector note status html(maxBytes: 200) } } pageInfo { hasNextPage endCursor }
    }
  }`);
  const operation = getOperationAST(document);
  assert.ok(operation);
  const look = () => (checkShape(document), checkCost(document, operation, { projectId: "x", first: 20, after: null }));
  for (let round = 0; round < 1_000; round++) look();
  const startedAt = performance.now();
  for (let round = 0; round < 10_000; round++) look();
  // Measured: 0.3 µs. Twenty times that is another order of work, such as a walk through the document.
  assert.ok(performance.now() - startedAt < 60, `${(performance.now() - startedAt) / 10} µs`);
});

for (const [transport, ask] of Object.entries(TRANSPORTS)) {
  Deno.test(`over ${transport} a document beyond a limit is TOO_COMPLEX with its figure, and what is within is answered`, async () => {
    await using app = await startApp();
    await createProject(app, app.token);
    const { token } = await addPerson(app);
    const refused: [string, Record<string, unknown>, RegExp][] = [
      [
        `{ viewer { ${"accessTokens { project { members { user { ".repeat(3)} id ${"} } } }".repeat(3)} } }`,
        {},
        /14 levels/,
      ],
      [`{ viewer { ${each(31, (i) => `a${i}: id`)} } }`, {}, /31 aliases/],
      [`{ viewer { ${each(51, () => `id @skip(if: false)`)} } }`, {}, /51 directives/],
      [`query A { viewer { id } } query B { viewer { id } }`, {}, /2 operations/],
      [`{ viewer { ${each(5_001, () => "id")} } }`, {}, /at most 5000 tokens/],
      [`query ($n: Int) { projects(first: $n) { edges { node { members { user { sessions { id } } } } } } }`, {
        n: 100,
      }, /12101/],
    ];
    for (const [query, variables, told] of refused) {
      const { data, errors } = await ask(app, { query, variables }, token);
      assert.equal(errors?.[0]?.extensions.code, "TOO_COMPLEX", query.slice(0, 80));
      assert.match(errors[0].message, told);
      assert.equal(data ?? null, null);
    }
    const tooMany = await ask(app, { query: `{ projects(first: 101) { totalCount } }` }, token);
    assert.equal(tooMany.errors?.[0]?.extensions.code, "INVALID_INPUT");
    const { data } = await ask(app, { query: `{ viewer { ${each(30, (i) => `a${i}: role`)} } }` }, token);
    assert.equal(data.viewer.a29, "DEVELOPER");
  });
}

Deno.test("a subscription beyond a limit is TOO_COMPLEX", async () => {
  await using app = await startApp();
  const projectId = await createProject(app, app.token);
  const people = `project { members { user { accessTokens { project { members { user { sessions { id } } } } } } } }`;
  const query = `subscription ($projectId: ID!) { elementEvents(projectId: $projectId) { element { ${people} } } }`;
  for (const transport of ["WebSocket", "server-sent events"]) {
    const { errors } = await TRANSPORTS[transport]?.(app, { query, variables: { projectId } }, app.token) ?? {};
    assert.equal(errors?.[0]?.extensions.code, "TOO_COMPLEX", transport);
    assert.match(errors?.[0]?.message ?? "", /it costs \d+, at most 5000/);
  }
});
