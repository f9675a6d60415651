import type { ExecutionResult } from "graphql";
import { maskError } from "../graphql/error_mask.ts";

/** A result with what was thrown masked, under the request's id. */
export function maskResult<Result extends ExecutionResult>(result: Result, requestId: string): Result {
  if (result.errors === undefined) return result;
  return { ...result, errors: result.errors.map((error) => maskError(error, requestId)) };
}

/**
 * Masks each result of a stream. An error of the source itself ends it with one last answer, so that the client learns why. Not a
 * generator: that could not be returned from outside while it waits for the next event.
 */
export function maskEach(
  results: AsyncIterable<ExecutionResult>,
  requestId: string,
): AsyncIterableIterator<ExecutionResult> {
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
