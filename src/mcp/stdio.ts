import type { JSONRPCMessage, Server, ServerEvent } from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { roomLog } from "../base/log.ts";
import { objectOf } from "./_answer_reading.ts";
import { createElementWatch } from "./_element_watch.ts";
import { createLineTransport } from "./_line_transport.ts";
import { MAX_WATCHED_URIS, readWish } from "./_listen_streams.ts";
import type { LineStreams } from "./lines.ts";
import { createPlainLines } from "./_plain_lines.ts";
import { createWishes, type Wishes } from "./_wishes.ts";
import type { Adapter } from "./adapter.ts";
import type { Caller } from "./caller.ts";

const log = roomLog("mcp");

/** What a connection by lines is built on. */
export interface StdioOptions {
  adapter: Adapter;
  caller: Caller;
  /** What is waited for before the first answer. */
  ready: Promise<void>;
  streams: LineStreams;
}

/** Speaks MCP by lines of both eras with one client, until it ends or the signal. What is under way then is broken off. */
export async function serveLines(
  { adapter, caller, ready, streams }: StdioOptions,
  signal: AbortSignal,
): Promise<void> {
  const ended = Promise.withResolvers<void>();
  let server: Server | null = null;
  using watch = createElementWatch(caller, { documents: adapter.documents, onChange: (event) => tell(server, event) });
  const wishes = createWishes(watch, MAX_WATCHED_URIS);
  using plain = createPlainLines(adapter.plainCalls, caller);
  const transport = createLineTransport(streams, {
    answer: plain.take,
    onSent: plain.watch,
    onIncoming: (message) => followListening(message, wishes),
    onEnd: ended.resolve,
  });
  const handle = serveStdio(async ({ era }) => {
    await ready;
    server = adapter.serverFor(caller, { era, transport: "stdio", subscriptions: wishes });
    // Clients of protocol 2025 are told unasked.
    if (era === "legacy") void wishes.add("list", { uris: [], list: true });
    return server;
  }, { transport, onerror: (error) => log.debug("MCP refused: {error}", { error }) });
  signal.addEventListener("abort", () => ended.resolve(), { once: true });
  await ended.promise;
  await handle.close();
}

/** The SDK answers `subscriptions/listen` itself and passes on what fits: it is to be watched before that is acknowledged. */
function followListening(message: JSONRPCMessage, wishes: Wishes): Promise<boolean> | null {
  if (!("method" in message)) return null;
  if (message.method === "subscriptions/listen" && "id" in message) {
    const key = listenKey(message.id);
    return wishes.add(key, readWish(message)).then(() => wishes.has(key));
  }
  if (message.method === "notifications/cancelled") wishes.remove(listenKey(objectOf(message.params)["requestId"]));
  return null;
}

function listenKey(requestId: unknown): string {
  return `listen ${JSON.stringify(requestId)}`;
}

function tell(server: Server | null, event: ServerEvent): void {
  const sent = event.kind === "resource_updated"
    ? server?.sendResourceUpdated({ uri: event.uri })
    : server?.sendResourceListChanged();
  // The client may be gone: then the connection's end says so.
  sent?.catch((error) => log.debug("An update was not sent: {error}", { error }));
}
