import { GraphQLError } from "graphql";
import { AppError, ERROR_CODES, type ErrorCode } from "../base/errors.ts";
import { roomLog } from "../base/log.ts";

const log = roomLog("graphql");

/** HTTP status codes of errors that answer a whole request. RFC 9110 §15.5, RFC 6585 §4 */
const HTTP_STATUS: Record<ErrorCode, number> = {
  UNAUTHENTICATED: 401,
  INVALID_CREDENTIALS: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  INVALID_INPUT: 400,
  CONFLICT: 409,
  RATE_LIMITED: 429,
  TOO_LARGE: 413,
  TOO_COMPLEX: 400,
  PEER_UNAVAILABLE: 503,
  UNAVAILABLE: 503,
  INTERNAL: 500,
};

const DOCUMENT_CODES = new Set<string>([
  ...ERROR_CODES,
  "GRAPHQL_PARSE_FAILED",
  "GRAPHQL_VALIDATION_FAILED",
  "BAD_USER_INPUT",
]);

/** The HTTP status of an answer that is this error alone. */
export function httpStatus(code: ErrorCode): number {
  return HTTP_STATUS[code];
}

/**
 * The one translation of what was thrown to what a client sees, over HTTP, sockets and MCP: an `AppError` with its code, an
 * error in the document itself with GraphQL's, anything else as `INTERNAL` with the request id, logged with its cause.
 */
export function maskError(error: unknown, requestId: string): GraphQLError {
  const cause = error instanceof GraphQLError ? error.originalError ?? error : error;
  const place = error instanceof GraphQLError
    ? { nodes: error.nodes, source: error.source, positions: error.positions, path: error.path }
    : {};
  if (cause instanceof AppError) {
    const { code, message, details } = cause;
    return new GraphQLError(message, { ...place, extensions: { code, ...details } });
  }
  // With a path it comes from a resolver's value that does not fit the schema: a bug, not the client's fault.
  if (cause instanceof GraphQLError && (cause.path === undefined || isCoded(cause))) {
    // Around what is wrong with a value lies which variable has it, and where.
    return withDocumentCode(error instanceof GraphQLError && !isCoded(cause) ? error : cause);
  }
  // Nobody reads it any more, and it is no fault of ours.
  if (cause instanceof DOMException && cause.name === "AbortError") {
    return new GraphQLError("Cannot answer: the client went away", { ...place, extensions: { code: "UNAVAILABLE" } });
  }
  log.error("Unexpected error in request {requestId}: {error}", { requestId, error: cause });
  const extensions = { code: "INTERNAL", requestId };
  return new GraphQLError(`Unexpected error (request ${requestId})`, { ...place, extensions });
}

/** The JSON body of an answer that is one error. */
export function errorBody(error: AppError): { errors: { message: string; extensions: Record<string, unknown> }[] } {
  return { errors: [{ message: error.message, extensions: { code: error.code, ...error.details } }] };
}

function withDocumentCode(error: GraphQLError): GraphQLError {
  if (isCoded(error)) return error;
  const { nodes, source, positions, path } = error;
  const code = error.extensions["code"] === undefined ? documentCode(error) : "INVALID_INPUT";
  return new GraphQLError(error.message, { nodes, source, positions, path, extensions: { ...error.extensions, code } });
}

function isCoded(error: GraphQLError): boolean {
  const code = error.extensions["code"];
  return typeof code === "string" && DOCUMENT_CODES.has(code);
}

function documentCode(error: GraphQLError): string {
  if (error.message.startsWith("Syntax Error")) return "GRAPHQL_PARSE_FAILED";
  return "BAD_USER_INPUT";
}
