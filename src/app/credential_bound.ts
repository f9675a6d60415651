import type { SignedInActor } from "../base/actor.ts";
import type { AppError } from "../base/errors.ts";
import { toEndError } from "../sessions/credential_end.ts";
import type { Sessions } from "../sessions/sessions.ts";

/** With whose credential an answer ends. */
export interface CredentialBound {
  actor: SignedInActor;
  follow: Sessions["follow"];
  /** What was asked, JSON-RPC: so that who waits for an answer on a stream gets one. */
  message: unknown;
}

/** JSON-RPC 2.0 §5.1: what servers say of themselves. */
const SERVER_ERROR = -32_000;
/** Nobody reads it: the client went away. nginx's number. */
const CLIENT_GONE = 499;

/**
 * Has a request answered until its credential ends or its client goes away: then the signal tells those who work on it, and the
 * answer ends. One that has not begun becomes the thrown `UNAUTHENTICATED` or `FORBIDDEN`; an event stream tells it as the
 * error of each request that waits for its result there, and closes.
 */
export async function answerWhileValid(
  request: Request,
  { actor, follow, message }: CredentialBound,
  answer: (signal: AbortSignal) => Promise<Response>,
): Promise<Response> {
  const ended = new AbortController();
  const following = follow(actor, (end) => ended.abort(toEndError(end)));
  const signal = AbortSignal.any([request.signal, ended.signal]);
  const answering = answer(signal);
  try {
    const response = await untilAborted(answering, signal);
    if (response.body === null || !isEventStream(response)) {
      following[Symbol.dispose]();
      return response;
    }
    const body = endWith(response.body, ended.signal, {
      lastWords: () => lastWords(message, ended.signal.reason),
      onEnd: () => following[Symbol.dispose](),
    });
    return new Response(body, { status: response.status, headers: response.headers });
  } catch (error) {
    following[Symbol.dispose]();
    answering.then((late) => late.body?.cancel(), () => {});
    if (request.signal.aborted) return new Response(null, { status: CLIENT_GONE });
    throw error;
  }
}

/** The promise's value; rejects with the signal's reason as soon as it is aborted. */
async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

function isEventStream({ headers }: Response): boolean {
  return headers.get("content-type")?.startsWith("text/event-stream") === true;
}

interface StreamEnd {
  /** Told before the stream closes because its credential ended. */
  lastWords: () => Uint8Array<ArrayBuffer>;
  /** Called once, however it ends. */
  onEnd: () => void;
}

/** The same stream, chunk by chunk, until the signal: then it says its last words and closes. */
function endWith(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  ended: AbortSignal,
  { lastWords, onEnd }: StreamEnd,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader();
  let isOver = false;
  let onAborted = () => {};
  const finish = () => {
    isOver = true;
    ended.removeEventListener("abort", onAborted);
    onEnd();
  };
  return new ReadableStream({
    start(controller) {
      onAborted = () => {
        finish();
        controller.enqueue(lastWords());
        controller.close();
        reader.cancel(ended.reason).catch(() => {});
      };
      ended.addEventListener("abort", onAborted, { once: true });
    },
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        // It may have been ended meanwhile.
        if (isOver) return;
        if (!done) return controller.enqueue(value);
        finish();
        controller.close();
      } catch (error) {
        if (isOver) return;
        finish();
        controller.error(error);
      }
    },
    cancel(reason) {
      finish();
      return reader.cancel(reason);
    },
  });
}

function lastWords(message: unknown, { message: reason }: AppError): Uint8Array<ArrayBuffer> {
  const errors = idsOf(message).map((id) => {
    const error = { jsonrpc: "2.0", id, error: { code: SERVER_ERROR, message: reason } };
    return `event: message\ndata: ${JSON.stringify(error)}\n\n`;
  });
  return new TextEncoder().encode(errors.join(""));
}

function idsOf(message: unknown): (string | number)[] {
  const messages: unknown[] = Array.isArray(message) ? message : [message];
  return messages.flatMap((each) => {
    const id = typeof each === "object" && each !== null && "method" in each && "id" in each ? each.id : null;
    return typeof id === "string" || typeof id === "number" ? [id] : [];
  });
}
