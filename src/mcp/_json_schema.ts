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
const NUMBER = /\d[\d,]*/.source;
const RANGE = new RegExp(`\\b(${NUMBER}) to (${NUMBER})\\b`);
const AT_MOST = new RegExp(`\\bat most (${NUMBER})\\b`, "i");

/** The JSON Schema of one variable of an operation; the limits that its description tells (`1 to 100`, `at most 50 characters`) hold. */
export function variableSchema(
  { type, defaultValue }: VariableDefinitionNode,
  { schema, description }: { schema: GraphQLSchema; description: string | undefined },
): JsonSchema {
  const shape = typeSchema(typeFromAST(schema, type) as GraphQLInputType | undefined);
  return {
    ...shape,
    ...limitsOf(shape, description ?? ""),
    ...(description === undefined ? {} : { description }),
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
  const [, least, most = AT_MOST.exec(description)?.[1]] = RANGE.exec(description) ?? [];
  const [from, to] = [least, most].map((number) => number && Number(number.replaceAll(",", "")));
  if (type === "integer") {
    return { ...(from ? { minimum: Number(from) } : {}), ...(to ? { maximum: Number(to) } : {}) };
  }
  if (type !== "string" || !description.includes("characters")) return {};
  return { ...(from ? { minLength: Number(from) } : {}), ...(to ? { maxLength: Number(to) } : {}) };
}

function constantOf(node: ConstValueNode): JSONValue {
  return JSON.parse(JSON.stringify(valueFromASTUntyped(node)));
}
