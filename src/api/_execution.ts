import {
  type DocumentNode,
  execute,
  executeSubscriptionEvent,
  type ExecutionArgs,
  type ExecutionResult,
  GraphQLError,
  type OperationDefinitionNode,
  type ValidatedSubscriptionArgs,
} from "graphql";
import { type CompiledQuery, compileQuery, isCompiledQuery } from "graphql-jit";
import type { RequestContext } from "../graphql/builder.ts";

/** What an operation is run with; whoever runs it has made the context. */
export type OperationArgs = ExecutionArgs & { contextValue: RequestContext };

/** One result, now or later. */
export type Result = ExecutionResult | Promise<ExecutionResult>;

/** Runs operations. GraphQL §6 */
export interface Executor {
  /** A query or a mutation. */
  execute(args: OperationArgs, operation: OperationDefinitionNode): Result;
  /** What a subscription answers to an event. */
  executeEvent(event: ValidatedSubscriptionArgs, context: RequestContext): Result;
}

interface Usage {
  count: number;
  /** null: it can't be compiled. */
  compiled: CompiledQuery | null | undefined;
}

/** What is sent more often than this is compiled: 1 ms for a page, 30 to 40 for the largest that is let through; it saves two fifths of each run. */
const RUNS_BEFORE_COMPILING = 3;

/**
 * Builds the executor: graphql-js for an operation's first runs, then a function that graphql-jit made of it. A stranger's is never
 * compiled: what nobody vouches for may not cost more than it asks for.
 */
export function createExecutor(): Executor {
  const usages = new WeakMap<OperationDefinitionNode, Usage>();
  return { execute: executeOnce, executeEvent };

  function executeOnce(args: OperationArgs, operation: OperationDefinitionNode): Result {
    const compiled = findCompiled(args, operation);
    return compiled === null ? execute(args) : runCompiled(compiled, args);
  }

  function executeEvent(event: ValidatedSubscriptionArgs, contextValue: RequestContext): Result {
    const compiled = findCompiled({ ...event, contextValue }, event.operation);
    if (compiled === null) return executeSubscriptionEvent({ ...event, contextValue });
    return runCompiled(compiled, { ...event, contextValue, variableValues: event.rawVariableValues });
  }

  function findCompiled(
    { schema, document, contextValue }: Pick<OperationArgs, "schema" | "document" | "contextValue">,
    operation: OperationDefinitionNode,
  ): CompiledQuery | null {
    if (contextValue.actor.kind === "guest") return null;
    const usage = usages.getOrInsertComputed(operation, () => ({ count: 0, compiled: undefined }));
    if (usage.compiled !== undefined) return usage.compiled;
    if (++usage.count <= RUNS_BEFORE_COMPILING) return null;
    const compiled = compileQuery(schema, document, operation.name?.value);
    return usage.compiled = isCompiledQuery(compiled) ? compiled : null;
  }
}

type CompiledArgs = Pick<OperationArgs, "rootValue" | "contextValue" | "variableValues" | "document">;

function runCompiled({ query }: CompiledQuery, args: CompiledArgs): Result {
  const { rootValue, contextValue, variableValues, document } = args;
  const result: Result = query(rootValue, contextValue, variableValues);
  return result instanceof Promise ? result.then((done) => withPlaces(done, document)) : withPlaces(result, document);
}

// An error of graphql-jit knows lines and columns, where those of graphql-js know the document.
function withPlaces(result: ExecutionResult, { loc }: DocumentNode): ExecutionResult {
  if (result.errors === undefined) return result;
  const errors = result.errors.map(({ message, locations = [], path, originalError, extensions = {} }) =>
    new GraphQLError(message, {
      source: loc?.source,
      positions: locations.map(({ line, column }) => positionOf(loc?.source.body ?? "", line, column)),
      path,
      // Without a path it is no resolver's, but tells what is wrong with a variable.
      originalError: path === undefined ? undefined : originalError,
      extensions,
    })
  );
  return { ...result, errors };
}

// GraphQL §2.1.2
function positionOf(text: string, line: number, column: number): number {
  let start = 0;
  for (const end of text.matchAll(/\r\n|[\n\r]/g)) {
    if (--line === 0) break;
    start = end.index + end[0].length;
  }
  return start + column - 1;
}
