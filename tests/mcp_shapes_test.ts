import assert from "node:assert/strict";
import { buildSchema, parse, validate } from "graphql";
import { shapeSchema } from "../src/mcp/_output_schema.ts";
import { type Shape, shapeOf } from "../src/mcp/_shape.ts";
import { assertValid, shapeOfQuery } from "./support/answers.ts";

/** What a shape says of a field, by its path. */
function at(shape: Shape, ...path: string[]): Shape {
  return path.reduce((inner, key) => {
    const object = inner.kind === "list" ? inner.item : inner;
    const field = object.kind === "object" ? object.fields.get(key) : undefined;
    assert.ok(field, `${path.join(".")} is selected`);
    return field;
  }, shape);
}

Deno.test("a shape has a document's fields in its order, through fragments, aliases and conditions", () => {
  const shape = shapeOfQuery(`query ($id: ID!, $all: Boolean!) {
    mine: element(id: $id) { __typename status ...Where text @include(if: $all) ... @skip(if: $all) { note } title: pageTitle }
  } fragment Where on Element { id box { x } box { y } ... on Node { id } }`);
  const element = at(shape, "mine");
  assert.ok(element.kind === "object" && element.nullable && element.type === "Element");
  assert.deepEqual([...element.fields.keys()], ["__typename", "status", "id", "box", "text", "note", "title"]);
  assert.deepEqual(
    [...element.fields].filter(([, { optional }]) => optional).map(([key]) => key),
    ["text", "note"],
  );
  assert.deepEqual(at(shape, "mine", "status"), {
    kind: "leaf",
    type: "ElementStatus",
    field: "status",
    nullable: false,
    optional: false,
    values: ["OPEN", "RESOLVED"],
  });
  assert.equal(at(shape, "mine", "title").field, "pageTitle");
  assert.equal(at(shape, "mine", "__typename").nullable, false);
  const box = at(shape, "mine", "box");
  assert.deepEqual(box.kind === "object" && [...box.fields.keys()], ["x", "y"]);
});

Deno.test("a shape knows what only some types of a union or interface have", () => {
  const shape = shapeOfQuery(`{
    found { __typename ... on Node { id } ... on Element { status } ... on User { name } }
    node { id ... on User { name } }
  }`);
  const optional = (...path: string[]) => at(shape, ...path).optional;
  assert.deepEqual([optional("found", "__typename"), optional("found", "id")], [false, false]);
  assert.deepEqual([optional("found", "status"), optional("found", "name")], [true, true]);
  assert.deepEqual([optional("node", "id"), optional("node", "name")], [false, true]);
});

Deno.test("what a field selects only under a condition may be absent inside of it", () => {
  const shape = shapeOfQuery(`query ($id: ID!, $all: Boolean!) {
    element(id: $id) { box { x } }
    element(id: $id) @include(if: $all) { box { y } status }
    other: element(id: "2") @include(if: $all) { box { x } }
  }`);
  assert.equal(at(shape, "element").optional, false);
  assert.equal(at(shape, "element", "status").optional, true);
  assert.equal(at(shape, "element", "box").optional, false);
  assert.equal(at(shape, "element", "box", "x").optional, false);
  assert.equal(at(shape, "element", "box", "y").optional, true);
  assert.deepEqual([at(shape, "other").optional, at(shape, "other", "box", "x").optional], [true, false]);
});

Deno.test("a shape's schema says types, nulls, enums, dates and what is always there, and nothing else", () => {
  const shape = shapeOfQuery(`query ($id: ID!, $all: Boolean!) { element(id: $id) {
    id note status createdAt live attributes text @include(if: $all) classNames
    screenshot { scaled { base64 mimeType width } } capturedBy { name }
  } }`);
  assert.deepEqual(shapeSchema(shape), {
    type: "object",
    properties: {
      element: {
        type: ["object", "null"],
        properties: {
          id: { type: "string" },
          note: { type: ["string", "null"] },
          status: { enum: ["OPEN", "RESOLVED"] },
          createdAt: { type: "string", format: "date-time" },
          live: { type: "boolean" },
          attributes: {},
          text: { type: ["string", "null"] },
          classNames: { type: "array", items: { type: "string" } },
          screenshot: {
            type: ["object", "null"],
            properties: {
              scaled: {
                type: "object",
                properties: { mimeType: { type: "string" }, width: { type: "integer" } },
                required: ["mimeType", "width"],
              },
            },
            required: ["scaled"],
          },
          capturedBy: { type: ["object", "null"], properties: { name: { type: "string" } }, required: ["name"] },
        },
        required: ["id", "note", "status", "createdAt", "live", "attributes", "classNames", "screenshot", "capturedBy"],
      },
      cut: { type: "array" },
    },
    required: ["element"],
  });
});

Deno.test("a schema names what is repeated once, and still refuses what does not fit", () => {
  const shape = shapeOfQuery(`{
    a: element(id: "1") { box { x y width height } } b: element(id: "2") { box { x y width height } }
    c: element(id: "3") { id box { x y width height } }
  }`);
  const { $defs = {}, properties } = shapeSchema(shape);
  assert.deepEqual(Object.keys($defs).sort(), ["Box", "Element"]);
  assert.deepEqual(properties?.["a"], { $ref: "#/$defs/Element" });
  const box = { x: 1, y: 2, width: 3, height: 4 };
  assertValid({ a: null, b: { box }, c: { id: "3", box } }, shape);
  for (const wrong of [{ x: "1" }, { ...box, x: "1" }, null]) {
    assert.throws(() => assertValid({ a: { box: wrong }, b: null, c: null }, shape));
    assert.throws(() => assertValid({ a: null, b: null, c: { id: "3", box: wrong } }, shape));
  }
});

Deno.test("every tool's document has a shape and a schema", async () => {
  const schema = buildSchema(await Deno.readTextFile("schema.graphql"));
  const folder = "src/mcp/operations";
  for (const { name } of Deno.readDirSync(folder)) {
    const document = parse(await Deno.readTextFile(`${folder}/${name}`));
    assert.deepEqual(validate(schema, document), []);
    const text = JSON.stringify(shapeSchema(shapeOf(document, schema)));
    assert.ok(text.startsWith(`{"type":"object","properties":{`), name);
    assert.doesNotMatch(text, /"description":"|"additionalProperties"/);
  }
});
