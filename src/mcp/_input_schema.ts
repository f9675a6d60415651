import {
  type DocumentNode,
  type GraphQLSchema,
  isInputObjectType,
  type OperationDefinitionNode,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from "graphql";
import { type JsonSchema, variableSchema } from "./_json_schema.ts";
import { switchArguments, type Switches } from "./_switches.ts";
import { DEFAULT_TIMEOUT_SECONDS, MAX_TIMEOUT_SECONDS, type Waiting } from "./_waiting.ts";

/** A JSON Schema (2020-12) of an object of arguments. */
export type InputSchema = JsonSchema & { type: "object"; properties: Record<string, JsonSchema> };

/** What a result may have at most, in tokens of 4 bytes. */
export const BUDGET = { minimum: 500, default: 8_000, maximum: 25_000 } as const;

const TIMEOUT: JsonSchema = {
  type: "integer",
  minimum: 0,
  maximum: MAX_TIMEOUT_SECONDS,
  default: DEFAULT_TIMEOUT_SECONDS,
};
// The server's instructions say what it is, once for all tools.
const MAX_TOKENS: JsonSchema = { type: "integer", minimum: BUDGET.minimum, maximum: BUDGET.maximum };

/** The JSON Schema of a tool's arguments: its variables, and what the adapter adds for choosing, waiting and the answer's size. */
export function readInputSchema(document: DocumentNode, { operation, schema, switches, waiting }: {
  operation: OperationDefinitionNode;
  schema: GraphQLSchema;
  switches: Switches;
  waiting: Waiting | null;
}): InputSchema {
  const descriptions = describeVariables(document, schema);
  const hidden = new Set<string>([...switches.names, ...(waiting === null ? [] : ["waitSeconds"])]);
  const variables = (operation.variableDefinitions ?? []).filter(({ variable }) => !hidden.has(variable.name.value));
  const required = variables.filter(({ type, defaultValue }) => type.kind === "NonNullType" && !defaultValue);
  return {
    type: "object",
    properties: {
      ...Object.fromEntries(variables.map((variable) => {
        const name = variable.variable.name.value;
        return [name, variableSchema(variable, { schema, told: descriptions.get(name) ?? "" })];
      })),
      ...switchArguments(switches),
      ...(waiting === null ? {} : { timeoutSeconds: TIMEOUT }),
      maxTokens: MAX_TOKENS,
    },
    ...(required.length === 0 ? {} : { required: required.map(({ variable }) => variable.name.value) }),
    additionalProperties: false,
  };
}

/** What the schema says of the argument or input field that each variable fills. */
function describeVariables(document: DocumentNode, schema: GraphQLSchema): Map<string, string> {
  const descriptions = new Map<string, string>();
  const info = new TypeInfo(schema);
  const place = { description: undefined as string | null | undefined };
  visit(
    document,
    visitWithTypeInfo(info, {
      Argument: () => void (place.description = info.getArgument()?.description),
      ObjectField: ({ name }) => {
        const parent = info.getParentInputType();
        place.description = isInputObjectType(parent) ? parent.getFields()[name.value]?.description : undefined;
      },
      Variable: ({ name }) => void (place.description && descriptions.set(name.value, place.description)),
    }),
  );
  return descriptions;
}
