import { type ExecutionResult, OperationTypeNode } from "graphql";
import type { Actor, GuestActor } from "../base/actor.ts";
import { AppError } from "../base/errors.ts";
import { type RateLimits, subjectOf } from "../rate_limits/rate_limits.ts";
import { clearedSessionCookie } from "../sessions/cookies.ts";
import type { StreamAnswer } from "./event_stream.ts";
import { graphiqlResponse } from "./_graphiql.ts";
import { readRequest } from "./_http_request.ts";
import type { Edge } from "./edge.ts";
import { headersOf, statusOf } from "./http_status.ts";
import { type AcceptedTypes, chooseTypes, contentType, type MediaType } from "./media_types.ts";
import type { Operations, PreparedOperation, RequestFacts } from "./operations.ts";
import type { PersistedDocuments } from "./persisted_documents.ts";
import { refusalResponse } from "./refusal.ts";
import type { BodyReader } from "./request_body.ts";
import type { NoteRefusal } from "./refused_attempts.ts";

/** What GraphQL over HTTP is built on. */
export interface GraphqlHttpDependencies {
  operations: Operations;
  persisted: PersistedDocuments;
  streamAnswer: StreamAnswer;
  bodies: BodyReader;
  edge: Edge;
  rateLimits: RateLimits;
  noteRefusal: NoteRefusal;
  secureCookies: boolean;
  /** Ends when the server stops. */
  stopped: AbortSignal;
}

/** Answers GraphQL over HTTP (GET, POST, server-sent events) and, for a browser's GET, with GraphiQL. https://graphql.github.io/graphql-over-http */
export function createGraphqlHttp(
  { operations, persisted, streamAnswer, bodies, edge, rateLimits, noteRefusal, secureCookies, stopped }:
    GraphqlHttpDependencies,
): (request: Request, guest: GuestActor) => Promise<Response> {
  return async function answer(request, guest) {
    const accepted = chooseTypes(request.headers.get("accept"), request.method);
    if (accepted?.best === "text/html") return withHeaders(request, await graphiqlResponse());
    const headers = lazyHeaders();
    let actor: Actor = guest;
    try {
      actor = await identify(request, guest, headers);
      return await answerOperation(request, actor, { accepted, headers });
    } catch (error) {
      // Nobody reads the answer to a request that was broken off; that it was is no fault of ours.
      const refusal = request.signal.aborted ? new AppError("UNAVAILABLE", "The request was broken off") : error;
      if (!(refusal instanceof AppError)) throw refusal;
      noteRefusal(actor, refusal, "/graphql");
      return withHeaders(request, refusalResponse(request, refusal, { headers: headers.get() }));
    }
  };

  function withHeaders(request: Request, response: Response): Response {
    edge.addHeaders(request, response);
    return response;
  }

  async function answerOperation(request: Request, actor: Actor, { accepted, headers }: AnswerOptions) {
    await rateLimits.take("graphql", subjectOf(actor));
    checkMethod(request, headers);
    if (accepted === null) throw notAcceptable("Cannot answer");
    const { sent, bodySize } = await readRequest(request, actor, bodies);
    const facts = factsOf(request, actor, { bodySize, headers });
    const operation = operations.prepare(persisted.resolve(sent, actor), facts);
    if (!("errors" in operation)) checkType(request, operation, { accepted, headers });
    const answer = "errors" in operation ? operation : await operation.run();
    const response = Symbol.asyncIterator in answer
      ? withHeaders(request, await streamAnswer(request, untilBroken(answer, facts.breakOff)))
      : await writeAnswer(request, answer, accepted.best);
    if (headers.areUsed()) { for (const [name, value] of headers.get()) response.headers.append(name, value); }
    return response;
  }

  function factsOf(
    request: Request,
    actor: Actor,
    { bodySize, headers }: { bodySize: number; headers: LazyHeaders },
  ): StreamFacts {
    let signal: AbortSignal | undefined;
    let broken: AbortController | undefined;
    const breakable = () => (broken = new AbortController()).signal;
    // Functions and no getters: an object with getters has a shape of its own each time, which V8 keeps with all that hangs on it.
    return {
      actor,
      requestId: crypto.randomUUID(),
      bodySize,
      tellCost: request.headers.get("graphql-cost") === "1",
      signal: () => signal ??= AbortSignal.any([request.signal, stopped, breakable()]),
      breakOff: () => broken?.abort(),
      responseHeaders: headers.get,
      sameOrigin: () => edge.isSameOrigin(request),
    };
  }

  async function writeAnswer(request: Request, answer: ExecutionResult, type: MediaType): Promise<Response> {
    const status = statusOf(answer, type);
    if (type === "text/event-stream") {
      const { body, headers } = await streamAnswer(request, answer);
      const all = { ...edge.resultHeaders(request), ...Object.fromEntries(headers), ...headersOf(answer) };
      return new Response(body, { status, headers: all });
    }
    const headers = { ...edge.resultHeaders(request), ...headersOf(answer), "content-type": contentType(type) };
    return new Response(JSON.stringify(answer), { status, headers });
  }

  async function identify(request: Request, guest: GuestActor, headers: LazyHeaders): Promise<Actor> {
    try {
      return await edge.identify(request, guest);
    } catch (error) {
      const isDead = error instanceof AppError && error.code === "UNAUTHENTICATED";
      // A dead cookie would shut the browser out of signing in again: no script can take it away.
      if (isDead && !request.headers.has("authorization")) {
        headers.get().append("set-cookie", clearedSessionCookie(secureCookies));
      }
      // As a guest's: who tries credentials is nobody, and is not to go on for ever.
      if (isDead) await rateLimits.take("graphql", subjectOf(guest));
      throw error;
    }
  }
}

interface AnswerOptions {
  accepted: AcceptedTypes | null;
  /** Of the answer. */
  headers: LazyHeaders;
}

/** A request whose answer may go on and on. */
interface StreamFacts extends RequestFacts {
  /** Ends its signal. */
  breakOff: () => void;
}

/** A stream that has no end of its client's making: who returns from it is the writer whose connection broke. */
function untilBroken(
  answer: AsyncIterableIterator<ExecutionResult>,
  breakOff: () => void,
): AsyncIterableIterator<ExecutionResult> {
  return {
    next: () => answer.next(),
    async return() {
      breakOff();
      return await answer.return?.() ?? { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** Headers that few answers have. */
interface LazyHeaders {
  get(): Headers;
  areUsed(): boolean;
}

function lazyHeaders(): LazyHeaders {
  let headers: Headers | undefined;
  return { get: () => headers ??= new Headers(), areUsed: () => headers !== undefined };
}

function checkMethod({ method }: Request, headers: LazyHeaders): void {
  if (method === "GET" || method === "POST") return;
  headers.get().set("allow", "GET, POST, OPTIONS");
  throw new AppError("INVALID_INPUT", `Cannot answer ${method}: send GET or POST`, { httpStatus: 405 });
}

// Before the operation runs, so that nothing is changed by a request whose answer can't be read. GraphQL over HTTP §5.2
function checkType({ method }: Request, { type }: PreparedOperation, { accepted, headers }: AnswerOptions): void {
  if (type === OperationTypeNode.SUBSCRIPTION && accepted?.takesStream !== true) {
    throw notAcceptable("Cannot send a subscription");
  }
  if (type !== OperationTypeNode.MUTATION || method !== "GET") return;
  headers.get().set("allow", "POST");
  throw new AppError("INVALID_INPUT", "Cannot change anything by GET: send a mutation by POST", { httpStatus: 405 });
}

function notAcceptable(action: string): AppError {
  const message = `${action} in a type that this request accepts: ` +
    "accept application/graphql-response+json, application/json or, for a subscription too, text/event-stream";
  return new AppError("INVALID_INPUT", message, { httpStatus: 406 });
}
