import type { Server } from "@modelcontextprotocol/server";
import type { FindDocument } from "./_documents.ts";
import { createListenStreams } from "./_listen_streams.ts";
import { createStandingStreams } from "./_standing_streams.ts";
import { createStreamSlots } from "./_stream_slots.ts";
import type { ResourceSubscriptions } from "./_wishes.ts";
import type { Caller } from "./caller.ts";
import type { IncomingMessage } from "./mcp.ts";
import type { StreamOwner } from "./stream_owner.ts";

/** Streams over HTTP by which clients hear of changed resources, of both eras of the protocol. */
export interface UpdateStreams extends AsyncDisposable {
  /** Answers a request that opens a stream; null: this one does not.  */
  answer(request: Request, incoming: IncomingMessage): Promise<Response | null>;
  /** What the owner's client of protocol 2025 subscribes to. */
  subscriptionsOf(caller: Caller, owner: StreamOwner): ResourceSubscriptions;
  /** How many streams are open. */
  count(): number;
}

/** What the streams are built on. */
export interface UpdateStreamsOptions {
  documents: FindDocument;
  /** The server whose capabilities are told to those who listen. */
  serverFor: (caller: Caller) => Server;
}

/** Builds the streams; disposing ends them. */
export function createUpdateStreams({ documents, serverFor }: UpdateStreamsOptions): UpdateStreams {
  const slots = createStreamSlots();
  const listening = createListenStreams({ documents, slots, serverFor });
  const standing = createStandingStreams({ documents, slots });
  return {
    count: () => slots.count(),
    subscriptionsOf: standing.subscriptionsOf,
    async answer(request, incoming) {
      // By its header, which the SDK holds against the body: MCP 2026-07-28, Standard Request Headers
      if (request.headers.get("mcp-method") === "subscriptions/listen") {
        return await listening.open(request, incoming);
      }
      if (!opensStandingStream(request)) return null;
      return await standing.open(incoming.caller, incoming.owner) ?? tooMany();
    },
    async [Symbol.asyncDispose]() {
      standing[Symbol.dispose]();
      await listening[Symbol.asyncDispose]();
    },
  };
}

/** Versions of the protocol that have no such stream are from 2026 on. */
function opensStandingStream({ method, headers }: Request): boolean {
  const version = headers.get("mcp-protocol-version") ?? "2025-03-26";
  const accepts = headers.get("accept")?.includes("text/event-stream") ?? false;
  return method === "GET" && accepts && version < "2026";
}

function tooMany(): Response {
  const error = { code: -32603, message: "Too many streams are open: close one" };
  return Response.json({ jsonrpc: "2.0", id: null, error }, { status: 429, headers: { "retry-after": "60" } });
}
