import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { joinRoom } from "./rooms.ts";
import { bearer, type RunningApp } from "./running_app.ts";
import { ELEMENT_EVENTS, subscribeOverHttp } from "./subscription.ts";
import { connectPage } from "./werift_page.ts";

/** How something that was open ended, and when by `performance.now()`. */
export interface Ended {
  how: number | string;
  at: number;
}

/** All that lasts longer than a request, opened with one credential on one project. */
export interface OpenThings extends AsyncDisposable {
  /** The close code of a socket with a subscription. */
  socket: Promise<Ended>;
  /** The code of the last answer of a subscription over server-sent events. */
  stream: Promise<Ended>;
  /** What became of a room's subscription: the code of its last answer, "complete" without one, or its socket's close code. */
  room: Promise<Ended>;
  /** "closed", for a data channel to the server. */
  channel: Promise<Ended>;
  /** "remote", for an MCP client that listens for new elements. */
  mcp: Promise<Ended>;
}

/** Opens a socket, a stream, a room, a data channel and an MCP subscription. */
export async function openThings(app: RunningApp, token: string, projectId: string): Promise<OpenThings> {
  await using stack = new AsyncDisposableStack();
  const socket = stack.use(await openSocket(app, token, projectId));
  const events = stack.use(
    await subscribeOverHttp(app, { query: ELEMENT_EVENTS, variables: { projectId, after: 0 }, token }),
  );
  const peer = stack.use(await joinRoom(app, token, { projectId }));
  const page = stack.use(await connectPage(peer));
  const mcp = stack.use(await listenOverMcp(app, token));
  const things = {
    socket: socket.ended,
    stream: ended(events.next().then((event) => event === undefined ? "complete" : "event", messageOf)),
    room: ended(peer.next().then((event) => event === undefined ? "complete" : "event", messageOf)),
    channel: ended(page.channel.stateChanged.watch((state) => state === "closed").then(() => "closed")),
    mcp: mcp.ended,
  };
  const opened = stack.move();
  return { ...things, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

async function openSocket(app: RunningApp, token: string, projectId: string) {
  const socket = new WebSocket(`${app.url.replace("http", "ws")}/graphql`, "graphql-transport-ws");
  const closed = Promise.withResolvers<number>();
  const subscribed = Promise.withResolvers<void>();
  socket.onclose = ({ code }) => {
    closed.resolve(code);
    subscribed.reject(new Error(`The socket was closed with ${code}`));
  };
  const send = (message: unknown) => socket.send(JSON.stringify(message));
  socket.onopen = () => send({ type: "connection_init", payload: { authorization: `Bearer ${token}` } });
  socket.onmessage = ({ data }) => {
    const { type } = JSON.parse(data);
    if (type === "pong") return subscribed.resolve();
    if (type !== "connection_ack") return;
    send({ id: "1", type: "subscribe", payload: { query: ELEMENT_EVENTS, variables: { projectId, after: 0 } } });
    send({ type: "ping" });
  };
  await subscribed.promise;
  return { ended: ended(closed.promise), [Symbol.dispose]: () => socket.close() };
}

async function listenOverMcp(app: RunningApp, token: string) {
  const client = new Client({ name: "test", version: "1" }, { versionNegotiation: { mode: { pin: "2026-07-28" } } });
  const requestInit = { headers: bearer(token) };
  await client.connect(new StreamableHTTPClientTransport(new URL(`${app.url}/mcp`), { requestInit }));
  const { closed } = await client.listen({ resourcesListChanged: true });
  return { ended: ended(closed), [Symbol.asyncDispose]: () => client.close() };
}

async function ended(how: Promise<number | string>): Promise<Ended> {
  return { how: await how, at: performance.now() };
}

// A client of graphql-transport-ws rejects with the event of the close.
function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  return typeof error === "object" && error !== null && "code" in error ? String(error.code) : String(error);
}
