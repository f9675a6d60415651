import type { Actor } from "../base/actor.ts";
import { AppError } from "../base/errors.ts";
import { newId } from "../base/ids.ts";
import type { RateLimits } from "../rate_limits/rate_limits.ts";
import { clearedSessionCookie } from "../sessions/cookies.ts";
import { graphiqlResponse } from "./_graphiql.ts";
import { type AcceptedTypes, chooseTypes } from "./media_types.ts";
import type { Edge } from "./edge.ts";
import type { NoteRefusal } from "./refused_attempts.ts";
import type { GraphqlRequest, Operations } from "./operations.ts";
import { refusalResponse } from "./refusal.ts";
import { parseJson, readJsonBody } from "./request_body.ts";

/** What GraphQL over HTTP is built on. */
export interface GraphqlHttpDependencies {
  operations: Operations;
  edge: Edge;
  rateLimits: RateLimits;
  noteRefusal: NoteRefusal;
  secureCookies: boolean;
  /** Ends when the server stops. */
  stopped: AbortSignal;
}

/** The body of a request that may carry a capture; a guest's has less, because nothing of a guest is stored. */
const MAX_BODY_BYTES = 12 * 1_048_576;
const MAX_GUEST_BODY_BYTES = 1_048_576;

/** Answers GraphQL over HTTP (GET, POST, server-sent events) and, for a browser's GET, with GraphiQL. */
export function createGraphqlHttp(
  { operations, edge, rateLimits, noteRefusal, secureCookies, stopped }: GraphqlHttpDependencies,
): (request: Request, ipAddress: string | null) => Promise<Response> {
  return async function answer(request, ipAddress) {
    const accepted = chooseTypes(request.headers.get("accept"), request.method);
    if (accepted?.best === "text/html") return await graphiqlResponse();
    const headers = new Headers();
    let actor: Actor = edge.guestOf(request, ipAddress);
    try {
      actor = await identify(request, ipAddress, headers);
      const response = await answerOperation(request, actor, { accepted, headers });
      for (const [name, value] of headers) response.headers.append(name, value);
      return response;
    } catch (error) {
      // Nobody reads the answer to a request that was broken off; that it was is no fault of ours.
      const refusal = request.signal.aborted ? new AppError("UNAVAILABLE", "The request was broken off") : error;
      if (!(refusal instanceof AppError)) throw refusal;
      noteRefusal(actor, refusal, "/graphql");
      return refusalResponse(request, refusal, headers);
    }
  };

  async function answerOperation(request: Request, actor: Actor, { accepted, headers }: AnswerOptions) {
    await rateLimits.take("graphql", subjectOf(actor));
    checkMethod(request, headers);
    if (accepted === null) throw notAcceptable();
    const { parameters, bodySize } = await readParameters(request, actor);
    return await operations.yoga.fetch(forYoga(request, accepted), {
      actor,
      requestId: newId(),
      signal: AbortSignal.any([request.signal, stopped]),
      responseHeaders: headers,
      sameOrigin: edge.isSameOrigin(request),
      parameters,
      bodySize,
      tellCost: request.headers.get("graphql-cost") === "1",
      accepted,
    });
  }

  async function identify(request: Request, ipAddress: string | null, headers: Headers): Promise<Actor> {
    try {
      return await edge.identify(request, ipAddress);
    } catch (error) {
      const isDead = error instanceof AppError && error.code === "UNAUTHENTICATED";
      // A dead cookie would shut the browser out of signing in again: no script can take it away.
      if (isDead && !request.headers.has("authorization")) {
        headers.append("set-cookie", clearedSessionCookie(secureCookies));
      }
      // As a guest's: who tries credentials is nobody, and is not to go on for ever.
      if (isDead) await rateLimits.take("graphql", ipAddress ?? "unknown");
      throw error;
    }
  }
}

interface AnswerOptions {
  accepted: AcceptedTypes | null;
  /** Of the answer. */
  headers: Headers;
}

// Before the operation runs, so that nothing is changed by a request whose answer can't be read.
function checkMethod({ method }: Request, headers: Headers): void {
  if (method === "GET" || method === "POST") return;
  headers.set("allow", "GET, POST, OPTIONS");
  throw new AppError("INVALID_INPUT", `Cannot answer ${method}: send GET or POST`, { httpStatus: 405 });
}

function notAcceptable(): AppError {
  const message = "Cannot answer in a type that this request accepts: " +
    "accept application/graphql-response+json, application/json or text/event-stream";
  return new AppError("INVALID_INPUT", message, { httpStatus: 406 });
}

// Yoga goes by the order of the types, whatever their weights.
function forYoga(request: Request, { best, takesStream }: AcceptedTypes): Request {
  const wanted = takesStream && best !== "text/event-stream" ? `${best}, text/event-stream` : best;
  if (request.headers.get("accept") === wanted) return request;
  const headers = new Headers(request.headers);
  headers.set("accept", wanted);
  return new Request(request.url, { method: request.method, headers, signal: request.signal });
}

/** Whom a request counts for: the user or token, a guest's address. */
export function subjectOf(actor: Actor): string {
  if (actor.kind === "token") return `token ${actor.tokenId}`;
  if (actor.kind === "user") return `user ${actor.userId}`;
  return actor.origin.ipAddress ?? "unknown";
}

async function readParameters(request: Request, actor: Actor) {
  if (request.method !== "POST") {
    checkQueryString(new URL(request.url).searchParams);
    return { parameters: null, bodySize: 0 };
  }
  const maxBytes = actor.kind === "guest" ? MAX_GUEST_BODY_BYTES : MAX_BODY_BYTES;
  const { json, size } = await readJsonBody(request, maxBytes);
  if (Array.isArray(json)) throw new AppError("TOO_COMPLEX", "Cannot take an array of requests: send one at a time");
  if (!isGraphqlRequest(json)) {
    throw new AppError(
      "INVALID_INPUT",
      "Cannot read the request: send an object with query, variables and operationName",
    );
  }
  return { parameters: json, bodySize: size };
}

// GraphQL over HTTP §5.1: these two are JSON in the URL. Yoga parses them, and takes a fault for its own.
function checkQueryString(parameters: URLSearchParams): void {
  if (!parameters.get("query")) throw new AppError("INVALID_INPUT", "Cannot answer a request without a query");
  for (const name of ["variables", "extensions"]) {
    const text = parameters.get(name);
    const json = text ? parseJson(new TextEncoder().encode(text)) : null;
    if (json !== null && !isRecord(json)) throw new AppError("INVALID_INPUT", `Cannot read ${name}: send an object`);
  }
}

function isGraphqlRequest(json: unknown): json is GraphqlRequest {
  if (!isRecord(json) || typeof json["query"] !== "string") return false;
  const { operationName = null, variables = null, extensions = null } = json;
  return (operationName === null || typeof operationName === "string") &&
    [variables, extensions].every((value) => value === null || isRecord(value));
}

function isRecord(json: unknown): json is Record<string, unknown> {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}
