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
 * error of each request that waits for its result there, and closes. The signal is made when it is first asked for: what is answered
 * at once needs none.
 */
export async function answerWhileValid<Other extends object>(
  request: Request,
  { actor, follow, message }: CredentialBound,
  answer: (signal: () => AbortSignal) => Promise<Response | Other>,
): Promise<Response | Other> {
  const bound = bindTo(request, { actor, follow });
  const answering = answer(bound.signal);
  try {
    const response = await Promise.race([answering, bound.broken]);
    if (!(response instanceof Response) || response.body === null || !isEventStream(response)) {
      bound[Symbol.dispose]();
      return response;
    }
    const ended = bound.ended();
    const body = endWith(response.body, ended, {
      lastWords: () => lastWords(message, ended.reason),
      onEnd: () => bound[Symbol.dispose](),
    });
    return new Response(body, { status: response.status, headers: response.headers });
  } catch (error) {
    bound[Symbol.dispose]();
    answering.then((late) => late instanceof Response ? late.body?.cancel() : undefined, () => {});
    if (bound.isAbandoned()) return new Response(null, { status: CLIENT_GONE });
    throw error;
  }
}

/** One request's credential and client. Disposing it lets go of the credential. */
interface Bound extends Disposable {
  /** Ends with either. */
  signal: () => AbortSignal;
  /** Ends with the credential. */
  ended: () => AbortSignal;
  /** Rejects with the credential's end, and with the client's once the signal was asked for. */
  broken: Promise<never>;
  /** Whether the client went away, as far as anybody wanted to know. */
  isAbandoned: () => boolean;
}

function bindTo(request: Request, { actor, follow }: Pick<CredentialBound, "actor" | "follow">): Bound {
  const broken = Promise.withResolvers<never>();
  let reason: AppError | null = null;
  let controller: AbortController | null = null;
  let either: AbortSignal | null = null;
  const following = follow(actor, (end) => {
    reason = toEndError(end);
    controller?.abort(reason);
    broken.reject(reason);
  });
  return { signal, ended, broken: broken.promise, isAbandoned, [Symbol.dispose]: () => following[Symbol.dispose]() };

  function ended(): AbortSignal {
    if (controller === null) {
      controller = new AbortController();
      if (reason !== null) controller.abort(reason);
    }
    return controller.signal;
  }

  function signal(): AbortSignal {
    if (either !== null) return either;
    const made = either = AbortSignal.any([request.signal, ended()]);
    if (made.aborted) broken.reject(made.reason);
    made.addEventListener("abort", () => broken.reject(made.reason), { once: true });
    return made;
  }

  function isAbandoned(): boolean {
    return either !== null && request.signal.aborted;
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
