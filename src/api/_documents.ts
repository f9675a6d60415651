import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  NoSchemaIntrospectionCustomRule,
  parse,
  specifiedRules,
  validate,
} from "graphql";
import type { Actor } from "../base/actor.ts";
import { AppError } from "../base/errors.ts";
import { createDocumentCache } from "./_document_cache.ts";
import type { DocumentLimits } from "./_document_limits.ts";

/** A document that was parsed, and what validation found wrong with it: nothing, and it may be run. */
export interface CheckedDocument {
  document: DocumentNode;
  faults: readonly GraphQLError[];
}

/** Parses and validates documents, each text once while it is in use. */
export interface Documents {
  /** Throws `TOO_COMPLEX`, and a GraphQLError for what does not parse. */
  check(text: string, actor: Actor): CheckedDocument;
}

/** How documents are checked. */
export interface DocumentOptions {
  limits: DocumentLimits;
  /** Whether those not signed in may introspect. In any case they are told no names that they did not send. */
  introspection: boolean;
}

/** Tokens of a document (GraphQL §2.1.6): several times what the largest of the clients' operations needs. */
const MAX_DOCUMENT_TOKENS = 5_000;

/** Builds the reader of documents over a schema. */
export function createDocuments(schema: GraphQLSchema, { limits, introspection }: DocumentOptions): Documents {
  // Apart, so that strangers can't push out what others use.
  const ofStrangers = createDocumentCache<CheckedDocument>();
  const ofMembers = createDocumentCache<CheckedDocument>();
  const strangersRules = introspection ? specifiedRules : [...specifiedRules, NoSchemaIntrospectionCustomRule];
  return { check };

  function check(text: string, { kind }: Actor): CheckedDocument {
    const isStranger = kind === "guest";
    const cache = isStranger ? ofStrangers : ofMembers;
    const known = cache.get(text);
    if (known !== undefined) return known;
    const document = parseBounded(text);
    limits.checkShape(document);
    const rules = isStranger ? strangersRules : specifiedRules;
    const faults = validate(schema, document, rules, { hideSuggestions: isStranger });
    const checked = { document, faults: faults.map(withCode) };
    cache.set(text, checked);
    return checked;
  }
}

function withCode({ message, nodes }: GraphQLError): GraphQLError {
  return new GraphQLError(message, { nodes, extensions: { code: "GRAPHQL_VALIDATION_FAILED" } });
}

function parseBounded(text: string): DocumentNode {
  try {
    return parse(text, { maxTokens: MAX_DOCUMENT_TOKENS });
  } catch (error) {
    // graphql-js tells its limit from a fault of syntax by its words alone.
    // A nest that is deeper than the parser's stack ends in a RangeError.
    const isTooLong = error instanceof Error && error.message.includes("Document contains more than");
    if (!isTooLong && !(error instanceof RangeError)) throw error;
    throw new AppError("TOO_COMPLEX", `Cannot read this document: at most ${MAX_DOCUMENT_TOKENS} tokens`);
  }
}
