import { GraphQLObjectType, GraphQLSchema, GraphQLString } from "graphql";
import { createEdge } from "../../src/api/edge.ts";
import { createOperations } from "../../src/api/operations.ts";
import { createPersistedDocuments } from "../../src/api/persisted_documents.ts";
import { createWebSockets } from "../../src/api/web_socket.ts";
import type { Clock } from "../../src/base/clock.ts";
import { createEvents, type Topic } from "../../src/events/events.ts";
import type { RequestContext } from "../../src/graphql/builder.ts";
import { openRawWebSocket, type RawWebSocket } from "./raw_web_socket.ts";

/** The server's sockets over a schema with one subscription, `texts`, and a count of all that hangs on them. */
export interface SocketServer extends AsyncDisposable {
  /** Opens a socket and subscribes; whoever it is, it is let in. */
  subscribe(): Promise<RawWebSocket>;
  /** Sends a text to each subscription. */
  publish(text: string): void;
  /** Resolves as soon as as many subscriptions and followers of credentials are there. */
  settle(counts: { subscriptions: number; followers: number }): Promise<void>;
}

const TEXTS: Topic<string> = { name: "texts" };

/** Serves sockets on a free port, without the rest of the server. */
export function serveSockets(clock: Clock): SocketServer {
  const events = createEvents();
  const counts = { subscriptions: 0, followers: 0 };
  const waiting = new Set<() => void>();
  const count = (name: keyof typeof counts, by: number) => {
    counts[name] += by;
    for (const check of waiting) check();
  };
  const follow = () => {
    const following = new DisposableStack();
    count("followers", 1);
    following.defer(() => count("followers", -1));
    return following;
  };
  const texts = (signal: AbortSignal) => {
    const subscription = events.subscribe(TEXTS, "", { capacity: 1_000, whenFull: "end" });
    const end = subscription.end.bind(subscription);
    count("subscriptions", 1);
    subscription.end = () => {
      subscription.end = end;
      count("subscriptions", -1);
      end();
    };
    signal.addEventListener("abort", () => subscription.end(), { once: true });
    if (signal.aborted) subscription.end();
    return subscription;
  };
  const edge = createEdge({
    sessions: {
      authenticate: (userId, origin) =>
        Promise.resolve({ kind: "user", userId, role: "ADMIN", sessionId: userId, origin }),
    },
    publicUrl: () => "http://127.0.0.1",
    allowedOrigins: [],
    trustedProxies: [],
    secureCookies: false,
  });
  const take = () => Promise.resolve();
  const refuse = () => Promise.reject(new Error("Nobody asks for it"));
  const operations = createOperations(schemaOf(texts), {
    introspection: true,
    follow,
    noteRefusal: () => {},
    noteError: () => {},
    rateLeft: refuse,
  });
  const webSockets = createWebSockets({
    operations,
    persisted: createPersistedDocuments({ trusted: { find: () => undefined, has: () => false }, only: false }),
    edge,
    rateLimits: { take, left: refuse, list: refuse, set: refuse },
    sessions: { follow },
    noteRefusal: () => {},
    clock,
  });
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => webSockets.upgrade(request, edge.guestOf(request, null)),
  );
  return {
    subscribe: () => subscribe(`http://127.0.0.1:${server.addr.port}`),
    publish: (text) => events.publish(TEXTS, "", text),
    settle: (wanted) =>
      new Promise((resolve) => {
        const check = () => {
          if (counts.subscriptions !== wanted.subscriptions || counts.followers !== wanted.followers) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      }),
    [Symbol.asyncDispose]: async () => {
      webSockets.close();
      operations[Symbol.dispose]();
      events[Symbol.dispose]();
      await server.shutdown();
    },
  };
}

async function subscribe(url: string): Promise<RawWebSocket> {
  const socket = await openRawWebSocket(url);
  await socket.send({ type: "connection_init", payload: { authorization: `Bearer ${crypto.randomUUID()}` } });
  await socket.read();
  await socket.send({ id: "1", type: "subscribe", payload: { query: "subscription { texts }" } });
  return socket;
}

function schemaOf(texts: (signal: AbortSignal) => AsyncIterable<string>): GraphQLSchema {
  const type = GraphQLString;
  return new GraphQLSchema({
    query: new GraphQLObjectType({ name: "Query", fields: { text: { type } } }),
    subscription: new GraphQLObjectType<unknown, RequestContext>({
      name: "Subscription",
      fields: {
        texts: { type, subscribe: (_root, _args, { signal }) => texts(signal()), resolve: (text) => text },
      },
    }),
  });
}
