import type { ToolAnnotations } from "@modelcontextprotocol/server";
import {
  type DocumentNode,
  getOperationAST,
  type GraphQLSchema,
  type OperationDefinitionNode,
  OperationTypeNode,
  parse,
  validate,
} from "graphql";
import { AppError } from "../base/errors.ts";
import { type FrontMatter, readFrontMatter } from "./_front_matter.ts";
import { type InputSchema, readInputSchema } from "./_input_schema.ts";
import { briefSchema, shapeSchema } from "./_output_schema.ts";
import { type Shape, shapeOf } from "./_shape.ts";
import { readSwitches, type Switches } from "./_switches.ts";
import { readWaiting, type Waiting } from "./_waiting.ts";

/** A tool: one GraphQL operation, as its file says. */
export interface ToolDefinition {
  /** The file's name without its ending. */
  name: string;
  title: string;
  /** The comment at the file's head, behind its front matter. */
  description: string;
  query: string;
  /** What an access token needs to be offered it: all of these. */
  scopes: readonly string[];
  annotations: ToolAnnotations;
  /** A JSON Schema (2020-12) of its arguments. */
  inputSchema: InputSchema;
  /** A JSON Schema (2020-12) of its structured content. */
  outputSchema: Record<string, unknown> & { type: "object" };
  shape: Shape;
  switches: Switches;
  waiting: Waiting | null;
  /** The URI of a resource that goes with its images, with arguments in braces; null: none. */
  link: string | null;
  /** Whose it is: the product's, or this instance's own. */
  origin: "fingerpost" | "operator";
}

/** A folder of tools. */
export interface ToolFolder {
  path: string;
  origin: ToolDefinition["origin"];
  /** Whether its tools may change something. */
  mutations: boolean;
}

const KEYS = /^(title|scopes|destructive|link|level( \w+)?)$/;
const FILE_NAME = /^[a-z][a-z0-9_]{0,99}\.graphql$/;

/** Reads every `.graphql` file of some folders as a tool, by name. Throws `INVALID_INPUT` that names a file that does not fit. */
export async function readTools(folders: readonly ToolFolder[], schema: GraphQLSchema): Promise<ToolDefinition[]> {
  const tools = new Map<string, ToolDefinition>();
  for (const folder of folders) {
    for (const file of await filesOf(folder.path)) {
      const query = await Deno.readTextFile(`${folder.path}/${file}`);
      const tool = readToolOf(`${folder.path}/${file}`, () => readTool(file, { query, schema, folder, tools }));
      tools.set(tool.name, tool);
    }
  }
  return [...tools.values()];
}

async function filesOf(folder: string): Promise<string[]> {
  try {
    const entries = await Array.fromAsync(Deno.readDir(folder));
    return entries.map((entry) => entry.name).filter((name) => name.endsWith(".graphql")).sort();
  } catch (error) {
    // An operator need not have one.
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

function readToolOf(path: string, read: () => ToolDefinition): ToolDefinition {
  try {
    return read();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new AppError("INVALID_INPUT", `Cannot make a tool of "${path}": ${reason}`);
  }
}

interface ToolSource {
  query: string;
  schema: GraphQLSchema;
  folder: ToolFolder;
  /** Those read before. */
  tools: ReadonlyMap<string, ToolDefinition>;
}

function readTool(file: string, { query, schema, folder, tools }: ToolSource): ToolDefinition {
  const name = file.replace(/\.graphql$/, "");
  if (!FILE_NAME.test(file)) throw new Error("its name needs lower case letters, digits and underscores");
  if (tools.has(name)) throw new Error("there is a tool of this name already");
  const document = parse(query);
  const operation = checkOperation(document, { schema, folder });
  const frontMatter = readFrontMatter(query);
  const unknown = [...frontMatter.values.keys()].find((key) => !KEYS.test(key));
  if (unknown !== undefined) throw new Error(`its comment says "${unknown}", which means nothing here`);
  const shape = shapeOf(document, schema);
  const switches = readSwitches(document, operation, frontMatter);
  const variables = operation.variableDefinitions?.map(({ variable }) => variable.name.value) ?? [];
  const waiting = readWaiting(variables, shape);
  return {
    name,
    title: first(frontMatter, "title") ?? name,
    description: frontMatter.text,
    query,
    scopes: first(frontMatter, "scopes")?.split(/[ ,]+/) ?? [],
    annotations: annotate(operation, frontMatter),
    inputSchema: readInputSchema(document, { operation, schema, switches, waiting }),
    outputSchema: { ...briefSchema(shapeSchema(shape)), type: "object" },
    shape,
    switches,
    waiting,
    link: first(frontMatter, "link") ?? null,
    origin: folder.origin,
  };
}

function checkOperation(
  document: DocumentNode,
  { schema, folder }: Pick<ToolSource, "schema" | "folder">,
): OperationDefinitionNode {
  const [fault] = validate(schema, document);
  if (fault !== undefined) throw fault;
  const operation = getOperationAST(document);
  if (!operation?.name) throw new Error("it needs one operation, and that a name");
  if (operation.operation === OperationTypeNode.SUBSCRIPTION) throw new Error("a subscription can't be a tool");
  if (operation.operation === OperationTypeNode.MUTATION && !folder.mutations) {
    throw new Error("it may only read: FINGERPOST_TOOL_MUTATIONS=on lets an instance's own tools change something");
  }
  return operation;
}

function first({ values }: FrontMatter, key: string): string | undefined {
  return values.get(key)?.[0];
}

function annotate({ operation }: OperationDefinitionNode, frontMatter: FrontMatter): ToolAnnotations {
  if (operation === OperationTypeNode.QUERY) return { readOnlyHint: true };
  const destructiveHint = first(frontMatter, "destructive") !== "false";
  return { readOnlyHint: false, destructiveHint };
}
