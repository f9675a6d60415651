import assert from "node:assert/strict";
import {
  buildClientSchema,
  buildSchema,
  DEFAULT_DEPRECATION_REASON,
  getIntrospectionQuery,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isSpecifiedScalarType,
  lexicographicSortSchema,
  printSchema,
} from "graphql";
import { ERROR_CODES } from "../src/base/errors.ts";
import { startApp } from "./support/running_app.ts";

const SCHEMA = new URL("../schema.graphql", import.meta.url);
const ACCESS_MATRIX = new URL("snapshots/access_matrix.txt", import.meta.url);

Deno.test("schema.graphql is what the server serves: run `deno task schema` after a change", async () => {
  await using app = await startApp();
  const served = buildClientSchema(await app.ask(getIntrospectionQuery()));
  const text = `${printSchema(lexicographicSortSchema(served))}\n`;
  assert.equal(await Deno.readTextFile(SCHEMA), text);
});

/** Something of the schema that says what it is. */
interface Described {
  place: string;
  description: string | null | undefined;
  deprecationReason?: string | null | undefined;
}

Deno.test("every type, field, argument and value of the schema says what it is, and a deprecated one why", async () => {
  await using app = await startApp();
  const served = buildClientSchema(await app.ask(getIntrospectionQuery({ inputValueDeprecation: true })));
  const described = describedIn(served);
  assert.ok(described.length > 450, String(described.length));
  assert.deepEqual(described.filter(isSilent).map(({ place }) => place), []);
});

Deno.test("the test of descriptions finds what is silent, and a deprecation without a reason", () => {
  const schema = buildSchema(`
    "Fine."
    type Query { mute: Int "Fine." old(a: Int): Int @deprecated "Fine." gone: E @deprecated(reason: "Use old.") }
    enum E { "V" V }
    "Fine."
    input I { a: Int }`);
  assert.deepEqual(describedIn(schema).filter(isSilent).map(({ place }) => place), [
    ...["Query.mute", "Query.old", "Query.old.a", "E", "E.V", "I.a"],
  ]);
});

Deno.test("every root field tells the codes that it was seen to refuse with", async () => {
  const schema = buildSchema(await Deno.readTextFile(SCHEMA));
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  const seen = await readRefusals();
  assert.ok(seen.size > 30, String(seen.size));
  const untold = roots.flatMap((type) => Object.values(type?.getFields() ?? {})).flatMap(({ name, description }) => {
    const told = new Set(Array.from((description ?? "").matchAll(/`([A-Z]+(?:_[A-Z]+)*)`/g), ([, code]) => code));
    const isSilent = !ERROR_CODES.some((code) => told.has(code)) && !NEVER_REFUSED.includes(name);
    const missing = [...seen.get(name) ?? [], ...isSilent ? ["any"] : []].filter((code) => !told.has(code));
    return missing.map((code) => `${name}: ${code}`);
  });
  assert.deepEqual(untold, []);
});

/** Root fields that answer null where others refuse; what a dead token meets is told in docs/errors.md. */
const NEVER_REFUSED = ["node", "viewer"];

/** What is refused there are fields of the answer, which tell their codes themselves. */
const OF_FIELDS_INSIDE = "viewer (";

/** The codes that root fields were seen to refuse with in the table of who may do what, but for a credential that is dead. */
async function readRefusals(): Promise<Map<string, Set<string>>> {
  const lines = (await Deno.readTextFile(ACCESS_MATRIX)).split("\n");
  const codes = new Map(
    Array.from((lines[1] ?? "").matchAll(/(\w+) ([A-Z_]{4,})/g), ([, short = "", code = ""]) => [short, code]),
  );
  const head = lines.findIndex((line) => /^ .*\bguest\b/.test(line));
  const actors = (lines[head] ?? "").trim().split(/ {2,}/);
  return lines.slice(head + 1).reduce((seen, line) => {
    const [name = "", ...cells] = line.split(/ {2,}/);
    const refused = cells.filter((_, index) => !["dead", "t:expired"].includes(actors[index] ?? ""))
      .map((cell) => codes.get(cell)).filter((code) => code !== undefined);
    const field = name.split(" ")[0] ?? "";
    return field === "" || name.startsWith(OF_FIELDS_INSIDE)
      ? seen
      : seen.set(field, new Set([...seen.get(field) ?? [], ...refused]));
  }, new Map<string, Set<string>>());
}

/** Every type, field, argument, input field and value, by its place. */
function describedIn(schema: GraphQLSchema): Described[] {
  const types = Object.values(schema.getTypeMap()).filter((type) =>
    !type.name.startsWith("__") && !isSpecifiedScalarType(type)
  );
  return types.flatMap((type): Described[] => {
    const own = { place: type.name, description: type.description };
    if (isEnumType(type)) return [own, ...type.getValues().map((value) => within(type.name, value))];
    if (isInputObjectType(type)) {
      return [
        own,
        ...Object.values(type.getFields()).map((field) => within(type.name, field)),
      ];
    }
    if (!isObjectType(type) && !isInterfaceType(type)) return [own];
    const fields = Object.values(type.getFields()).flatMap((field) => [
      within(type.name, field),
      ...field.args.map((argument) => within(`${type.name}.${field.name}`, argument)),
    ]);
    return [own, ...fields];
  });
}

function within(place: string, { name, description, deprecationReason }: Omit<Described, "place"> & { name: string }) {
  return { place: `${place}.${name}`, description, deprecationReason };
}

function isSilent({ description, deprecationReason }: Described): boolean {
  if (!isSentence(description)) return true;
  return typeof deprecationReason === "string" && !isSentence(deprecationReason);
}

// A name said again tells nothing, nor does the reason that GraphQL puts where none is given.
function isSentence(text: string | null | undefined): boolean {
  return /^\S.{2,}[.:]$/s.test(text ?? "") && text !== DEFAULT_DEPRECATION_REASON;
}
