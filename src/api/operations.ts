import {
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  getOperationAST,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  parse,
} from "graphql";
import { createYoga, isAsyncIterable, type Plugin, type YogaServerInstance } from "graphql-yoga";
import { AppError } from "../base/errors.ts";
import type { RequestContext } from "../graphql/builder.ts";
import { maskError } from "../graphql/error_mask.ts";
import { headersOf, statusOf } from "./http_status.ts";
import type { AcceptedTypes } from "./media_types.ts";
import { createDocumentCache } from "./_document_cache.ts";
import { useIntrospectionRule } from "./_introspection.ts";
import { useMask } from "./_masking.ts";
import { useCredentialEnd } from "./_credential_end.ts";
import { useRefusals } from "./_refused_operations.ts";
import type { NoteRefusal } from "./refused_attempts.ts";
import { useBounds } from "./_bounds.ts";
import { createCostReport, type RateLeft } from "./_cost_report.ts";
import { createDeadlines } from "./_deadlines.ts";
import { createDocumentLimits } from "./_document_limits.ts";
import type { Actor } from "../base/actor.ts";
import type { Sessions } from "../sessions/sessions.ts";

/** One GraphQL request, whatever carried it. GraphQL over HTTP §5.1 */
export interface GraphqlRequest {
  query: string;
  variables?: Record<string, unknown> | null | undefined;
  operationName?: string | null | undefined;
}

/** What an operation is answered with: one result, or a stream of them for a subscription. Errors are masked. */
export type Answer = ExecutionResult | AsyncIterableIterator<ExecutionResult>;

/** An operation ready to be run, or what is wrong with it. */
export type PreparedOperation =
  | { args: ExecutionArgs; execute: (args: ExecutionArgs) => Promise<Answer> }
  | { errors: GraphQLError[] };

/** What the server hands Yoga beside the request: who asks, and the parameters already read. */
export interface ServerContext extends RequestContext {
  /** The parameters of a POST, read and bounded by us. */
  parameters: GraphqlRequest | null;
  /** Bytes of the request's body. */
  bodySize: number;
  /** What the client of an HTTP request takes. */
  accepted?: AcceptedTypes;
}

/** Runs operations for every transport through the same limits, rights and mask. */
export interface Operations extends Disposable {
  yoga: YogaServerInstance<ServerContext, object>;
  /** Parses and checks an operation; its errors are masked and plain. Never throws. */
  prepare(request: GraphqlRequest, context: RequestContext): Promise<PreparedOperation>;
  /** Answers one operation, errors masked and plain. Never throws. */
  run(request: GraphqlRequest, context: RequestContext): Promise<Answer>;
}

/** Tokens of a document (GraphQL §2.1.6): several times what the largest of the clients' operations needs. */
const MAX_DOCUMENT_TOKENS = 5_000;
/** A request may be larger than this only to carry a capture. */
const MAX_PLAIN_BODY_BYTES = 1_048_576;

/** How operations are run. */
export interface OperationsOptions {
  /** Whether those not signed in may introspect. */
  introspection: boolean;
  /** Ends subscriptions whose credential ends. */
  follow: Sessions["follow"];
  /** Has the audit log tell what was refused. */
  noteRefusal: NoteRefusal;
  /** How often who asks may still ask. */
  rateLeft: (actor: Actor) => Promise<RateLeft>;
  /** How long an operation may take; 10 s if absent. */
  deadlineMs?: number | undefined;
}

/** Builds the engine over a schema. */
export function createOperations(
  schema: GraphQLSchema,
  { introspection, follow, noteRefusal, rateLeft, deadlineMs }: OperationsOptions,
): Operations {
  const deadlines = createDeadlines({ deadlineMs });
  const bounds = { limits: createDocumentLimits(schema), deadlines, report: createCostReport(rateLeft) };
  const yoga = createYoga<ServerContext>({
    schema,
    graphqlEndpoint: "/graphql",
    // Ours, in front: the host check, CORS, the body's limit and its parsing.
    cors: false,
    maxRequestBodySize: false,
    multipart: false,
    batching: false,
    landingPage: false,
    graphiql: false,
    logging: false,
    fetchAPI: { Request, Response, ReadableStream, Headers, URL, TextEncoder, TextDecoder },
    parserAndValidationCache: { documentCache: createDocumentCache(), errorCache: createDocumentCache() },
    maskedErrors: { maskError: (error) => maskError(error, crypto.randomUUID()) },
    plugins: [
      useParameters(),
      useTokenLimit(),
      useBodyLimit(),
      useIntrospectionRule(introspection),
      useRefusals(noteRefusal),
      useMask(),
      useCredentialEnd(follow),
      useBounds(bounds),
      useStreamCheck(),
      useStatus(),
    ],
  });
  return { yoga, prepare, run, [Symbol.dispose]: () => deadlines[Symbol.dispose]() };

  async function prepare(request: GraphqlRequest, context: RequestContext): Promise<PreparedOperation> {
    const { query, variables, operationName } = request;
    try {
      const engine = yoga.getEnveloped({ ...context, parameters: null, bodySize: 0 });
      const document: DocumentNode = engine.parse(query);
      const faults: readonly unknown[] = engine.validate(engine.schema, document);
      if (faults.length > 0) return { errors: faults.map((fault) => toPlain(maskError(fault, context.requestId))) };
      const operation = getOperationAST(document, operationName);
      if (!operation) {
        throw new AppError("INVALID_INPUT", "Cannot tell which operation to run: name one of the document's");
      }
      const args: ExecutionArgs = {
        schema: engine.schema,
        document,
        contextValue: await engine.contextFactory(),
        variableValues: variables ?? {},
        operationName: operationName ?? undefined,
      };
      return { args, execute: operation.operation === "subscription" ? engine.subscribe : engine.execute };
    } catch (error) {
      return { errors: [toPlain(maskError(error, context.requestId))] };
    }
  }

  async function run(request: GraphqlRequest, context: RequestContext): Promise<Answer> {
    const prepared = await prepare(request, context);
    if ("errors" in prepared) return prepared;
    try {
      return await prepared.execute(prepared.args);
    } catch (error) {
      return { errors: [toPlain(maskError(error, context.requestId))] };
    }
  }
}

// Yoga tells its HTTP side by an extension what status a faulty document has: no news for other transports.
function toPlain(error: GraphQLError): GraphQLError {
  const { http: _http, ...extensions } = error.extensions;
  const { nodes, source, positions, path } = error;
  return new GraphQLError(error.message, { nodes, source, positions, path, extensions });
}

function useParameters(): Plugin<object, ServerContext> {
  return {
    onRequestParse({ serverContext, setRequestParser }) {
      const { parameters } = serverContext;
      if (parameters !== null) setRequestParser(() => Promise.resolve(parameters as object));
    },
  };
}

// Before it starts: nobody would read what it has to say.
function useStreamCheck(): Plugin<ServerContext> {
  return {
    onSubscribe({ args: { contextValue: { accepted } } }) {
      if (accepted?.takesStream !== false) return;
      const message = "Cannot send a subscription in a type that this request accepts: accept text/event-stream";
      throw new GraphQLError(message, { extensions: { code: "INVALID_INPUT", http: { status: 406 } } });
    },
  };
}

// Yoga takes a status from each error, and knows the specification of the older type for some of them alone.
function useStatus(): Plugin<object, ServerContext> {
  return {
    onResultProcess({ result, serverContext: { accepted }, setResult }) {
      if (Array.isArray(result) || isAsyncIterable(result) || accepted === undefined) return;
      if (result.errors === undefined || result.errors.some(isOfHttp)) return;
      const errors = result.errors.map(toPlain);
      const http = { status: statusOf(result, accepted.best), headers: headersOf(result) };
      setResult({ ...result, errors, extensions: { ...result.extensions, http } });
    },
  };
}

// A mutation by GET, a stream for who takes none: these are faults of the request, in whatever type.
function isOfHttp({ extensions }: GraphQLError): boolean {
  const { http } = extensions;
  return typeof http === "object" && http !== null && "status" in http && (http.status === 405 || http.status === 406);
}

function useTokenLimit(): Plugin {
  return {
    onParse: ({ setParseFn }) =>
      setParseFn((source, options) => {
        try {
          return parse(source, { ...options, maxTokens: MAX_DOCUMENT_TOKENS });
        } catch (error) {
          // graphql-js tells its limit from a fault of syntax by its words alone.
          // A nest that is deeper than the parser's stack ends in a RangeError.
          const isTooLong = error instanceof Error && error.message.includes("Document contains more than");
          if (!isTooLong && !(error instanceof RangeError)) throw error;
          throw new AppError("TOO_COMPLEX", `Cannot read this document: at most ${MAX_DOCUMENT_TOKENS} tokens`);
        }
      }),
  };
}

function useBodyLimit(): Plugin<ServerContext> {
  return { onExecute: ({ args }) => checkBodySize(args), onSubscribe: ({ args }) => checkBodySize(args) };
}

function checkBodySize({ document, contextValue }: { document: DocumentNode; contextValue: ServerContext }): void {
  if (contextValue.bodySize > MAX_PLAIN_BODY_BYTES && !carriesCapture(document)) {
    throw new AppError("TOO_LARGE", `Cannot take more than ${MAX_PLAIN_BODY_BYTES} bytes without a capture`);
  }
}

function carriesCapture(document: DocumentNode): boolean {
  return document.definitions.some((definition) =>
    definition.kind === Kind.OPERATION_DEFINITION &&
    definition.selectionSet.selections.some((selection) =>
      selection.kind === Kind.FIELD && selection.name.value === "captureElement"
    )
  );
}
