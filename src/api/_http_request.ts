import type { Actor } from "../base/actor.ts";
import { AppError } from "../base/errors.ts";
import type { DocumentRequest } from "./persisted_documents.ts";
import { type BodyReader, parseJson } from "./request_body.ts";

/** The parameters of a GraphQL request as they were sent, and the bytes of its body. */
export interface ReadRequest {
  sent: DocumentRequest;
  bodySize: number;
}

/** The body of a request that may carry a capture; a guest's has less, because nothing of a guest is stored. */
const MAX_BODY_BYTES = 12 * 1_048_576;
const MAX_GUEST_BODY_BYTES = 1_048_576;

/** Reads the parameters of a POST's body or a GET's URL. Throws `INVALID_INPUT`, `TOO_LARGE`, `TOO_COMPLEX`, `UNAVAILABLE`. GraphQL over HTTP §5 */
export async function readRequest(request: Request, actor: Actor, bodies: BodyReader): Promise<ReadRequest> {
  if (request.method === "GET") {
    return { sent: requireDocumentRequest(readUrl(new URL(request.url).searchParams)), bodySize: 0 };
  }
  const maxBytes = actor.kind === "guest" ? MAX_GUEST_BODY_BYTES : MAX_BODY_BYTES;
  const { json, size } = await bodies.readJson(request, maxBytes);
  if (Array.isArray(json)) throw new AppError("TOO_COMPLEX", "Cannot take an array of requests: send one at a time");
  return { sent: requireDocumentRequest(json), bodySize: size };
}

// Variables and extensions are JSON there: §5.2. What is empty is absent.
function readUrl(parameters: URLSearchParams): unknown {
  const read = (name: string) => parameters.get(name) || undefined;
  const readJson = (name: string) => {
    const text = read(name);
    return text === undefined ? undefined : parseJson(new TextEncoder().encode(text));
  };
  return {
    query: read("query"),
    documentId: read("documentId"),
    operationName: read("operationName"),
    variables: readJson("variables"),
    extensions: readJson("extensions"),
  };
}

function requireDocumentRequest(sent: unknown): DocumentRequest {
  if (isDocumentRequest(sent)) return sent;
  const message = "Cannot read the request: send an object with query, variables and operationName";
  throw new AppError("INVALID_INPUT", message);
}

function isDocumentRequest(sent: unknown): sent is DocumentRequest {
  if (!isRecord(sent)) return false;
  const { query, operationName, variables, extensions } = sent;
  return isTextOrAbsent(query) && isTextOrAbsent(operationName) && isRecordOrAbsent(variables) &&
    isRecordOrAbsent(extensions);
}

function isTextOrAbsent(value: unknown): boolean {
  return value === null || value === undefined || typeof value === "string";
}

function isRecordOrAbsent(value: unknown): boolean {
  return value === null || value === undefined || isRecord(value);
}

function isRecord(json: unknown): json is Record<string, unknown> {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}
