import type { ExecutionResult, GraphQLError } from "graphql";

/** What a client sees of what one of its operations threw. */
export type Mask = (error: unknown) => GraphQLError;

/** A result with its errors masked. */
export function maskResult<Result extends ExecutionResult>(result: Result, mask: Mask): Result {
  if (result.errors === undefined) return result;
  return { ...result, errors: result.errors.map(mask) };
}

/**
 * Masks each result of a stream. An error of the source itself ends it with one last answer, so that the client learns why. Not a
 * generator: that could not be returned from outside while it waits for the next event.
 */
export function maskEach(
  results: AsyncIterable<ExecutionResult>,
  mask: Mask,
): AsyncIterableIterator<ExecutionResult> {
  const source = results[Symbol.asyncIterator]();
  let ended = false;
  return {
    async next() {
      if (ended) return { done: true, value: undefined };
      try {
        const { done, value } = await source.next();
        return done === true ? { done, value: undefined } : { done: false, value: maskResult(value, mask) };
      } catch (error) {
        ended = true;
        return { done: false, value: { errors: [mask(error)] } };
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
