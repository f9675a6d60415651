import {
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
  default?: unknown;
  minimum?: number;
  maximum?: number;
};

const SCALARS: Record<string, JsonSchema> = {
  ID: { type: "string" },
  String: { type: "string" },
  Int: { type: "integer" },
  Float: { type: "number" },
  Boolean: { type: "boolean" },
  DateTime: { type: "string" },
};

/** The JSON Schema of one variable of an operation. */
export function variableSchema(
  { type, defaultValue }: VariableDefinitionNode,
  { schema, description }: { schema: GraphQLSchema; description: string | undefined },
): JsonSchema {
  return {
    ...typeSchema(typeFromAST(schema, type) as GraphQLInputType | undefined),
    ...(description === undefined ? {} : { description }),
    ...(defaultValue === undefined ? {} : { default: valueFromASTUntyped(defaultValue) }),
  };
}

// Null is as good as absent in GraphQL, and simpler for a model to leave out: so it is not offered.
function typeSchema(type: GraphQLInputType | undefined): JsonSchema {
  if (isNonNullType(type)) return typeSchema(type.ofType);
  if (isListType(type)) return { type: "array", items: typeSchema(type.ofType) };
  if (isEnumType(type)) return { type: "string", enum: type.getValues().map(({ name }) => name) };
  return SCALARS[type === undefined ? "" : type.name] ?? {};
}
