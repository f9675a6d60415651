import { AjvJsonSchemaValidator } from "@modelcontextprotocol/server/validators/ajv";
import assert from "node:assert/strict";
import fc from "fast-check";
import { buildSchema, parse, validate } from "graphql";
import { type Answer, composeAnswer } from "../../src/mcp/_answer.ts";
import { shapeSchema } from "../../src/mcp/_output_schema.ts";
import { type Shape, shapeOf } from "../../src/mcp/_shape.ts";

/** Types as tools read them, with each kind of field that an answer may have. */
export const SCHEMA = buildSchema(`
  scalar DateTime
  scalar JSON
  enum ElementStatus { OPEN RESOLVED }
  type Box { x: Float! y: Float! width: Float! height: Float! }
  type SourceComponent { framework: String! name: String! file: String line: Int column: Int }
  type Accessibility { role: String name: String }
  type Screenshot { url: String! mimeType: String! width: Int! height: Int! scaled: ScaledImage! }
  type ScaledImage { base64: String! mimeType: String! width: Int! height: Int! }
  type HtmlPart { html: String! after: Int! end: Int! htmlByteSize: Int! hasMore: Boolean! }
  type User implements Node { id: ID! name: String! }
  type Comment { id: ID! author: User body: String! createdAt: DateTime! }
  interface Node { id: ID! }
  type Element implements Node {
    id: ID! selector: String! component: SourceComponent note: String status: ElementStatus! box: Box! text: String
    accessibility: Accessibility pageTitle: String pageUrl: String! classNames: [String!]! attributes: JSON! keyStyles: JSON!
    html: String! htmlOutline: String! htmlPart(after: Int): HtmlPart! comments: [Comment!]! screenshot: Screenshot
    live: Boolean! capturedBy: User createdAt: DateTime!
  }
  type PageInfo { hasNextPage: Boolean! endCursor: String }
  type Edge { cursor: String! node: Element! }
  type Elements { edges: [Edge!]! pageInfo: PageInfo! totalCount: Int! }
  enum ChangeKind { CAPTURED DELETED }
  type ElementEvent { kind: ChangeKind! revision: Int! elementId: ID! element: Element }
  type ElementChanges { revision: Int! hasMore: Boolean! changes: [ElementEvent!]! }
  union Found = Element | User
  type Query {
    element(id: ID!): Element
    elements(first: Int, after: String): Elements!
    changes(after: Int): ElementChanges!
    found: [Found!]!
    node: Node
    count: Int!
  }
  type Mutation { addComment: Comment! setStatus: Element! }
`);

const ROW = "id selector component { name file line } note status pageUrl classNames createdAt";

/** Documents of tools, by name. */
export const DOCUMENTS = {
  get_element: `query Get($id: ID!) { element(id: $id) {
    id selector component { framework name file line column } note status box { x y width height } text
    accessibility { role name } pageTitle pageUrl classNames attributes keyStyles htmlOutline html
    comments { author { name } body createdAt } screenshot { url mimeType width height } live capturedBy { name } createdAt
  } }`,
  get_html:
    `query Html($id: ID!, $after: Int) { element(id: $id) { id htmlPart(after: $after) { html after end htmlByteSize hasMore } } }`,
  get_image: `query Image($id: ID!) { element(id: $id) { id screenshot { scaled { base64 mimeType width height } } } }`,
  list_elements: `query List($first: Int, $after: String) { elements(first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor } edges { cursor node { ${ROW} } }
  } }`,
  watch_elements: `query Watch($after: Int) { changes(after: $after) {
    revision hasMore changes { kind revision elementId element { ${ROW} } }
  } }`,
  comment: `mutation Comment { addComment { id body author { name } createdAt } }`,
} as const;

/** A document's shape. */
export function shapeOfQuery(query: string): Shape {
  const known = shapes.get(query);
  if (known !== undefined) return known;
  const document = parse(query);
  assert.deepEqual(validate(SCHEMA, document), []);
  const shape = shapeOf(document, SCHEMA);
  shapes.set(query, shape);
  return shape;
}

const shapes = new Map<string, Shape>();
const validators = new WeakMap<Shape, ReturnType<AjvJsonSchemaValidator["getValidator"]>>();

/** Composes an answer and checks what holds for each: both forms keep to the budget, and the structured one to its schema. */
export function compose(
  data: Record<string, unknown>,
  { tool, input = {}, maxBytes = 32_000, shape }: {
    tool: keyof typeof DOCUMENTS;
    input?: Record<string, unknown>;
    maxBytes?: number;
    shape?: Shape;
  },
): Answer {
  const ofTool = shape ?? shapeOfQuery(DOCUMENTS[tool]);
  const answer = composeAnswer(data, { tool, input, shape: ofTool, maxBytes });
  assert.ok(bytesOf(JSON.stringify(answer.structured)) <= maxBytes, "structured content keeps to the budget");
  assert.ok(bytesOf(answer.text) <= maxBytes, "text keeps to the budget");
  assertValid(answer.structured, ofTool);
  return answer;
}

/** Fails unless structured content is what the shape's schema promises. */
export function assertValid(structured: unknown, shape: Shape): void {
  const $schema = "https://json-schema.org/draft/2020-12/schema";
  const schema = JSON.parse(JSON.stringify({ $schema, ...shapeSchema(shape) }));
  const validator = validators.get(shape) ?? new AjvJsonSchemaValidator().getValidator(schema);
  validators.set(shape, validator);
  const { valid, errorMessage } = validator(structured);
  assert.ok(valid, String(errorMessage));
}

/** Bytes in UTF-8. */
export function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** An element with everything; some of it as given. */
export function elementData(fields: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    id: "el_1",
    selector: "main > button.pay",
    component: { framework: "react", name: "PayButton", file: "src/cart/PayButton.tsx", line: 42, column: 7 },
    note: "Make this line up",
    status: "OPEN",
    box: { x: 10.5, y: -20, width: 120.25, height: 32 },
    text: "Pay now",
    accessibility: { role: "button", name: "Pay now" },
    pageTitle: "Cart",
    pageUrl: "https://shop.example/cart",
    classNames: ["pay", "btn"],
    attributes: { id: "pay", "data-total": "12,50 €" },
    keyStyles: { display: "inline-flex", color: "rgb(1, 2, 3)" },
    htmlOutline: `<button#pay> "Pay now"`,
    html: `<button id="pay">Pay now</button>`,
    comments: [{ author: { name: "Ann" }, body: "And larger", createdAt: "2026-01-31T12:00:00.000Z" }],
    screenshot: { url: "http://localhost/screenshots/1", mimeType: "image/png", width: 120, height: 32 },
    live: true,
    capturedBy: { name: "Bob" },
    createdAt: "2026-01-31T12:00:00.000Z",
    ...fields,
  };
}

/** Any data of a shape: texts, JSON and lists from nothing to longer than a budget. */
export function anyData(shape: Shape): fc.Arbitrary<unknown> {
  const value = anyPresent(shape);
  return shape.nullable
    ? fc.oneof({ weight: 1, arbitrary: fc.constant(null) }, { weight: 4, arbitrary: value })
    : value;
}

function anyPresent(shape: Shape): fc.Arbitrary<unknown> {
  if (shape.kind === "list") return fc.array(anyData(shape.item), { maxLength: 12 });
  if (shape.field === "cursor" || shape.field === "endCursor") return fc.uuid();
  if (shape.kind === "leaf") return shape.values ? fc.constantFrom(...shape.values) : LEAVES[shape.type] ?? ANY_TEXT;
  const [always, perhaps] = [new Map<string, fc.Arbitrary<unknown>>(), new Map<string, fc.Arbitrary<unknown>>()];
  for (const [key, field] of shape.fields) (field.optional ? perhaps : always).set(key, anyData(field));
  const required = fc.record(Object.fromEntries(always), { noNullPrototype: true });
  if (perhaps.size === 0) return required;
  return fc.tuple(required, fc.record(Object.fromEntries(perhaps), { requiredKeys: [], noNullPrototype: true }))
    .map(([one, other]) => ({ ...one, ...other }));
}

const ANY_TEXT = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.constantFrom("", "é€💳", "\u2028# x", "\ud800", "```", '"\\'),
  fc.tuple(fc.string({ unit: "grapheme", maxLength: 6 }), fc.nat(1_500)).map(([text, times]) => text.repeat(times)),
  fc.nat(900).map((length) => `<img src="data:image/png;base64,${"iVBORw0KGgo".repeat(length)}">`),
);

const LEAVES: Record<string, fc.Arbitrary<unknown>> = {
  ID: fc.uuid(),
  Int: fc.nat(),
  Float: fc.double({ noNaN: true, noDefaultInfinity: true }),
  Boolean: fc.boolean(),
  DateTime: fc.date({ min: new Date(0), max: new Date("2100-01-01"), noInvalidDate: true }).map((date) =>
    date.toISOString()
  ),
  JSON: fc.oneof(
    fc.jsonValue({ maxDepth: 4 }),
    fc.dictionary(fc.string({ maxLength: 20 }), ANY_TEXT, { maxKeys: 20 }),
    fc.nat(60).map((depth) => Array.from({ length: depth }).reduce<unknown>((inner) => ({ inner }), "deep")),
  ),
};
