import {
  buildSchema,
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  parse,
  print,
  validate,
  visit,
} from "graphql";
import { parseArgs } from "node:util";
import { readConfig } from "../base/config.ts";
import { AppError } from "../base/errors.ts";
import { dataPaths } from "./data_folder.ts";
import { documentHash } from "./trusted_documents.ts";

/** What the `.graphql` files of some folders hold, by name. */
interface Definitions {
  operations: Map<string, OperationDefinitionNode>;
  fragments: Map<string, FragmentDefinitionNode>;
}

const MCP_OPERATIONS = new URL("../mcp/operations", import.meta.url).pathname;
const SCHEMA = new URL("../../schema.graphql", import.meta.url).pathname;

/**
 * Writes the manifest of trusted documents: each named operation of the folders' `.graphql` files and of the MCP tools, with the
 * fragments that it uses, by the SHA-256 of its text. Exit code 0. Throws `INVALID_INPUT` that names the file at fault.
 */
export async function extractDocuments(args: string[]): Promise<number> {
  const { folders, out } = readArguments(args);
  const definitions: Definitions = { operations: new Map(), fragments: new Map() };
  for (const folder of [MCP_OPERATIONS, ...folders]) {
    for (const file of await filesIn(folder)) await addFile(file, definitions);
  }
  const schema = buildSchema(await Deno.readTextFile(SCHEMA));
  const texts = [...definitions.operations.values()].map((operation) => textOf(operation, { definitions, schema }));
  const entries = texts.map((text) => [documentHash(text), text] as const).sort(([one], [other]) =>
    one < other ? -1 : 1
  );
  await writeWhole(out, `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`);
  write(`${entries.length} trusted documents in ${out}: a server reads them when it starts`);
  return 0;
}

function readArguments(args: string[]): { folders: string[]; out: string } {
  try {
    const { values, positionals } = parseArgs({ args, options: { out: { type: "string" } }, allowPositionals: true });
    return { folders: positionals, out: values.out ?? dataPaths(readConfig(Deno.env).dataDir).trustedDocuments };
  } catch (error) {
    if (error instanceof AppError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new AppError("INVALID_INPUT", `Cannot extract documents: ${reason}`);
  }
}

async function filesIn(folder: string): Promise<string[]> {
  try {
    const entries = await Array.fromAsync(Deno.readDir(folder));
    const found = await Promise.all(entries.map(({ name, isDirectory }) => {
      if (isDirectory) return name === "node_modules" ? [] : filesIn(`${folder}/${name}`);
      return /\.(graphql|gql)$/.test(name) ? [`${folder}/${name}`] : [];
    }));
    return found.flat().sort();
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError("INVALID_INPUT", `Cannot read the folder "${folder}": ${String(error)}`);
  }
}

async function addFile(file: string, { operations, fragments }: Definitions): Promise<void> {
  const refuse = (reason: string) => new AppError("INVALID_INPUT", `Cannot take the documents of "${file}": ${reason}`);
  const text = await Deno.readTextFile(file);
  for (const node of parseOr(text, refuse)) {
    if (node.kind !== Kind.OPERATION_DEFINITION && node.kind !== Kind.FRAGMENT_DEFINITION) continue;
    const name = node.name?.value;
    if (name === undefined) throw refuse("an operation has no name");
    if (operations.has(name) || fragments.has(name)) throw refuse(`the name "${name}" is there twice`);
    if (node.kind === Kind.OPERATION_DEFINITION) operations.set(name, node);
    else fragments.set(name, node);
  }
}

function parseOr(text: string, refuse: (reason: string) => AppError) {
  try {
    return parse(text, { noLocation: true }).definitions;
  } catch (error) {
    throw error instanceof GraphQLError ? refuse(error.message) : error;
  }
}

function textOf(
  operation: OperationDefinitionNode,
  { definitions, schema }: { definitions: Definitions; schema: GraphQLSchema },
): string {
  const used = new Set<FragmentDefinitionNode>();
  collectFragments(operation, definitions.fragments, used);
  const document = { kind: Kind.DOCUMENT, definitions: [operation, ...used] } as const;
  const [fault] = validate(schema, document);
  if (fault === undefined) return print(document);
  throw new AppError("INVALID_INPUT", `Cannot trust the operation "${operation.name?.value}": ${fault.message}`);
}

function collectFragments(
  node: OperationDefinitionNode | FragmentDefinitionNode,
  fragments: Definitions["fragments"],
  used: Set<FragmentDefinitionNode>,
): void {
  visit(node, {
    FragmentSpread({ name }) {
      const fragment = fragments.get(name.value);
      if (fragment === undefined || used.has(fragment)) return;
      used.add(fragment);
      collectFragments(fragment, fragments, used);
    },
  });
}

// A server that starts meanwhile reads the old one or the new one.
async function writeWhole(path: string, text: string): Promise<void> {
  try {
    await Deno.writeTextFile(`${path}.new`, text);
    await Deno.rename(`${path}.new`, path);
  } catch (error) {
    throw new AppError("UNAVAILABLE", `Cannot write "${path}": ${String(error)}`);
  }
}

function write(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
