import { ProtocolError, ProtocolErrorCode, ResourceNotFoundError } from "@modelcontextprotocol/server";
import type { ExecutionAnswer } from "./caller.ts";

/** The data of an answer. Throws what went wrong, as the protocol says it. */
export function requireData({ data, errors }: ExecutionAnswer): Record<string, unknown> {
  const [error] = errors ?? [];
  if (error === undefined) return data ?? {};
  const code = String(error.extensions["code"]);
  const kind = code === "INVALID_INPUT" || code === "NOT_FOUND" ? "InvalidParams" : "InternalError";
  throw new ProtocolError(ProtocolErrorCode[kind], `${code}: ${error.message}`, { code });
}

/** Whether an answer says that there is no such thing, or none that the caller may see. */
export function isNotFound({ errors }: ExecutionAnswer): boolean {
  return errors?.some(({ extensions }) => extensions["code"] === "NOT_FOUND") ?? false;
}

/** That a resource is not there, or not for the caller. The SDK says -32602 to both eras: -32002 of 2025-11-25 is gone since. MCP, Resources, Error Handling */
export function resourceNotFound(uri: string): ProtocolError {
  return new ResourceNotFoundError(uri);
}

/** That what was asked for makes no sense. */
export function invalidParams(message: string): ProtocolError {
  return new ProtocolError(ProtocolErrorCode.InvalidParams, message);
}
