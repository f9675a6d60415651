import assert from "node:assert/strict";
import { buildSchema } from "graphql";
import { readTools, type ToolDefinition } from "../src/mcp/_tools.ts";

const SCHEMA = buildSchema(`
  type Query {
    thing(
      "The thing's name, 1 to 50 characters."
      name: String!
      "So many: 1 to 100."
      first: Int
    ): Thing
    news(after: Int, waitSeconds: Int): News!
  }
  type Mutation { rename("At most 20 characters." name: String!): Thing! }
  type Subscription { news: News! }
  type Thing { id: ID! color: Color! size: Int parts: [String!]! }
  enum Color { RED GREEN }
  type News { revision: Int! items: [String!]! }
`);

async function read(
  files: Record<string, string>,
  { mutations = true, before = {} }: { mutations?: boolean; before?: Record<string, string> } = {},
): Promise<ToolDefinition[]> {
  const folders = await Promise.all([before, files].map(async (content) => {
    const path = await Deno.makeTempDir();
    await Promise.all(Object.entries(content).map(([name, text]) => Deno.writeTextFile(`${path}/${name}`, text)));
    return path;
  }));
  try {
    return await readTools(
      folders.map((path, index) => ({ path, mutations, origin: index === 0 ? "fingerpost" : "operator" })),
      SCHEMA,
    );
  } finally {
    await Promise.all(folders.map((path) => Deno.remove(path, { recursive: true })));
  }
}

async function refused(files: Record<string, string>, options?: Parameters<typeof read>[1]): Promise<string> {
  const error = await read(files, options).then(() => null, (error: unknown) => error);
  assert.ok(error instanceof Error, "it was taken");
  assert.match(error.message, /^Cannot make a tool of ".*\.graphql": /);
  return error.message.replace(/^.*?\.graphql": /, "");
}

Deno.test("a tool is its document: comment, variables with their limits, selection, scopes and what it does", async () => {
  const [tool] = await read({
    "get_thing.graphql": `# title: Get a thing
# scopes: ELEMENTS_READ AUDIT_READ
# link: thing://{name}
#
# Gives a thing,
# by its name.
query GetThing($name: String!, $first: Int = 5) {
  thing(name: $name, first: $first) { id color parts }
}`,
  });
  assert.ok(tool);
  const { name, title, description, scopes, annotations, inputSchema, link, origin } = tool;
  assert.deepEqual([name, title, description], ["get_thing", "Get a thing", "Gives a thing, by its name."]);
  assert.deepEqual([scopes, link, origin], [["ELEMENTS_READ", "AUDIT_READ"], "thing://{name}", "operator"]);
  assert.deepEqual(annotations, { readOnlyHint: true });
  const { maxTokens, ...properties } = inputSchema.properties;
  assert.deepEqual(properties, {
    name: { type: "string", minLength: 1, maxLength: 50, description: "The thing's name, 1 to 50 characters." },
    first: { type: "integer", minimum: 1, maximum: 100, default: 5, description: "So many: 1 to 100." },
  });
  assert.deepEqual([maxTokens?.minimum, maxTokens?.maximum], [500, 25_000]);
  assert.deepEqual([inputSchema.required, inputSchema.additionalProperties], [["name"], false]);
});

Deno.test("a mutation is told as one, destructive unless its document says that it is not", async () => {
  const rename = `mutation Rename($name: String!) { rename(name: $name) { id } }`;
  const [one, other] = await read({
    "a.graphql": rename,
    "b.graphql": `# destructive: false\n#\n# Renames it.\n${rename}`,
  });
  assert.deepEqual(one?.annotations, { readOnlyHint: false, destructiveHint: true });
  assert.deepEqual(other?.annotations, { readOnlyHint: false, destructiveHint: false });
  assert.equal(one?.inputSchema.properties["name"]?.maxLength, 20);
});

Deno.test("Boolean variables that only include are levels and fields to choose from", async () => {
  const document = `# level small: color
# level large: small size parts
# level: small
#
# Gives a thing.
query Thing($color: Boolean = false, $size: Boolean = false, $parts: Boolean = false) {
  thing(name: "x") { id color @include(if: $color) size @include(if: $size) parts @include(if: $parts) }
}`;
  const [tool] = await read({ "thing.graphql": document });
  const { level, fields } = tool?.inputSchema.properties ?? {};
  assert.deepEqual([level?.enum, level?.default], [["small", "large"], "small"]);
  assert.deepEqual(fields?.items?.enum, ["color", "size", "parts"]);
  assert.deepEqual(Object.keys(tool?.inputSchema.properties ?? {}), ["level", "fields", "maxTokens"]);
  const withLevel = (levels: string) => ({
    "thing.graphql": document.replace("# level large: small size parts", levels),
  });
  assert.match(await refused(withLevel("# level large: small weight")), /level names "weight"/);
  assert.match(await refused({ "thing.graphql": document.replace("# level: small", "# level: tiny") }), /level: NAME/);
});

Deno.test("a document that waits takes timeoutSeconds in place of waitSeconds", async () => {
  const [tool] = await read({
    "watch.graphql":
      `query Watch($after: Int, $waitSeconds: Int) { news(after: $after, waitSeconds: $waitSeconds) { revision items } }`,
  });
  assert.deepEqual(Object.keys(tool?.inputSchema.properties ?? {}), ["after", "timeoutSeconds", "maxTokens"]);
  assert.deepEqual(tool?.waiting, { root: "news", list: "items" });
  const deaf = `query Watch($waitSeconds: Int) { news(waitSeconds: $waitSeconds) { items } }`;
  assert.match(await refused({ "watch.graphql": deaf }), /it waits, so it needs/);
});

Deno.test("what can't be a tool stops the start, with its file and the reason", async () => {
  const query = `query Thing { thing(name: "x") { id } }`;
  assert.match(await refused({ "a.graphql": `query A { nothing }` }), /Cannot query field "nothing"/);
  assert.match(await refused({ "a.graphql": `query A {` }), /Syntax Error/);
  assert.match(await refused({ "a.graphql": `{ thing(name: "x") { id } }` }), /needs one operation, and that a name/);
  assert.match(await refused({ "a.graphql": `${query} ${query.replace("Thing", "Other")}` }), /one operation/);
  assert.match(await refused({ "a.graphql": `subscription News { news { items } }` }), /subscription can't be a tool/);
  assert.match(await refused({ "A-b.graphql": query }), /lower case/);
  assert.match(await refused({ "a.graphql": `# colour: red\n#\n# x\n${query}` }), /"colour", which means nothing/);
  assert.match(await refused({ "a.graphql": `# nonsense\n#\n# x\n${query}` }), /no "key: value"/);
  assert.match(await refused({ "a.graphql": query }, { before: { "a.graphql": query } }), /already/);
  const rename = `mutation Rename($name: String!) { rename(name: $name) { id } }`;
  assert.match(
    await refused({ "a.graphql": rename }, { mutations: false }),
    /may only read: FINGERPOST_TOOL_MUTATIONS/,
  );
  assert.deepEqual(await readTools([{ path: "/nowhere", mutations: false, origin: "operator" }], SCHEMA), []);
});
