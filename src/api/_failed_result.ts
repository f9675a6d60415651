import { type ExecutionResult, GraphQLError } from "graphql";
import { AppError } from "../base/errors.ts";

/** The result of an operation that was refused as a whole; what is no `AppError` is thrown on. */
export function failedResult(error: unknown): ExecutionResult {
  if (!(error instanceof AppError)) throw error;
  return { errors: [new GraphQLError(error.message, { originalError: error })] };
}
