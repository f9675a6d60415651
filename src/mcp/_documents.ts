import { getOperationAST, type GraphQLSchema, parse, validate } from "graphql";
import { AppError } from "../base/errors.ts";
import { type Shape, shapeOf } from "./_shape.ts";

/** One GraphQL operation that the adapter asks on its own account. */
export interface Document {
  query: string;
  shape: Shape;
}

/** Finds a document by its file's name without the ending. Throws an Error where there is none. */
export type FindDocument = (name: string) => Document;

/** Reads every `.graphql` file of a folder. Throws `INVALID_INPUT` that names a file that does not fit the schema. */
export async function readDocuments(folder: string, schema: GraphQLSchema): Promise<FindDocument> {
  const entries = await Array.fromAsync(Deno.readDir(folder));
  const files = entries.map((entry) => entry.name).filter((name) => name.endsWith(".graphql"));
  const documents = new Map(
    await Promise.all(files.map(async (file) => {
      const path = `${folder}/${file}`;
      return [file.replace(/\.graphql$/, ""), readDocument(path, await Deno.readTextFile(path), schema)] as const;
    })),
  );
  return (name) => {
    const document = documents.get(name);
    if (document === undefined) throw new Error(`Cannot find the document "${name}" in ${folder}`);
    return document;
  };
}

function readDocument(path: string, query: string, schema: GraphQLSchema): Document {
  const document = parse(query);
  const [fault] = validate(schema, document);
  if (fault === undefined && getOperationAST(document)) return { query, shape: shapeOf(document, schema) };
  throw new AppError("INVALID_INPUT", `Cannot use "${path}": ${fault?.message ?? "it needs one operation"}`);
}
