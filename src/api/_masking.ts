import type { ExecutionResult } from "graphql";
import { isAsyncIterable, type Plugin } from "graphql-yoga";
import type { RequestContext } from "../graphql/builder.ts";
import { maskError } from "../graphql/error_mask.ts";

/** Masks what an operation throws, with the request's id, whatever carries the answer: HTTP, sockets or MCP. */
export function useMask(): Plugin<RequestContext> {
  return {
    onExecute: ({ args }) => ({
      onExecuteDone({ result, setResult }) {
        const { requestId } = args.contextValue;
        if (!isAsyncIterable(result)) setResult(maskResult(result, requestId));
      },
    }),
    onSubscribe: ({ args }) => ({
      onSubscribeResult({ result, setResult }) {
        const { requestId } = args.contextValue;
        if (isAsyncIterable(result)) setResult(maskEach(result, requestId));
        else setResult(maskResult(result, requestId));
      },
      onSubscribeError({ error, setError }) {
        setError(maskError(error, args.contextValue.requestId));
      },
    }),
  };
}

function maskResult<Result extends ExecutionResult>(result: Result, requestId: string): Result {
  if (result.errors === undefined) return result;
  return { ...result, errors: result.errors.map((error) => maskError(error, requestId)) };
}

// An error of the source itself ends the stream with one last answer, so that the client learns why. Not a generator: that
// could not be returned from outside while it waits for the next event.
function maskEach(results: AsyncIterable<ExecutionResult>, requestId: string): AsyncIterableIterator<ExecutionResult> {
  const source = results[Symbol.asyncIterator]();
  let ended = false;
  return {
    async next() {
      if (ended) return { done: true, value: undefined };
      try {
        const { done, value } = await source.next();
        return done === true ? { done, value: undefined } : { done: false, value: maskResult(value, requestId) };
      } catch (error) {
        ended = true;
        return { done: false, value: { errors: [maskError(error, requestId)] } };
      }
    },
    async return() {
      ended = true;
      await source.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
