import type { Answer } from "./messages.ts";
import type { RoomEvent } from "./signals.ts";

/** What failed: `code` is of the server's closed list, `UNAVAILABLE` where the server can't be reached, `CLOSED` after `close()`. */
export class FingerpostError extends Error {
  constructor(readonly code: string, message: string, readonly retryAfterSeconds: number | null = null) {
    super(message);
  }
}

/** What the operations of a page answer, each by its root field. */
export interface Data {
  signals: RoomEvent;
  channelMessages: Answer;
  sendSignal: { sequence: number };
  sendChannelMessage: boolean;
  captureElement: { id: string; revision: number };
  elementEvents: ElementEvent;
  nodes: ({ id: string; status: string } | null)[];
}

/** What became of an element; null in the place of one that was deleted. */
export interface ElementEvent {
  kind: string;
  elementId: string;
  element: { status: string } | null;
}

/** One connection by the graphql-transport-ws protocol; when it breaks, all that runs on it fails with `UNAVAILABLE`. */
export interface GraphqlSocket {
  /** Runs a query or a mutation and returns its data. Rejects with a `FingerpostError`. */
  request(query: string, variables: Record<string, unknown>): Promise<Data>;
  /** Subscribes until the returned function is called. */
  subscribe(query: string, variables: Record<string, unknown>, sink: Sink): () => void;
  /** Why it ended: settles once, and never rejects. */
  ended: Promise<FingerpostError>;
  close(): void;
}

/** Where the results of one operation go; `ended` is told once, null where nothing failed. */
export interface Sink {
  next(data: Data): void;
  ended(error: FingerpostError | null): void;
}

interface ServerMessage {
  type: string;
  id: string;
  payload: Result & GraphqlError[];
}

interface Result {
  data: Data;
  errors?: GraphqlError[];
}

interface GraphqlError {
  message: string;
  extensions?: { code?: string; retryAfterSeconds?: number };
}

/** A firewall that drops packets answers nothing: after this another attempt is due. */
const OPEN_TIMEOUT_MS = 5_000;
const HEARTBEAT_MS = 3_000;
/** A network that went away tells nobody: two heartbeats without a word. */
const SILENCE_MS = 7_000;
/** What the close codes of the server mean, where trying again is no use. */
const CLOSE_CODES = new Map([[4401, "UNAUTHENTICATED"], [4403, "FORBIDDEN"], [4413, "TOO_LARGE"], [
  4429,
  "RATE_LIMITED",
]]);

/** Connects and signs in. Rejects with the `FingerpostError` that ended it. */
export async function openGraphqlSocket(url: string, token: string): Promise<GraphqlSocket> {
  const socket = new WebSocket(`${url.replace(/^http/, "ws")}/graphql`, "graphql-transport-ws");
  const sinks = new Map<string, Sink>();
  const accepted = Promise.withResolvers<void>();
  const { promise: ended, resolve: resolveEnded } = Promise.withResolvers<FingerpostError>();
  let heardAt = performance.now();
  let lastId = 0;
  let error: FingerpostError | null = null;
  const opening = setTimeout(
    () => end(new FingerpostError("UNAVAILABLE", "The server does not answer")),
    OPEN_TIMEOUT_MS,
  );
  const heartbeat = setInterval(beat, HEARTBEAT_MS);
  socket.onopen = () => send({ type: "connection_init", payload: { authorization: `Bearer ${token}` } });
  socket.onmessage = ({ data }) => receive(data);
  socket.onclose = ({ code, reason }) => end(errorOfClose(code, reason));
  await accepted.promise;
  return { request, subscribe, ended, close: () => end(new FingerpostError("CLOSED", "The connection was closed")) };

  function receive(text: string): void {
    heardAt = performance.now();
    const message: ServerMessage = JSON.parse(text);
    if (message.type === "connection_ack") {
      clearTimeout(opening);
      accepted.resolve();
    } else if (message.type === "ping") send({ type: "pong" });
    else if (message.type === "next") passResult(message);
    else if (message.type === "error") finish(message.id, readErrors(message.payload));
    else if (message.type === "complete") finish(message.id, null);
  }

  function passResult({ id, payload }: ServerMessage): void {
    if (payload.errors === undefined) sinks.get(id)?.next(payload.data);
    else finish(id, readErrors(payload.errors));
  }

  function finish(id: string, reason: FingerpostError | null): void {
    const sink = sinks.get(id);
    sinks.delete(id);
    sink?.ended(reason);
  }

  function subscribe(query: string, variables: Record<string, unknown>, sink: Sink): () => void {
    const id = String(++lastId);
    if (error === null) {
      sinks.set(id, sink);
      send({ id, type: "subscribe", payload: { query, variables } });
    } else sink.ended(error);
    return () => {
      if (sinks.delete(id)) send({ id, type: "complete" });
    };
  }

  function request(query: string, variables: Record<string, unknown>): Promise<Data> {
    return new Promise((resolve, reject) => {
      subscribe(query, variables, {
        next: resolve,
        ended: (reason) => reject(reason ?? new FingerpostError("UNAVAILABLE", "The server gave no answer")),
      });
    });
  }

  function send(message: Record<string, unknown>): void {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
  }

  function beat(): void {
    if (performance.now() - heardAt > SILENCE_MS) end(new FingerpostError("UNAVAILABLE", "The server is silent"));
    else send({ type: "ping" });
  }

  // A socket on a dead network closes only after minutes: it is let go of at once.
  function end(reason: FingerpostError): void {
    if (error !== null) return;
    error = reason;
    clearTimeout(opening);
    clearInterval(heartbeat);
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
    accepted.reject(reason);
    for (const id of [...sinks.keys()]) finish(id, reason);
    resolveEnded(reason);
  }
}

/** Runs one mutation over HTTP, which takes larger ones than a socket does. */
export async function postGraphql(url: string, token: string, body: string): Promise<Data> {
  const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
  try {
    // The server never redirects: who does would be given what was meant for it.
    const response = await fetch(`${url}/graphql`, { method: "POST", headers, body, redirect: "error" });
    const { data, errors }: Result = await response.json();
    if (errors !== undefined) throw readErrors(errors);
    return data;
  } catch (error) {
    throw error instanceof FingerpostError
      ? error
      : new FingerpostError("UNAVAILABLE", `Cannot reach the server: ${error}`);
  }
}

function readErrors([first]: GraphqlError[]): FingerpostError {
  const { code = "INTERNAL", retryAfterSeconds = null } = first?.extensions ?? {};
  return new FingerpostError(code, first?.message ?? "The server gave no answer", retryAfterSeconds);
}

function errorOfClose(code: number, reason: string): FingerpostError {
  return new FingerpostError(CLOSE_CODES.get(code) ?? "UNAVAILABLE", reason || `The connection was lost (${code})`);
}
