import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { bearer, type Data, type RunningApp } from "./running_app.ts";

/** What a client asks of resources and prompts, in words that both SDKs share. */
export interface McpListener extends AsyncDisposable {
  listResources(): Promise<Data>;
  listTemplates(): Promise<Data>;
  read(uri: string): Promise<Data>;
  complete(params: Data): Promise<Data>;
  listPrompts(): Promise<Data>;
  getPrompt(params: Data): Promise<Data>;
  listTools(): Promise<Data>;
  call(name: string, input?: Record<string, unknown>): Promise<Data>;
  /** Subscribes to these URIs, and to the list where the protocol has that to ask for. Returns what ends it. */
  watch(uris: string[]): Promise<() => Promise<unknown>>;
  /** The next notification: a URI that was updated, or "list". */
  next(): Promise<string>;
  /** What came and was not asked for with `next`. */
  unread(): string[];
}

/** News that are not there by then don't come. */
const PATIENCE_MS = 15_000;

/** A transport of either SDK: their types are not each other's. */
export type AnyTransport = Parameters<Client["connect"]>[0];

/** Listeners over HTTP, by the version of the protocol that they speak. */
export const MCP_LISTENERS: Record<string, (app: Pick<RunningApp, "url">, token: string) => Promise<McpListener>> = {
  "2026-07-28": (app, token) => {
    const requestInit = { headers: bearer(token) };
    return listenModern(new StreamableHTTPClientTransport(new URL(`${app.url}/mcp`), { requestInit }));
  },
  "2025-11-25": (app, token) => {
    const requestInit = { headers: bearer(token) };
    return listenLegacy(new LegacyTransport(new URL(`${app.url}/mcp`), { requestInit }));
  },
};

/** Connects the current SDK's client. */
export async function listenModern(transport: AnyTransport): Promise<McpListener> {
  const client = new Client({ name: "test", version: "1" }, { versionNegotiation: { mode: "auto" } });
  const news = createNews();
  client.setNotificationHandler("notifications/resources/updated", ({ params }) => news.tell(params.uri));
  client.setNotificationHandler("notifications/resources/list_changed", () => news.tell("list"));
  await client.connect(transport);
  return {
    ...requestsOf(client),
    watch: async (resourceSubscriptions) => {
      const subscription = await client.listen({ resourceSubscriptions, resourcesListChanged: true });
      return () => subscription.close();
    },
    next: news.next,
    unread: news.unread,
    [Symbol.asyncDispose]: () => client.close(),
  };
}

/** Connects its predecessor's client. */
export async function listenLegacy(transport: Data): Promise<McpListener> {
  const client = new LegacyClient({ name: "test", version: "1" });
  const news = createNews();
  client.fallbackNotificationHandler = ({ method, params }: Data) => {
    if (method === "notifications/resources/updated") news.tell(String(params?.["uri"]));
    if (method === "notifications/resources/list_changed") news.tell("list");
    return Promise.resolve();
  };
  await client.connect(transport);
  return {
    ...requestsOf(client),
    watch: async (uris) => {
      for (const uri of uris) await client.subscribeResource({ uri });
      return () => Promise.all(uris.map((uri) => client.unsubscribeResource({ uri })));
    },
    next: news.next,
    unread: news.unread,
    [Symbol.asyncDispose]: () => client.close(),
  };
}

function requestsOf(client: Data) {
  return {
    listResources: () => client.listResources(),
    listTemplates: () => client.listResourceTemplates(),
    read: (uri: string) => client.readResource({ uri }),
    complete: (params: Data) => client.complete(params),
    listPrompts: () => client.listPrompts(),
    getPrompt: (params: Data) => client.getPrompt(params),
    listTools: () => client.listTools(),
    call: (name: string, input = {}) => client.callTool({ name, arguments: input }),
  };
}

function createNews() {
  const waiting: ((news: string) => void)[] = [];
  const came: string[] = [];
  return {
    tell(news: string) {
      const reader = waiting.shift();
      if (reader === undefined) came.push(news);
      else reader(news);
    },
    next: () => {
      const news = came.shift();
      if (news !== undefined) return Promise.resolve(news);
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      waiting.push(resolve);
      const timer = setTimeout(() => reject(new Error(`No news in ${PATIENCE_MS / 1_000} s`)), PATIENCE_MS);
      return promise.finally(() => clearTimeout(timer));
    },
    unread: () => [...came],
  };
}
