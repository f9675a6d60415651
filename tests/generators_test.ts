import assert from "node:assert/strict";

// Their tools are large, so they have a configuration and a lock file of their own: nobody who only starts the server loads them.
const CONFIG = new URL("generators/deno.json", import.meta.url).pathname;
const SCHEMA = new URL("../schema.graphql", import.meta.url);
const RELAY = "npm:relay-compiler@21.0.1";
const CODEGEN = "npm:@graphql-codegen/cli@7.4.3/graphql-codegen-esm";

interface Project extends AsyncDisposable {
  folder: string;
  /** Runs `deno` in the folder. */
  run(...args: string[]): Promise<{ success: boolean; text: string }>;
}

/** A folder with these files and the schema. */
async function makeProject(files: Record<string, string>): Promise<Project> {
  const folder = await Deno.makeTempDir({ prefix: "fingerpost_generators_" });
  await Deno.mkdir(`${folder}/src`);
  await Deno.copyFile(SCHEMA, `${folder}/schema.graphql`);
  for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(`${folder}/${name}`, text);
  return {
    folder,
    run: async (command, ...args) => {
      const all = [command ?? "", "--config", CONFIG, ...args];
      const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args: all, cwd: folder }).output();
      const [out, faults] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
      return { success, text: `${out}${faults}` };
    },
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

const SCALARS = { DateTime: "string", JSON: "unknown" };
const RELAY_CONFIG = JSON.stringify({
  src: "./src",
  schema: "./schema.graphql",
  language: "typescript",
  customScalarTypes: SCALARS,
});
const RELAY_PAGE = `import { graphql } from "relay-runtime";
graphql\`query pageQuery($projectId: ID!) {
  viewer { name ...page_projects }
  ...page_elements @arguments(projectId: $projectId)
}\`;
graphql\`fragment page_elements on Query
  @argumentDefinitions(projectId: { type: "ID!" }, count: { type: "Int", defaultValue: 20 }, cursor: { type: "String" })
  @refetchable(queryName: "pageElementsQuery") {
  elements(projectId: $projectId, first: $count, after: $cursor) @connection(key: "page_elements") {
    edges { node { id ...page_element } }
  }
}\`;
graphql\`fragment page_element on Element @refetchable(queryName: "pageElementQuery") {
  selector note createdAt attributes comments { body author { name } }
}\`;
graphql\`fragment page_projects on User @refetchable(queryName: "pageProjectsQuery") { email role }\`;
graphql\`mutation pageUpdateMutation($input: UpdateElementInput!) { updateElement(input: $input) { ...page_element } }\`;
graphql\`mutation pageDeleteMutation($id: ID!) { deleteElement(id: $id) }\`;
graphql\`subscription pageEventsSubscription($projectId: ID!, $after: Int) {
  elementEvents(projectId: $projectId, after: $after) { revision element { ...page_element } }
}\`;
`;

Deno.test("Relay's compiler takes the schema: connections, refetchable fragments, mutations and subscriptions", async () => {
  await using project = await makeProject({ "relay.config.json": RELAY_CONFIG, "src/page.ts": RELAY_PAGE });
  const { success, text } = await project.run("run", "--allow-all", RELAY, "relay.config.json");
  assert.ok(success, text);
  const generated = [...Deno.readDirSync(`${project.folder}/src/__generated__`)].map(({ name }) => name).sort();
  assert.deepEqual(generated.filter((name) => /(Query|Mutation|Subscription)\./.test(name)), [
    "pageDeleteMutation.graphql.ts",
    "pageElementQuery.graphql.ts",
    "pageElementsQuery.graphql.ts",
    "pageEventsSubscription.graphql.ts",
    "pageProjectsQuery.graphql.ts",
    "pageQuery.graphql.ts",
    "pageUpdateMutation.graphql.ts",
  ]);
  await Deno.writeTextFile(`${project.folder}/src/page.ts`, RELAY_PAGE.replace("selector note", "selector secret"));
  const faulty = await project.run("run", "--allow-all", RELAY, "relay.config.json");
  assert.ok(!faulty.success && faulty.text.includes("has no field `secret`"), faulty.text);
});

const CODEGEN_CONFIG = JSON.stringify({
  schema: "schema.graphql",
  documents: "src/*.graphql",
  generates: {
    "src/gql/": {
      preset: "client",
      config: { scalars: SCALARS, strictScalars: true, useTypeImports: true, importExtension: ".ts" },
    },
  },
});
const OPERATIONS = `
query Elements($projectId: ID!, $after: String) {
  elements(projectId: $projectId, first: 20, after: $after, filter: { status: OPEN }) {
    edges { node { id note status createdAt box { width } comments { author { name } } } }
    pageInfo { hasNextPage endCursor }
  }
}
mutation Update($input: UpdateElementInput!) { updateElement(input: $input) { id note } }
subscription Events($projectId: ID!) { elementEvents(projectId: $projectId) { kind revision } }
`;
const USE = `import type { ResultOf, VariablesOf } from "@graphql-typed-document-node/core";
import { ElementsDocument, EventsDocument, UpdateDocument } from "./gql/graphql.ts";
export function read(data: ResultOf<typeof ElementsDocument>, events: ResultOf<typeof EventsDocument>): void {
  for (const { node } of data.elements.edges) {
    const width: number = node.box.width;
    const note: string | null | undefined = node.note;
    const createdAt: string = node.createdAt;
    console.log(width, note, createdAt, node.comments.map(({ author }) => author?.name));
  }
  const revision: number = events.elementEvents.revision;
  console.log(revision);
}
export const change: VariablesOf<typeof UpdateDocument> = { input: { id: "element_1", status: "RESOLVED" } };
`;

Deno.test("operations typed by @graphql-codegen/cli compile, and what does not fit the schema does not", async () => {
  await using project = await makeProject({
    "codegen.json": CODEGEN_CONFIG,
    "src/operations.graphql": OPERATIONS,
    "src/use.ts": USE,
  });
  const { success, text } = await project.run("run", "--allow-all", CODEGEN, "--config", "codegen.json");
  assert.ok(success, text);
  const sound = await project.run("check", "src/use.ts");
  assert.ok(sound.success, sound.text);
  const planted: [from: string, to: string, fault: string][] = [
    ["const width: number", "const width: string", "TS2322"],
    ["node.note", "node.secret", "'secret' does not exist"],
    [`"RESOLVED"`, `"SOLVED"`, "TS2820"],
    ["EventsDocument>", "UpdateDocument>", "'elementEvents' does not exist"],
  ];
  const faultyUse = planted.reduce((text, [from, to]) => text.replace(from, to), USE);
  await Deno.writeTextFile(`${project.folder}/src/use.ts`, faultyUse);
  const faulty = await project.run("check", "src/use.ts");
  assert.equal(faulty.success, false);
  for (const [, to, fault] of planted) assert.ok(faulty.text.includes(fault), `${to}: ${faulty.text}`);
});
