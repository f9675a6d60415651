import type { RunningApp } from "./running_app.ts";

/** A message of graphql-transport-ws as it came. */
export type Message = Record<string, unknown>;

/** A socket without a client on it, so that it can say what no client says. */
export interface RawSocket extends Disposable {
  /** What the server chose of the subprotocols offered. */
  protocol: string;
  /** Text and bytes are sent as they are, anything else as JSON. */
  send(message: unknown): void;
  /** The next message, or the close code where it closed first. */
  next(): Promise<Message | number>;
  /** How it was closed, whatever came before. */
  closed: Promise<{ code: number; reason: string }>;
}

/** Opens a socket and sends nothing. */
export async function openSocket(
  app: Pick<RunningApp, "url">,
  protocols: string | string[] = "graphql-transport-ws",
): Promise<RawSocket> {
  const socket = new WebSocket(`${app.url.replace("http", "ws")}/graphql`, protocols);
  const received: (Message | number)[] = [];
  let wake = () => {};
  const put = (item: Message | number) => {
    received.push(item);
    wake();
  };
  socket.onmessage = ({ data }) => put(JSON.parse(data));
  const closed = Promise.withResolvers<{ code: number; reason: string }>();
  socket.onclose = ({ code, reason }) => {
    put(code);
    closed.resolve({ code, reason });
  };
  await new Promise<void>((resolve, reject) => {
    socket.onopen = () => resolve();
    socket.onerror = () => reject(new Error("The socket did not open"));
  });
  socket.onerror = () => {};
  return {
    protocol: socket.protocol,
    send: (message) =>
      socket.send(typeof message === "string" || message instanceof Uint8Array ? message : JSON.stringify(message)),
    next: async () => {
      while (received.length === 0) await new Promise<void>((resolve) => wake = resolve);
      return received.shift() ?? 0;
    },
    closed: closed.promise,
    [Symbol.dispose]: () => socket.close(),
  };
}

/** The first message of a client. */
export function initOf(token: string): Message {
  return { type: "connection_init", payload: { authorization: `Bearer ${token}` } };
}

/** Opens a socket that is acknowledged. */
export async function connectSocket(app: RunningApp, token = app.token): Promise<RawSocket> {
  const socket = await openSocket(app);
  socket.send(initOf(token));
  const answer = await socket.next();
  if (typeof answer === "number" || answer["type"] !== "connection_ack") {
    throw new Error(`The socket was not acknowledged: ${JSON.stringify(answer)}`);
  }
  return socket;
}
