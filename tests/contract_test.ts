import assert from "node:assert/strict";
import {
  buildSchema,
  findBreakingChanges,
  type GraphQLArgument,
  type GraphQLInputField,
  type GraphQLSchema,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isSpecifiedScalarType,
  validateSchema,
} from "graphql";

const read = async (path: string) => buildSchema(await Deno.readTextFile(new URL(path, import.meta.url)));

/** Where a schema does not keep what clients rely on: what is gone or takes more, and every type that is not the same. */
function findDifferences(contract: GraphQLSchema, schema: GraphQLSchema): string[] {
  const broken = findBreakingChanges(contract, schema).map(({ description }) => description);
  return [...broken, ...findOtherTypes(contract, schema)];
}

// What graphql-js calls no break is one for a client that was generated: null where there was none, or the other way round.
function findOtherTypes(contract: GraphQLSchema, schema: GraphQLSchema): string[] {
  const found = membersOf(schema);
  return [...membersOf(contract)].filter(([place, type]) => found.has(place) && found.get(place) !== type)
    .map(([place, type]) => `${place} is ${found.get(place)} and not ${type}`);
}

/** Each field, argument and input field by its place, with its type as it is written. */
function membersOf(schema: GraphQLSchema): Map<string, string> {
  const types = Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith("__"));
  return new Map(types.flatMap((type) => {
    if (isInputObjectType(type)) return typed(type.name, Object.values(type.getFields()));
    if (!isObjectType(type) && !isInterfaceType(type)) return [];
    return Object.values(type.getFields()).flatMap((field): [string, string][] => [
      [`${type.name}.${field.name}`, String(field.type)],
      ...typed(`${type.name}.${field.name}`, field.args),
    ]);
  }));
}

function typed(place: string, members: readonly (GraphQLArgument | GraphQLInputField)[]): [string, string][] {
  return members.map(({ name, type }) => [`${place}(${name})`, String(type)]);
}

Deno.test("schema.graphql holds what clients rely on: every name, argument and nullability of docs/contract.graphql", async () => {
  const contract = await read("../docs/contract.graphql");
  assert.deepEqual(validateSchema(contract), []);
  const own = Object.values(contract.getTypeMap()).filter((type) =>
    !type.name.startsWith("__") && !isSpecifiedScalarType(type)
  );
  assert.ok(
    own.length > 70 && membersOf(contract).size > 300,
    `${own.length} types, ${membersOf(contract).size} members`,
  );
  assert.deepEqual(findDifferences(contract, await read("../schema.graphql")), []);
});

Deno.test("the test of the contract finds what a client would miss", async () => {
  const contract = await Deno.readTextFile(new URL("../docs/contract.graphql", import.meta.url));
  const changed = (from: string, to: string) => {
    assert.ok(contract.includes(from), from);
    return findDifferences(buildSchema(contract), buildSchema(contract.replace(from, to))).length;
  };
  assert.equal(changed("  hash: String!\n", "  hash: String! more(of: Int): Int\n"), 0, "more is no break");
  assert.equal(changed("  hash: String!\n", ""), 1, "a field that is gone");
  assert.equal(changed("  hash: String!\n", "  hash: String\n"), 2, "null where there was none");
  assert.equal(changed("  pageTitle: String\n", "  pageTitle: String!\n"), 1, "no null where there was one");
  assert.equal(changed("html(maxBytes: Int)", "html"), 1, "an argument that is gone");
  assert.equal(changed("html(maxBytes: Int)", "html(maxBytes: Int!)"), 2, "an argument that must be given");
  assert.equal(changed("{ name: String! }", "{ name: String! key: ID! }"), 1, "an input that must be given");
  assert.equal(changed("RESOLVED DISMISSED", "RESOLVED"), 1, "a value that is gone");
  assert.equal(changed("Signal | SignalExpired", "Signal"), 1, "a member of a union that is gone");
  assert.equal(changed("type Project implements Node", "type Project"), 1, "an interface that is gone");
});
