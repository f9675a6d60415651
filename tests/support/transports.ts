import { createClient } from "graphql-ws";
import { bearer, type Data, type GraphqlBody, type RunningApp } from "./running_app.ts";

/** A request as any transport can send it. */
export interface Asking {
  query?: string;
  variables?: Record<string, unknown>;
  documentId?: string;
  extensions?: Record<string, unknown>;
}

/** Sends one request as somebody and returns the answer: the same over each transport. */
export type Ask = (app: RunningApp, request: Asking, token: string) => Promise<GraphqlBody & { extensions?: Data }>;

/** Every way to send an operation. */
export const TRANSPORTS: Record<string, Ask> = {
  POST: async (app, request, token) => await (await post(app, request, token, "application/json")).json(),
  GET: async (app, request, token) => {
    const parameters = Object.entries(request).map(([name, value]) =>
      `${name}=${encodeURIComponent(typeof value === "string" ? value : JSON.stringify(value))}`
    );
    const response = await fetch(`${app.url}/graphql?${parameters.join("&")}`, { headers: bearer(token) });
    return await response.json();
  },
  "server-sent events": async (app, request, token) => {
    const text = await (await post(app, request, token, "text/event-stream")).text();
    return JSON.parse(/^data: ?(\{.*\})$/m.exec(text)?.[1] ?? text);
  },
  WebSocket: async (app, { query = "", ...request }, token) => {
    const client = createClient({
      url: `${app.url.replace("http", "ws")}/graphql`,
      connectionParams: { authorization: `Bearer ${token}` },
      retryAttempts: 0,
    });
    await using _closed = { [Symbol.asyncDispose]: async () => await client.dispose() };
    try {
      for await (const result of client.iterate({ query, ...request })) return result as GraphqlBody;
      throw new Error("No answer");
    } catch (errors) {
      if (!Array.isArray(errors)) throw errors;
      return { errors };
    }
  },
};

function post(app: RunningApp, request: Asking, token: string, accept: string): Promise<Response> {
  return fetch(`${app.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", accept, ...bearer(token) },
    body: JSON.stringify(request),
  });
}
