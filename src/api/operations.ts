import {
  type DocumentNode,
  type ExecutionResult,
  getOperationAST,
  type GraphQLError,
  type GraphQLSchema,
  Kind,
  OperationTypeNode,
} from "graphql";
import type { Actor } from "../base/actor.ts";
import { AppError } from "../base/errors.ts";
import type { RequestContext } from "../graphql/builder.ts";
import { maskError } from "../graphql/error_mask.ts";
import type { Sessions } from "../sessions/sessions.ts";
import { contextOf } from "./request_facts.ts";
import { type CostReport, createCostReport, type RateLeft } from "./_cost_report.ts";
import { endWithCredential } from "./_credential_end.ts";
import { createDeadlines } from "./_deadlines.ts";
import { createDocumentLimits } from "./_document_limits.ts";
import { createDocuments } from "./_documents.ts";
import { createExecutor, type OperationArgs, type Result } from "./_execution.ts";
import { type Mask, maskEach, maskResult } from "./_masking.ts";
import { noteRefusals } from "./_refused_operations.ts";
import { subscribe } from "./_subscription.ts";
import type { NoteRefusal } from "./refused_attempts.ts";

/** One GraphQL request, whatever carried it. GraphQL over HTTP §5.1 */
export interface GraphqlRequest {
  query: string;
  variables?: Record<string, unknown> | null | undefined;
  operationName?: string | null | undefined;
  extensions?: unknown;
}

/** What a transport knows of a request; what costs something is asked for only if need be. */
export interface RequestFacts extends Omit<RequestContext, "refused"> {
  /** Bytes of the request's body; absent: the transport bounds it. */
  readonly bodySize?: number;
  /** Whether the answer's `extensions` are to tell what the operation costs; absent: no. */
  readonly tellCost?: boolean;
}

/** What an operation is answered with: one result, or a stream of them for a subscription. Errors are masked. */
export type Answer = ExecutionResult | AsyncIterableIterator<ExecutionResult>;

/** An operation ready to be run. */
export interface PreparedOperation {
  type: OperationTypeNode;
  args: OperationArgs;
  /** Never throws. */
  run(): Promise<Answer>;
}

/** What is wrong with a request; masked. */
export interface RefusedOperation {
  errors: GraphQLError[];
}

/** Runs operations for every transport through the same limits, rights and mask. */
export interface Operations extends Disposable {
  /** Parses and checks an operation. Never throws. */
  prepare(request: GraphqlRequest, facts: RequestFacts): PreparedOperation | RefusedOperation;
  /** Answers one operation. Never throws. */
  run(request: GraphqlRequest, facts: RequestFacts): Promise<Answer>;
}

/** A request may be larger than this only to carry a capture. */
const MAX_PLAIN_BODY_BYTES = 1_048_576;
/** Mutations that do. */
const CAPTURE_CARRIERS = new Set(["captureElement", "sendChannelMessage"]);

/** How operations are run. */
export interface OperationsOptions {
  /** Whether those not signed in may introspect. In any case they are told no names that they did not send. */
  introspection: boolean;
  /** Ends subscriptions whose credential ends. */
  follow: Sessions["follow"];
  /** Has the audit log tell what was refused. */
  noteRefusal: NoteRefusal;
  /** Hears the code of each error that is answered. */
  noteError: (code: string) => void;
  /** How often who asks may still ask. */
  rateLeft: (actor: Actor) => Promise<RateLeft>;
  /** How long an operation may take; 10 s if absent. */
  deadlineMs?: number | undefined;
}

/** Builds the engine over a schema. */
export function createOperations(
  schema: GraphQLSchema,
  { introspection, follow, noteRefusal, noteError, rateLeft, deadlineMs }: OperationsOptions,
): Operations {
  const limits = createDocumentLimits(schema);
  const documents = createDocuments(schema, { limits, introspection });
  const deadlines = createDeadlines({ deadlineMs });
  const executor = createExecutor();
  const reportCost = createCostReport(rateLeft);
  return { prepare, run, [Symbol.dispose]: () => deadlines[Symbol.dispose]() };

  async function run(request: GraphqlRequest, facts: RequestFacts): Promise<Answer> {
    const prepared = prepare(request, facts);
    return "errors" in prepared ? prepared : await prepared.run();
  }

  function prepare(request: GraphqlRequest, facts: RequestFacts): PreparedOperation | RefusedOperation {
    try {
      return check(request, facts);
    } catch (error) {
      return { errors: [maskFor(facts)(error)] };
    }
  }

  function maskFor({ requestId }: Pick<RequestContext, "requestId">): Mask {
    return (error) => {
      const masked = maskError(error, requestId);
      noteError(String(masked.extensions["code"]));
      return masked;
    };
  }

  function check({ query, variables, operationName }: GraphqlRequest, facts: RequestFacts) {
    const { document, faults } = documents.check(query, facts.actor);
    if (faults.length > 0) return { errors: faults.map(maskFor(facts)) };
    const operation = getOperationAST(document, operationName);
    if (!operation) {
      throw new AppError("INVALID_INPUT", "Cannot tell which operation to run: name one of the document's");
    }
    checkBodySize(document, facts);
    const variableValues = variables ?? {};
    const cost = limits.checkCost(document, operation, variableValues);
    const isSubscription = operation.operation === OperationTypeNode.SUBSCRIPTION;
    const deadline = deadlines.begin(facts.signal);
    const contextValue = contextOf(facts, isSubscription ? facts.signal : deadline.signal);
    const hideSuggestions = facts.actor.kind === "guest";
    const args: OperationArgs = { schema, document, contextValue, variableValues, operationName, hideSuggestions };
    const begin = () =>
      isSubscription
        ? subscribe(args, { executor, deadlines })
        : deadline.hold(() => executor.execute(args, operation));
    const told = facts.tellCost === true ? reportCost(facts.actor, cost) : null;
    return { type: operation.operation, args, run: () => answer(args, begin, told) };
  }

  async function answer(
    args: OperationArgs,
    begin: () => Result | Promise<ExecutionResult | AsyncIterable<ExecutionResult>>,
    cost: ReturnType<CostReport> | null,
  ): Promise<Answer> {
    const mask = maskFor(args.contextValue);
    try {
      const result = await begin();
      if (Symbol.asyncIterator in result) {
        return endWithCredential(maskEach(result, mask), args.contextValue, follow);
      }
      noteRefusals(noteRefusal, result, args);
      const masked = maskResult(result, mask);
      return cost === null ? masked : { ...masked, extensions: { ...masked.extensions, cost: await cost } };
    } catch (error) {
      return { errors: [mask(error)] };
    }
  }
}

function checkBodySize(document: DocumentNode, { bodySize = 0 }: RequestFacts): void {
  if (bodySize > MAX_PLAIN_BODY_BYTES && !carriesCapture(document)) {
    throw new AppError("TOO_LARGE", `Cannot take more than ${MAX_PLAIN_BODY_BYTES} bytes without a capture`);
  }
}

function carriesCapture(document: DocumentNode): boolean {
  return document.definitions.some((definition) =>
    definition.kind === Kind.OPERATION_DEFINITION &&
    definition.selectionSet.selections.some((selection) =>
      selection.kind === Kind.FIELD && CAPTURE_CARRIERS.has(selection.name.value)
    )
  );
}
