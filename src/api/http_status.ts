import type { ExecutionResult, GraphQLError } from "graphql";
import { ERROR_CODES, type ErrorCode } from "../base/errors.ts";
import { httpStatus } from "../graphql/error_mask.ts";
import type { MediaType } from "./media_types.ts";

const CODES = new Set<unknown>(ERROR_CODES);

/**
 * The HTTP status of a result: 200 where something was executed, 429 where the client is to wait (RFC 6585 §4). What was not
 * executed has none below 400 in `application/graphql-response+json`, and 200 in the older type. GraphQL over HTTP §6.4
 */
export function statusOf(result: ExecutionResult, type: MediaType): number {
  const { errors = [] } = result;
  if (errors.some((error) => error.extensions["code"] === "RATE_LIMITED")) return 429;
  const [first] = errors;
  if (first === undefined || result.data !== undefined || type !== "application/graphql-response+json") return 200;
  const { code } = first.extensions;
  return isErrorCode(code) ? httpStatus(code) : 400;
}

/** The headers that go with a result's status: when to come again. RFC 9110 §10.2.3 */
export function headersOf({ errors = [] }: ExecutionResult): Record<string, string> {
  const limited = errors.find((error: GraphQLError) => error.extensions["code"] === "RATE_LIMITED");
  return limited === undefined ? {} : { "retry-after": String(limited.extensions["retryAfterSeconds"]) };
}

function isErrorCode(code: unknown): code is ErrorCode {
  return CODES.has(code);
}
