import type { JSONValue } from "@modelcontextprotocol/server";
import {
  type ConstValueNode,
  type GraphQLInputType,
  type GraphQLSchema,
  isEnumType,
  isListType,
  isNonNullType,
  typeFromAST,
  valueFromASTUntyped,
  type VariableDefinitionNode,
} from "graphql";

/** A JSON Schema (2020-12), as much of it as variables need. */
export type JsonSchema = {
  type?: string;
  description?: string;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: boolean;
  items?: JsonSchema;
  enum?: string[];
  default?: JSONValue;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  uniqueItems?: boolean;
};

const SCALARS: Record<string, JsonSchema> = {
  ID: { type: "string" },
  String: { type: "string" },
  Int: { type: "integer" },
  Float: { type: "number" },
  Boolean: { type: "boolean" },
  DateTime: { type: "string" },
};
const RANGE = /\b(\d[\d,]*) to (\d[\d,]*)\b/;
const CHARACTERS = /(?:(\d[\d,]*) to )?(\d[\d,]*) characters/g;

/**
 * The JSON Schema of one variable of an operation. `told` is what the schema says of what it fills: its limits hold (`1 to 100`,
 * `at most 50 characters`), and it is the description where the document has none; an empty one there means none.
 */
export function variableSchema(
  { type, defaultValue, description }: VariableDefinitionNode,
  { schema, told }: { schema: GraphQLSchema; told: string },
): JsonSchema {
  const shape = typeSchema(typeFromAST(schema, type) as GraphQLInputType | undefined);
  const text = description?.value ?? told;
  return {
    ...shape,
    ...limitsOf(shape, told),
    ...(text === "" ? {} : { description: text }),
    ...(defaultValue === undefined ? {} : { default: constantOf(defaultValue) }),
  };
}

// Null is as good as absent in GraphQL, and simpler for a model to leave out: so it is not offered.
function typeSchema(type: GraphQLInputType | undefined): JsonSchema {
  if (isNonNullType(type)) return typeSchema(type.ofType);
  if (isListType(type)) return { type: "array", items: typeSchema(type.ofType) };
  if (isEnumType(type)) return { type: "string", enum: type.getValues().map(({ name }) => name) };
  return SCALARS[type === undefined ? "" : type.name] ?? {};
}

function limitsOf({ type, enum: values }: JsonSchema, description: string): JsonSchema {
  if (values !== undefined) return {};
  if (type === "integer") {
    const [, from, to] = RANGE.exec(description) ?? [];
    return { ...withNumber("minimum", from), ...withNumber("maximum", to) };
  }
  if (type !== "string") return {};
  const [, from, to] = [...description.matchAll(CHARACTERS)].at(-1) ?? [];
  return { ...withNumber("minLength", from), ...withNumber("maxLength", to) };
}

function withNumber(name: "minimum" | "maximum" | "minLength" | "maxLength", digits: string | undefined): JsonSchema {
  return digits === undefined ? {} : { [name]: Number(digits.replaceAll(",", "")) };
}

function constantOf(node: ConstValueNode): JSONValue {
  return JSON.parse(JSON.stringify(valueFromASTUntyped(node)));
}
