import { type ExecutionArgs, GraphQLError } from "graphql";
import { CloseCode, makeServer, type Server } from "graphql-ws";
import { type Actor, type GuestActor, requireSignedIn } from "../base/actor.ts";
import type { Clock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import { newId } from "../base/ids.ts";
import { roomLog } from "../base/log.ts";
import { maskError } from "../graphql/error_mask.ts";
import { type RateLimits, subjectOf } from "../rate_limits/rate_limits.ts";
import { factsElsewhere } from "./request_facts.ts";
import { CLOSE_CODES, endReason, shortReason } from "./_close_codes.ts";
import { orderById } from "./_operation_order.ts";
import { createOutgoingMessages } from "./_outgoing.ts";
import { acceptUpgrade } from "./_upgrade.ts";
import type { Edge } from "./edge.ts";
import type { PersistedDocuments } from "./persisted_documents.ts";
import type { NoteRefusal } from "./refused_attempts.ts";
import type { Sessions } from "../sessions/sessions.ts";
import type { Operations, PreparedOperation } from "./operations.ts";

const log = roomLog("api");

/** What the sockets are built on. */
export interface WebSocketDependencies {
  operations: Operations;
  persisted: PersistedDocuments;
  edge: Edge;
  rateLimits: RateLimits;
  sessions: Pick<Sessions, "follow">;
  noteRefusal: NoteRefusal;
  clock: Clock;
}

/** GraphQL over WebSocket by the graphql-transport-ws protocol. https://github.com/graphql/graphql-over-http/blob/main/rfcs/GraphQLOverWebSocket.md */
export interface WebSockets {
  /** Answers an upgrade request. Throws `FORBIDDEN`, `RATE_LIMITED`. */
  upgrade(request: Request, guest: GuestActor): Promise<Response>;
  /** How many are open. */
  openCount(): number;
  /** Ends every socket with 1001. */
  close(): void;
}

interface Extra {
  socket: WebSocket;
  /** The request that opened it: its headers. null: it has told a credential of its own. */
  handshake: Request | null;
  /** A guest until `connection_init`. */
  actor: Actor;
  /** Who holds the credential of `connection_init` now. Throws `UNAUTHENTICATED`. */
  identify: () => Promise<Actor>;
  /** Ends with the socket; with an `AppError` where whoever is at its other end has no right to it any more. */
  signal: AbortSignal;
  /** Closes the socket when the actor's credential ends. */
  following: Disposable | null;
  /** Closes the socket and ends what runs on it, whether or not the other end answers. */
  end(code: number, reason: string): void;
}

type Params = { authorization?: unknown } & Record<string, unknown>;

const CONNECTION_INIT_TIMEOUT_MS = 10_000;
const MAX_MESSAGE_CHARACTERS = 1_048_576;
const MAX_SUBSCRIPTIONS = 64;
const MAX_SOCKETS_PER_USER = 50;
/** Builds the sockets. */
export function createWebSockets(
  { operations, persisted, edge, rateLimits, sessions, noteRefusal, clock }: WebSocketDependencies,
): WebSockets {
  const open = new Set<Extra>();
  const outgoing = createOutgoingMessages(clock);
  const prepared = new WeakMap<ExecutionArgs, PreparedOperation>();
  const run = (args: ExecutionArgs) => prepared.get(args)?.run() ?? Promise.reject(new Error("Not prepared"));
  const server: Server<Extra> = makeServer<Params, Extra>({
    connectionInitWaitTimeout: CONNECTION_INIT_TIMEOUT_MS,
    onConnect: ({ extra, connectionParams }) => connect(extra, connectionParams),
    onSubscribe: async ({ extra, subscriptions }, _id, payload) => {
      const { signal, socket } = extra;
      if (Object.keys(subscriptions).length > MAX_SUBSCRIPTIONS) closeAsTooMany(extra, "Too many subscriptions");
      // Asked for each operation, as over HTTP: it must hold now, and is used by it.
      const actor = await extra.identify().catch((error: unknown) => {
        noteRefusal(extra.actor, error, "/graphql");
        throw error;
      });
      const context = { requestId: newId(), signal: () => signal, ...factsElsewhere() };
      const taken = rateLimits.take("graphql", subjectOf(actor));
      const request = await orRefusal(taken.then(() => persisted.resolve(payload, actor)));
      if (request instanceof AppError) {
        noteRefusal(actor, request, "/graphql");
        return [maskError(request, context.requestId)];
      }
      const tellCost = payload.extensions?.["cost"] === true;
      const operation = operations.prepare(request, { ...context, actor, tellCost });
      if ("errors" in operation) return operation.errors;
      // The credential may have ended meanwhile: the answer goes nowhere, and the operation must not run.
      if (socket.readyState !== WebSocket.OPEN) return [new GraphQLError("The socket was closed")];
      prepared.set(operation.args, operation);
      return operation.args;
    },
    execute: run,
    subscribe: run,
  });
  return { upgrade, openCount: () => open.size, close };

  async function upgrade(request: Request, guest: GuestActor): Promise<Response> {
    if (!edge.isAllowedOrigin(request)) throw new AppError("FORBIDDEN", "Cannot open a socket from this origin");
    await rateLimits.take("socket", guest.origin.ipAddress ?? "unknown");
    // The upgraded request can't be asked any more, and its cookie is wanted at `connection_init`.
    const handshake = new Request(request.url, { headers: request.headers });
    const { socket, response, protocol } = acceptUpgrade(request);
    const ended = new AbortController();
    const identify = () => Promise.resolve(guest);
    const end = (code: number, reason: string) => socket.close(code, reason);
    const extra: Extra = { socket, handshake, actor: guest, identify, signal: ended.signal, following: null, end };
    socket.onopen = () => serve(extra, protocol, ended);
    socket.onerror = () => log.debug("A socket failed");
    return response;
  }

  function serve(extra: Extra, protocol: string, ended: AbortController): void {
    const { socket } = extra;
    const onStalled = () => extra.end(CLOSE_CODES.tooMany, "Reads too slowly");
    const messages = outgoing.to(socket, { signal: extra.signal, onStalled });
    open.add(extra);
    extra.end = (code, reason) => {
      socket.close(code, shortReason(reason));
      finish(code, reason);
    };
    let closed: ReturnType<typeof server.opened> | null = null;
    closed = server.opened({
      protocol,
      send: (message) => messages.send(message),
      close: (code = CloseCode.InternalServerError, reason = "") => extra.end(code, reason),
      onMessage: (receive) => {
        const receiveInOrder = orderById(receive);
        socket.onmessage = ({ data }) => {
          if (typeof data !== "string") return extra.end(CloseCode.BadRequest, "Invalid message received");
          if (data.length > MAX_MESSAGE_CHARACTERS) return extra.end(CLOSE_CODES.tooLarge, "Message too large");
          receiveInOrder(data).catch((error: unknown) => fail(extra, error));
        };
      },
    }, extra);
    // Only now: one that was dropped counts for its user as long as its connection lasts, which its other end decides.
    socket.onclose = ({ code, reason }) => {
      open.delete(extra);
      finish(code, reason);
    };

    function finish(code: number, reason: string): void {
      if (ended.signal.aborted) return;
      ended.abort(endReason(code, reason));
      messages[Symbol.dispose]();
      extra.following?.[Symbol.dispose]();
      Promise.resolve(closed?.(code, reason)).catch((error: unknown) => fail(extra, error));
    }
  }

  async function connect(extra: Extra, params: Params | undefined): Promise<boolean> {
    try {
      extra.identify = identifier(extra, params?.authorization);
      extra.actor = await extra.identify();
      const actor = requireSignedIn(extra.actor);
      // It may have closed meanwhile.
      if (extra.signal.aborted) return true;
      extra.following = sessions.follow(actor, (end) => {
        if (end === "SIGNED_OUT") extra.end(CLOSE_CODES.unauthenticated, "No longer signed in");
        else extra.end(CLOSE_CODES.forbidden, "The right was taken away");
      });
    } catch (error) {
      if (!(error instanceof AppError) || error.code === "UNAVAILABLE") throw error;
      noteRefusal(extra.actor, error, "/graphql");
      extra.end(CLOSE_CODES.unauthenticated, error.message);
      return true;
    }
    const subject = userOf(extra);
    if ([...open].filter((other) => userOf(other) === subject).length > MAX_SOCKETS_PER_USER) {
      closeAsTooMany(extra, "Too many sockets");
    }
    return true;
  }

  function closeAsTooMany({ actor, end }: Extra, reason: string): void {
    noteRefusal(actor, new AppError("RATE_LIMITED", reason), "/graphql");
    end(CLOSE_CODES.tooMany, reason);
  }

  function identifier(extra: Extra, authorization: unknown): () => Promise<Actor> {
    const { handshake, actor: { origin } } = extra;
    if (typeof authorization !== "string") return identifierByCookie(handshake, { kind: "guest", origin });
    extra.handshake = null;
    return () => edge.identifyBearer(authorization, origin);
  }

  // A browser sends the cookie with every upgrade, whichever page asks, and a socket can change things: ports do not keep
  // cookies apart, so another page of this machine would do.
  function identifierByCookie(handshake: Request | null, guest: GuestActor): () => Promise<Actor> {
    return () => {
      if (handshake !== null && edge.isSameOrigin(handshake)) return edge.identify(handshake, guest);
      return Promise.reject(new AppError("UNAUTHENTICATED", "Send the authorization with connection_init"));
    };
  }

  function close(): void {
    for (const { end } of open) end(CLOSE_CODES.goingAway, "The server stops");
  }
}

/** What was refused is answered as an error of the operation, with the seconds to wait; the socket lives on. */
async function orRefusal<T>(work: Promise<T>): Promise<T | AppError> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

function fail({ end }: Extra, error: unknown): void {
  if (error instanceof AppError && error.code === "UNAUTHENTICATED") {
    return end(CLOSE_CODES.unauthenticated, error.message);
  }
  if (error instanceof AppError && error.code === "RATE_LIMITED") return end(CLOSE_CODES.tooMany, error.message);
  // What only a server may send, from a client: graphql-ws tells it from a fault of ours by its words alone.
  if (error instanceof Error && error.message.startsWith("Unexpected message of type ")) {
    return end(CloseCode.BadRequest, error.message);
  }
  log.error("Unexpected error on a socket: {error}", { error });
  end(CloseCode.InternalServerError, "Unexpected error");
}

function userOf({ actor }: Extra): string | null {
  return "userId" in actor ? actor.userId : null;
}
