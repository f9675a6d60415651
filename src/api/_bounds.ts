import { type ExecutionArgs, type ExecutionResult, getOperationAST } from "graphql";
import type { Plugin } from "graphql-yoga";
import type { RequestContext } from "../graphql/builder.ts";
import type { CostReport } from "./_cost_report.ts";
import type { Deadlines } from "./_deadlines.ts";
import type { DocumentLimits } from "./_document_limits.ts";
import { createSubscribe, type OperationArgs } from "./_event_deadlines.ts";
import { failedResult } from "./_failed_result.ts";

/** What operations are held to, whatever carries them. */
export interface Bounds {
  limits: DocumentLimits;
  deadlines: Deadlines;
  report: CostReport;
}

type Execute = (args: OperationArgs) => ExecutionResult | Promise<ExecutionResult>;

/** Puts the bounds around every document and operation. */
export function useBounds(bounds: Bounds): Plugin<RequestContext> {
  const subscribe = createSubscribe(bounds.deadlines);
  return {
    onParse: () => ({ result }) => {
      if (result !== null && !(result instanceof Error)) bounds.limits.checkShape(result);
    },
    onExecute: ({ args, executeFn, setExecuteFn }) => {
      const execute = boundExecute(executeFn, bounds);
      setExecuteFn(() => execute(args));
    },
    onSubscribe: ({ args, setSubscribeFn }) => {
      setSubscribeFn(() => answerOrRefuse(() => (checkCost(args, bounds), subscribe(args))));
    },
  };
}

/** `execute` with the operation's cost before it, told if that is asked for, and a deadline that ends `contextValue.signal`. */
export function boundExecute(execute: Execute, bounds: Bounds): Execute {
  return (args) => answerOrRefuse(() => run(args, execute, bounds));
}

function run(args: OperationArgs, execute: Execute, bounds: Bounds): ExecutionResult | Promise<ExecutionResult> {
  const context = args.contextValue;
  const cost = checkCost(args, bounds);
  const { signal } = context;
  const deadline = bounds.deadlines.begin(() => signal);
  Object.defineProperty(context, "signal", { get: () => deadline.signal, configurable: true });
  const answer = deadline.hold(() => execute(args));
  if (context.tellCost !== true) return answer;
  return tellCost(answer, bounds.report(context.actor, cost));
}

function checkCost({ document, operationName, variableValues }: ExecutionArgs, { limits }: Bounds): number {
  const operation = getOperationAST(document, operationName);
  return operation ? limits.checkCost(document, operation, variableValues ?? {}) : 0;
}

async function tellCost(answer: ExecutionResult | Promise<ExecutionResult>, told: ReturnType<CostReport>) {
  const [result, cost] = await Promise.all([answer, told]);
  return { ...result, extensions: { ...result.extensions, cost } };
}

/** What `work` answers; what refuses the whole operation is a result too, which every transport can send and the mask knows. */
function answerOrRefuse<Result>(
  work: () => Result | Promise<Result>,
): Result | ExecutionResult | Promise<Result | ExecutionResult> {
  try {
    const answer = work();
    return answer instanceof Promise ? answer.catch(failedResult) : answer;
  } catch (error) {
    return failedResult(error);
  }
}
