import type { ExecutionAnswer } from "../mcp/caller.ts";
import { type Remote, toAnswer } from "./remote_request.ts";

/**
 * A connection by the graphql-transport-ws protocol that queries go over, at a fraction of what an HTTP request costs. It is never waited
 * for: what it does not answer is asked over HTTP.
 */
export interface RemoteSocket extends Disposable {
  /** What a query is answered, named by its text's SHA-256; null: ask over HTTP. Never rejects. */
  ask(query: SocketQuery, signal: AbortSignal): Promise<ExecutionAnswer | null>;
  /** Has it opened, since the server answers over HTTP; nothing where it is open, or was tried a moment ago. */
  open(): void;
}

/** A query as it goes over the socket. */
export interface SocketQuery {
  /** In hexadecimal digits. */
  hash: string;
  variables: Record<string, unknown>;
}

interface Connection {
  socket: WebSocket;
  isAccepted: boolean;
  /** When it was last heard, or began to be waited for. */
  heardAt: number;
  waiting: Map<string, (answer: ExecutionAnswer | null) => void>;
}

interface ServerMessage {
  type?: unknown;
  id?: unknown;
  payload?: unknown;
}

/** Deno's client sends a longer message in two parts, and the second waits 40 ms for the first to be acknowledged. */
const MAX_MESSAGE_CHARACTERS = 1_000;
/** Half of what the server takes. */
const MAX_WAITING = 32;
/** A proxy that takes no sockets is not asked more often. */
const RETRY_MS = 10_000;
/** So long without a word, and the server is asked for one; after as long again the connection is given up. */
const SILENCE_MS = 2_000;

/** Builds the connection; it is opened when it is told to. */
export function createRemoteSocket(remote: Remote): RemoteSocket {
  let connection: Connection | null = null;
  let openedAt = -Infinity;
  let check: ReturnType<typeof setTimeout> | undefined;
  let lastId = 0;
  return { ask, open, [Symbol.dispose]: () => drop(connection) };

  function ask({ hash, variables }: SocketQuery, signal: AbortSignal): Promise<ExecutionAnswer | null> {
    const current = connection;
    if (!current?.isAccepted || current.waiting.size >= MAX_WAITING || signal.aborted) return Promise.resolve(null);
    const id = String(++lastId);
    const extensions = { persistedQuery: { version: 1, sha256Hash: hash } };
    const message = JSON.stringify({ id, type: "subscribe", payload: { query: "", variables, extensions } });
    if (message.length > MAX_MESSAGE_CHARACTERS) return Promise.resolve(null);
    const { promise, resolve } = Promise.withResolvers<ExecutionAnswer | null>();
    const { socket, waiting } = current;
    const giveUp = () => {
      finish(current, id, null);
      send(socket, { id, type: "complete" });
    };
    signal.addEventListener("abort", giveUp, { once: true });
    if (waiting.size === 0) current.heardAt = performance.now();
    waiting.set(id, (answer) => {
      signal.removeEventListener("abort", giveUp);
      resolve(answer);
    });
    check ??= setTimeout(checkSilence, SILENCE_MS);
    if (socket.readyState === WebSocket.OPEN) socket.send(message);
    return promise;
  }

  function open(): void {
    if (connection !== null || performance.now() - openedAt < RETRY_MS) return;
    openedAt = performance.now();
    const socket = new WebSocket(`${remote.url.replace(/^http/, "ws")}/graphql`, "graphql-transport-ws");
    const opened: Connection = { socket, isAccepted: false, heardAt: openedAt, waiting: new Map() };
    connection = opened;
    socket.onopen = () =>
      send(socket, { type: "connection_init", payload: { authorization: `Bearer ${remote.token}` } });
    socket.onmessage = ({ data }) => receive(opened, data);
    socket.onerror = () => drop(opened);
    socket.onclose = () => drop(opened);
  }

  function checkSilence(): void {
    check = undefined;
    if (connection === null || connection.waiting.size === 0) return;
    const silentMs = performance.now() - connection.heardAt;
    if (silentMs >= 2 * SILENCE_MS) return drop(connection);
    if (silentMs >= SILENCE_MS / 2) send(connection.socket, { type: "ping" });
    check = setTimeout(checkSilence, SILENCE_MS);
  }

  function drop(dropped: Connection | null): void {
    if (dropped === null || connection !== dropped) return;
    connection = null;
    clearTimeout(check);
    check = undefined;
    dropped.socket.close();
    for (const id of dropped.waiting.keys()) finish(dropped, id, null);
  }
}

function receive(connection: Connection, text: unknown): void {
  connection.heardAt = performance.now();
  const { type, id, payload }: ServerMessage = JSON.parse(String(text));
  if (type === "next") finish(connection, id, toAnswer(payload));
  // It was not run: over HTTP it is said why, or the text is sent too.
  else if (type === "error") finish(connection, id, null);
  else if (type === "ping") send(connection.socket, { type: "pong" });
  else if (type === "connection_ack") connection.isAccepted = true;
}

function finish({ waiting }: Connection, id: unknown, answer: ExecutionAnswer | null): void {
  const key = String(id);
  const settle = waiting.get(key);
  waiting.delete(key);
  settle?.(answer);
}

function send(socket: WebSocket, message: Record<string, unknown>): void {
  if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}
