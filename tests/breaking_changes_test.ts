import assert from "node:assert/strict";
import { findBreaches, type Release, versionOf } from "./support/breaking_changes.ts";
import { VERSION } from "../src/app/version.ts";

const ROOT = new URL("../", import.meta.url);

async function readRelease(): Promise<Release> {
  const folder = new URL("docs/decisions/", ROOT);
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
  const records = await Promise.all(names.map((name) => Deno.readTextFile(new URL(name, folder))));
  return { schema: await Deno.readTextFile(new URL("schema.released.graphql", ROOT)), records };
}

Deno.test("no client of the last release breaks but as a decision record says", async () => {
  const current = await Deno.readTextFile(new URL("schema.graphql", ROOT));
  assert.deepEqual(await findBreaches(await readRelease(), current), []);
});

Deno.test("the last release is this version or an earlier one", async () => {
  const { schema } = await readRelease();
  const parts = (version: string) => version.split(".").map((part) => part.padStart(5, "0")).join(".");
  assert.ok(parts(versionOf(schema)) <= parts(VERSION), `${versionOf(schema)} is later than ${VERSION}`);
});

const RELEASED = `# The schema of 1.2.0

directive @mark(on: Boolean = true) on FIELD
enum Status { OPEN DONE }
input Filter { status: Status = OPEN text: String }
type Item { id: ID! name: String! old: String @deprecated(reason: "Use name") }
type Other { id: ID! }
union Found = Item
type Query { items(first: Int = 20, filter: Filter): [Item!]! found: Found }
`;

/** What a change of the released schema is told. */
function breachesOf(from: string, to: string, ...records: string[]): Promise<string[]> {
  assert.ok(RELEASED.includes(from), from);
  return findBreaches({ schema: RELEASED, records }, RELEASED.replace(from, to));
}

Deno.test("a change that breaks clients is found, and passes where a record names it for this release alone", async () => {
  const breaks: [what: string, from: string, to: string, path: string][] = [
    ["a field removed", "name: String!", "", "Item.name"],
    ["a deprecated field removed", `old: String @deprecated(reason: "Use name")`, "", "Item.old"],
    ["a field that may be null now", "name: String!", "name: String", "Item.name"],
    ["a type removed", "type Other { id: ID! }", "", "Other"],
    ["an argument removed", "first: Int = 20, ", "", "Query.items.first"],
    ["an argument more that is required", "found: Found", "found(id: ID!): Found", "Query.found.id"],
    ["an input field that is required", "text: String", "text: String!", "Filter.text"],
    ["an enum value removed", "OPEN DONE", "OPEN", "Status.DONE"],
    ["a member of a union removed", "union Found = Item", "union Found = Other", "Found"],
    ["another default of an argument", "first: Int = 20", "first: Int = 10", "Query.items.first"],
    ["another default of an input field", "Status = OPEN", "Status = DONE", "Filter.status"],
    ["another default of a directive", "Boolean = true", "Boolean = false", "mark.on"],
  ];
  for (const [what, from, to, path] of breaks) {
    const [breach, ...more] = await breachesOf(from, to);
    assert.match(breach ?? "", new RegExp(`\\(Breaks 1\\.2\\.0: @?${path}\\)$`), what);
    assert.deepEqual(more, [], what);
    const [, name = ""] = /Breaks 1\.2\.0: (.+)\)$/.exec(breach ?? "") ?? [];
    assert.deepEqual(
      await breachesOf(from, to, "# 1. Other", `# 2. Names\n\nWhy.\n\nBreaks 1.2.0: ${name}\n`),
      [],
      what,
    );
    assert.deepEqual(
      await breachesOf(from, to, `Breaks 1.1.0: ${name}`),
      [breach],
      `${what}, named for another release`,
    );
    assert.deepEqual(await breachesOf(from, to, `It says Breaks 1.2.0: ${name}`), [breach], `${what}, in a sentence`);
  }
});

Deno.test("a change that adds breaks nothing", async () => {
  const additions: [what: string, from: string, to: string][] = [
    ["a field", "name: String!", "name: String! more: Int"],
    ["a field that is never null now", "found: Found", "found: Found!"],
    ["an argument", "found: Found", "found(id: ID): Found"],
    ["an input field", "text: String", "text: String more: Int"],
    ["an enum value", "OPEN DONE", "OPEN DONE LATER"],
    ["a member of a union", "= Item", "= Item | Other"],
    ["a type", "union Found", "type New { id: ID! } union Found"],
    ["a deprecation", "name: String!", `name: String! @deprecated(reason: "Use more")`],
    ["a description", "type Item {", `"An item." type Item {`],
  ];
  for (const [what, from, to] of additions) assert.deepEqual(await breachesOf(from, to), [], what);
});

Deno.test("a record that names what does not break is found", async () => {
  assert.deepEqual(await breachesOf("name: String!", "name: String! more: Int", "Breaks 1.2.0: Item.name, Item.more"), [
    "A decision record names Item.name, which breaks nothing",
    "A decision record names Item.more, which breaks nothing",
  ]);
});
