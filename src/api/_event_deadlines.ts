import {
  createSourceEventStream,
  executeSubscriptionEvent,
  type ExecutionArgs,
  type ExecutionResult,
  mapSourceToResponseEvent,
  type ValidatedSubscriptionArgs,
  validateSubscriptionArgs,
} from "graphql";
import { isAsyncIterable } from "graphql-yoga";
import type { RequestContext } from "../graphql/builder.ts";
import type { Deadlines } from "./_deadlines.ts";
import { failedResult } from "./_failed_result.ts";

/** What an operation is run with; whoever runs it has made the context. */
export type OperationArgs = ExecutionArgs & { contextValue: RequestContext };

/** `subscribe` of graphql-js, but that each event's answer has a deadline of its own; the subscription itself has none. GraphQL §6.2.3 */
export function createSubscribe(deadlines: Deadlines) {
  return async function subscribe(args: OperationArgs): Promise<ExecutionResult | AsyncIterable<ExecutionResult>> {
    const checked = validateSubscriptionArgs(args);
    if (!("schema" in checked)) return { errors: checked };
    const source = await createSourceEventStream(checked);
    if (!isAsyncIterable(source)) return source;
    return mapSourceToResponseEvent(checked, source, (ofEvent) => answerEvent(ofEvent, args.contextValue));
  };

  function answerEvent(args: ValidatedSubscriptionArgs, context: RequestContext) {
    const deadline = deadlines.begin(() => context.signal);
    const contextValue: RequestContext = {
      ...context,
      get signal() {
        return deadline.signal;
      },
    };
    const answer = deadline.hold(() => executeSubscriptionEvent({ ...args, contextValue }));
    return answer instanceof Promise ? answer.catch(failedResult) : answer;
  }
}
