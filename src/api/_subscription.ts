import {
  createSourceEventStream,
  type ExecutionResult,
  GraphQLError,
  mapSourceToResponseEvent,
  type ValidatedSubscriptionArgs,
  validateSubscriptionArgs,
} from "graphql";
import { AppError } from "../base/errors.ts";
import type { RequestContext } from "../graphql/builder.ts";
import { contextOf } from "./request_facts.ts";
import type { Deadlines } from "./_deadlines.ts";
import type { Executor, OperationArgs } from "./_execution.ts";

/** What subscriptions run on. */
export interface SubscriptionDependencies {
  executor: Executor;
  deadlines: Deadlines;
}

/** As `subscribe` of graphql-js, but that each event's answer has a deadline of its own; the subscription itself has none. GraphQL §6.2.3 */
export async function subscribe(
  args: OperationArgs,
  { executor, deadlines }: SubscriptionDependencies,
): Promise<ExecutionResult | AsyncIterable<ExecutionResult>> {
  const checked = validateSubscriptionArgs(args);
  if (!("schema" in checked)) return { errors: checked };
  const source = await createSourceEventStream(checked);
  if (!(Symbol.asyncIterator in source)) return source;
  return mapSourceToResponseEvent(checked, source, (event) => answerEvent(event, args.contextValue));

  function answerEvent(event: ValidatedSubscriptionArgs, context: RequestContext) {
    const deadline = deadlines.begin(context.signal);
    const answer = deadline.hold(() => executor.executeEvent(event, contextOf(context, deadline.signal)));
    return answer instanceof Promise ? answer.catch(toResult) : answer;
  }
}

// The event that was late has an error for an answer, and the subscription goes on.
function toResult(error: unknown): ExecutionResult {
  if (!(error instanceof AppError)) throw error;
  return { errors: [new GraphQLError(error.message, { originalError: error })] };
}
