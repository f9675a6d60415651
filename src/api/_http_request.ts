import type { Actor } from "../base/actor.ts";
import { AppError } from "../base/errors.ts";
import type { GraphqlRequest } from "./operations.ts";
import { type BodyReader, parseJson } from "./request_body.ts";

/** The parameters of a GraphQL request, and the bytes of its body. */
export interface ReadRequest {
  parameters: GraphqlRequest;
  bodySize: number;
}

/** The body of a request that may carry a capture; a guest's has less, because nothing of a guest is stored. */
const MAX_BODY_BYTES = 12 * 1_048_576;
const MAX_GUEST_BODY_BYTES = 1_048_576;

/** Reads the parameters of a POST's body or a GET's URL. Throws `INVALID_INPUT`, `TOO_LARGE`, `TOO_COMPLEX`, `UNAVAILABLE`. GraphQL over HTTP §5 */
export async function readRequest(request: Request, actor: Actor, bodies: BodyReader): Promise<ReadRequest> {
  if (request.method === "GET") return { parameters: readUrl(new URL(request.url).searchParams), bodySize: 0 };
  const maxBytes = actor.kind === "guest" ? MAX_GUEST_BODY_BYTES : MAX_BODY_BYTES;
  const { json, size } = await bodies.readJson(request, maxBytes);
  if (Array.isArray(json)) throw new AppError("TOO_COMPLEX", "Cannot take an array of requests: send one at a time");
  if (!isGraphqlRequest(json)) {
    throw new AppError(
      "INVALID_INPUT",
      "Cannot read the request: send an object with query, variables and operationName",
    );
  }
  return { parameters: json, bodySize: size };
}

// Variables and extensions are JSON there: §5.2.
function readUrl(parameters: URLSearchParams): GraphqlRequest {
  const query = parameters.get("query");
  if (!query) throw new AppError("INVALID_INPUT", "Cannot answer a request without a query");
  const variables = readObject(parameters, "variables");
  readObject(parameters, "extensions");
  return { query, variables, operationName: parameters.get("operationName") || null };
}

function readObject(parameters: URLSearchParams, name: string): Record<string, unknown> | null {
  const text = parameters.get(name);
  const json = text ? parseJson(new TextEncoder().encode(text)) : null;
  if (json === null || isRecord(json)) return json;
  throw new AppError("INVALID_INPUT", `Cannot read ${name}: send an object`);
}

function isGraphqlRequest(json: unknown): json is GraphqlRequest {
  if (!isRecord(json) || typeof json["query"] !== "string") return false;
  const { operationName = null, variables = null, extensions = null } = json;
  return (operationName === null || typeof operationName === "string") && isObjectOrNull(variables) &&
    isObjectOrNull(extensions);
}

function isObjectOrNull(json: unknown): boolean {
  return json === null || isRecord(json);
}

function isRecord(json: unknown): json is Record<string, unknown> {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}
