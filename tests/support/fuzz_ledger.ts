import assert from "node:assert/strict";
import {
  getNamedType,
  type GraphQLInputType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isLeafType,
  isObjectType,
} from "graphql";
import type { FuzzOperation } from "./fuzz_operations.ts";
import { isObject } from "./fuzz_values.ts";
import type { Data } from "./running_app.ts";

/** What mutations that went through sent, to be found unchanged: in the answer, when it is read back, and at the end. */
export interface Ledger {
  /** Holds the answer of a mutation against what was sent. Returns the global id of what it changed, null where it has none. */
  note(operation: FuzzOperation, variables: Record<string, unknown>, answer: Data): string | null;
  /** Lets go of what was changed by other means than the API. */
  forget(ids: string[]): void;
  /** Every id that something was sent for, with how to read it back. */
  readonly ids: Iterable<string>;
  /** The query that reads an id back. */
  queryOf(id: string): string;
  /** Holds what was read back against all that was sent for the id; null says that it is gone by now. */
  compare(id: string, readBack: Data | null): void;
}

type Sent = { type: GraphQLInputType; value: unknown };

/** Builds an empty ledger. */
export function createLedger(schema: GraphQLSchema): Ledger {
  const kept = new Map<string, { typeName: string; sent: Map<string, Sent> }>();
  return {
    note,
    forget: (ids) => ids.forEach((id) => kept.delete(id)),
    get ids() {
      return [...kept.keys()];
    },
    queryOf,
    compare,
  };

  function note({ field, variables: declared }: FuzzOperation, variables: Record<string, unknown>, answer: Data) {
    const sent = new Map<string, Sent>();
    for (const { name, path, argument } of declared) {
      // Arguments below the root say what is read, not what is stored.
      if (path.split(".").length > 2 || variables[name] === undefined) continue;
      for (const [key, value] of fieldsOf(argument.name, { type: argument.type, value: variables[name] })) {
        sent.set(key, value);
      }
    }
    const answered = getNamedType(field.type);
    // It went through, and what it is now is not told: a field below failed.
    if (!isObject(answer)) {
      for (const id of kept.keys()) {
        if (JSON.stringify(variables).includes(id)) kept.delete(id);
      }
    }
    if (!isObjectType(answered) || !isObject(answer)) return null;
    // What was asked for in part, by arguments of its own, is compared when it is read back.
    const parts = new Set(
      declared.map(({ path }) => path.split(".")).filter(({ length }) => length > 2).map(([, at]) => at),
    );
    const whole = Object.fromEntries(Object.entries(answer).filter(([name]) => !parts.has(name)));
    holds(sent, whole);
    const isNode = answered.getInterfaces().some(({ name }) => name === "Node");
    // A payload has what was stored inside.
    if (!isNode) { for (const inner of Object.values(answer)) if (isObject(inner)) holds(sent, inner); }
    if (!isNode || typeof answer["id"] !== "string") return null;
    const before = kept.get(answer["id"])?.sent ?? new Map();
    kept.set(answer["id"], { typeName: answered.name, sent: new Map([...before, ...sent]) });
    return answer["id"];
  }

  function queryOf(id: string): string {
    const { typeName, sent } = kept.get(id) ?? { typeName: "Node", sent: new Map<string, Sent>() };
    const type = schema.getType(typeName);
    const fields = isObjectType(type) || isInterfaceType(type) ? Object.values(type.getFields()) : [];
    const wanted = fields.filter(({ name }) => sent.has(name)).map(({ name, type }) => {
      const below = getNamedType(type);
      if (!isObjectType(below)) return name;
      const inner = Object.values(below.getFields()).filter((field) => isLeafType(getNamedType(field.type)));
      return `${name} { ${inner.map((field) => field.name).join(" ")} }`;
    });
    return `query ($id: ID!) { node(id: $id) { id ... on ${typeName} { __typename ${wanted.join(" ")} } } }`;
  }

  function compare(id: string, readBack: Data | null): void {
    if (readBack === null) kept.delete(id);
    else holds(kept.get(id)?.sent ?? new Map(), readBack);
  }
}

/** The fields of an input object, or the argument alone. */
function fieldsOf(name: string, { type, value }: Sent): [string, Sent][] {
  const named = getNamedType(type);
  if (!isInputObjectType(named) || !isObject(value)) return [[name, { type, value }]];
  return Object.entries(named.getFields()).map(([key, field]) => [key, { type: field.type, value: value[key] }]);
}

function holds(sent: Map<string, Sent>, answered: Record<string, unknown>): void {
  for (const [name, { type, value }] of sent) {
    const shown = answered[name];
    // What is not shown under its name is not compared; null takes away or means the default.
    const isHidden = shown === undefined || name === "id" || (shown === null && answered["secret"] === true);
    if (isHidden || value === null || value === undefined) continue;
    assert.ok(
      isSame({ type, value }, shown),
      `${name} was sent as ${JSON.stringify(value)} and is ${JSON.stringify(shown)}`,
    );
  }
}

function isSame({ type, value }: Sent, shown: unknown): boolean {
  const named = getNamedType(type);
  if (isInputObjectType(named) && isObject(value)) {
    if (!isObject(shown)) return false;
    return fieldsOf("", { type, value }).every(([key, field]) =>
      shown[key] === undefined || field.value === undefined || isSame(field, shown[key])
    );
  }
  if (Array.isArray(shown) && named.name !== "JSON") {
    // Of names from a closed list, a set is kept.
    const items = isEnumType(named) ? [...new Set([value].flat())] : [value].flat();
    return items.length === shown.length && items.every((item, at) => isSame({ type, value: item }, shown[at]));
  }
  if (named.name === "DateTime") return Date.parse(String(value)) === Date.parse(String(shown));
  // An id may be sent as a number.
  if (typeof value === "number" && typeof shown === "string") return String(value) === shown;
  // Of what is tried, captures mask this.
  const [text, shownText] = [JSON.stringify(value), JSON.stringify(shown)];
  return text === shownText || text.replaceAll("user:pass@", "user:[masked:password]@") === shownText;
}
