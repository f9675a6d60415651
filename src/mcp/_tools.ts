import {
  type DocumentNode,
  getOperationAST,
  type GraphQLSchema,
  OperationTypeNode,
  parse,
  TypeInfo,
  validate,
  visit,
  visitWithTypeInfo,
} from "graphql";
import { type JsonSchema, variableSchema } from "./_json_schema.ts";

/** A tool: one GraphQL operation, as its file says. */
export interface ToolDefinition {
  /** The file's name without its ending. */
  name: string;
  /** The comment at the file's head. */
  description: string;
  query: string;
  readOnly: boolean;
  /** A JSON Schema (2020-12) of the operation's variables. */
  inputSchema: JsonSchema;
}

/** Reads every `.graphql` file of a folder as a tool, by name. Throws an Error that names a file that does not fit the schema. */
export async function readTools(folder: string, schema: GraphQLSchema): Promise<ToolDefinition[]> {
  const entries = await Array.fromAsync(Deno.readDir(folder));
  const files = entries.map((entry) => entry.name).filter((name) => name.endsWith(".graphql")).sort();
  return await Promise.all(files.map(async (file) => {
    const query = await Deno.readTextFile(`${folder}/${file}`);
    return readTool(file, query, schema);
  }));
}

function readTool(file: string, query: string, schema: GraphQLSchema): ToolDefinition {
  const document = parse(query);
  const [fault] = validate(schema, document);
  const operation = getOperationAST(document);
  if (fault !== undefined || !operation) {
    throw new Error(`Cannot make a tool of "${file}": ${fault?.message ?? "it needs one operation"}`);
  }
  const descriptions = describeVariables(document, schema);
  const variables = operation.variableDefinitions ?? [];
  const isRequired = ({ type, defaultValue }: (typeof variables)[number]) =>
    type.kind === "NonNullType" && defaultValue === undefined;
  return {
    name: file.replace(/\.graphql$/, ""),
    description: leadingComment(query),
    query,
    readOnly: operation.operation === OperationTypeNode.QUERY,
    inputSchema: {
      type: "object",
      properties: Object.fromEntries(variables.map((variable) => {
        const name = variable.variable.name.value;
        return [name, variableSchema(variable, { schema, description: descriptions.get(name) })];
      })),
      required: variables.filter(isRequired).map(({ variable }) => variable.name.value),
      additionalProperties: false,
    },
  };
}

function leadingComment(query: string): string {
  const [comment = ""] = /^(?:#.*\n)*/.exec(query) ?? [];
  return comment.replace(/^# ?/gm, "").replaceAll("\n", " ").trim();
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
      ObjectField: () => void (place.description = info.getArgument()?.description ?? place.description),
      Variable: ({ name }) => void (place.description && descriptions.set(name.value, place.description)),
    }),
  );
  return descriptions;
}
