import { createMcpHandler, type Server, type ServerEvent, type ServerEventBus } from "@modelcontextprotocol/server";
import { roomLog } from "../base/log.ts";
import { listOf, objectOf } from "./_answer_reading.ts";
import type { FindDocument } from "./_documents.ts";
import { createElementWatch, type Wish } from "./_element_watch.ts";
import { MAX_WAITING_MESSAGES, relay } from "./_event_stream.ts";
import type { StreamSlots } from "./_stream_slots.ts";
import type { Caller } from "./caller.ts";
import type { IncomingMessage } from "./mcp.ts";

const log = roomLog("mcp");

/** Streams of `subscriptions/listen`. MCP 2026-07-28, Subscriptions */
export interface ListenStreams extends AsyncDisposable {
  /** Answers a request to listen with a stream, or with what is wrong with it. */
  open(request: Request, incoming: IncomingMessage): Promise<Response>;
}

/** What the streams are built on. */
export interface ListenStreamsOptions {
  documents: FindDocument;
  slots: StreamSlots;
  /** The server whose capabilities are told. */
  serverFor: (caller: Caller) => Server;
}

/** URIs that one stream may name. */
export const MAX_WATCHED_URIS = 256;

/** What a request to listen asks for, as far as it is there: the SDK says what is wrong with it. */
export function readWish(message: unknown): Wish {
  const { notifications } = objectOf(objectOf(message)["params"]);
  const { resourceSubscriptions, resourcesListChanged } = objectOf(notifications);
  const uris = listOf(resourceSubscriptions).filter((uri) => typeof uri === "string");
  return { uris, list: resourcesListChanged === true };
}

/** Builds the streams. */
export function createListenStreams({ documents, slots, serverFor }: ListenStreamsOptions): ListenStreams {
  const open = new Set<() => Promise<void>>();
  return {
    open: listen,
    async [Symbol.asyncDispose]() {
      await Promise.all([...open].map((end) => end()));
    },
  };

  async function listen(request: Request, incoming: IncomingMessage): Promise<Response> {
    const { owner, message } = incoming;
    const wish = readWish(message);
    if (wish.uris.length > MAX_WATCHED_URIS) {
      return refuse(message, -32602, `Cannot watch more than ${MAX_WATCHED_URIS} resources with one stream`);
    }
    const slot = slots.take(owner.userId);
    if (slot === null) return refuse(message, -32603, "Too many streams are open: close one");
    const stream = new DisposableStack();
    stream.use(slot);
    return await serve(request, { ...incoming, wish, stream }).catch((error) => {
      stream.dispose();
      throw error;
    });
  }

  async function serve(request: Request, listening: Listening): Promise<Response> {
    const { caller, message, wish, stream } = listening;
    const bus = createBus();
    let waiting = 0;
    const watch = stream.use(createElementWatch(caller, {
      documents,
      onChange(event) {
        // Who does not read is gone: what it missed would wait in memory.
        if (++waiting > MAX_WAITING_MESSAGES) return void end();
        bus.publish(event);
      },
    }));
    // Before the answer: what happens once it is acknowledged is told.
    await watch.add(wish);
    const onerror = (error: Error) => log.debug("MCP refused: {error}", { error });
    const handler = createMcpHandler(() => serverFor(caller), { legacy: "reject", bus, maxSubscriptions: 1, onerror });
    const end = () => handler.close();
    open.add(end);
    stream.defer(() => void open.delete(end));
    const response = await handler.fetch(request, message === undefined ? {} : { parsedBody: message });
    const { body, status, headers } = response;
    if (body === null || headers.get("content-type") !== "text/event-stream") {
      stream.dispose();
      return response;
    }
    const relayed = relay(body, { onChunk: () => waiting = Math.max(0, waiting - 1), onEnd: () => stream.dispose() });
    return new Response(relayed, { status, headers });
  }
}

interface Listening extends IncomingMessage {
  wish: Wish;
  /** What ends with the stream. */
  stream: DisposableStack;
}

/** A bus for one stream, which keeps what comes before its reader is there. */
function createBus(): ServerEventBus {
  let listener: ((event: ServerEvent) => void) | null = null;
  let early: ServerEvent[] = [];
  return {
    publish: (event) => listener === null ? void early.push(event) : listener(event),
    subscribe(subscriber) {
      listener = subscriber;
      for (const event of early) subscriber(event);
      early = [];
      return () => void (listener = () => {});
    },
  };
}

function refuse(message: unknown, code: number, reason: string): Response {
  const { id } = objectOf(message);
  const known = typeof id === "string" || typeof id === "number" ? id : null;
  return Response.json({ jsonrpc: "2.0", id: known, error: { code, message: reason } });
}
