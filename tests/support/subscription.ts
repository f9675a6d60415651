import { createClient } from "graphql-ws";
import { bearer, type Data, type RunningApp } from "./running_app.ts";

/** A subscription as a client reads it. */
export interface Subscription extends AsyncDisposable {
  /** The data of the next event, under the subscription's root field. Throws with the code of an error. */
  next(): Promise<Data>;
}

/** The changes of a project. */
export const ELEMENT_EVENTS = `subscription ($projectId: ID!, $after: Int) {
  elementEvents(projectId: $projectId, after: $after) { kind revision elementId element { id note html status } }
}`;

/** Subscribes over graphql-transport-ws with a real client. */
export function subscribe(
  app: Pick<RunningApp, "url">,
  request: { query: string; variables: Record<string, unknown>; token: string },
): Subscription {
  const client = createClient({
    url: `${app.url.replace("http", "ws")}/graphql`,
    connectionParams: { authorization: `Bearer ${request.token}` },
    retryAttempts: 0,
  });
  const results = client.iterate({ query: request.query, variables: request.variables });
  return {
    next: async () => {
      const { value } = await results.next();
      if (value?.errors) throw new Error(String(value.errors[0]?.extensions?.["code"]));
      return Object.values(value?.data ?? {})[0];
    },
    [Symbol.asyncDispose]: async () => {
      await results.return?.();
      await client.dispose();
    },
  };
}

/** Subscribes over server-sent events (graphql-sse, distinct connections mode). */
export async function subscribeOverHttp(
  app: RunningApp,
  request: { query: string; variables: Record<string, unknown>; token: string | null },
): Promise<Subscription> {
  const closed = new AbortController();
  const response = await fetch(`${app.url}/graphql`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "text/event-stream",
      ...bearer(request.token),
    },
    body: JSON.stringify({ query: request.query, variables: request.variables }),
    signal: closed.signal,
  });
  if (!response.ok) {
    const { errors } = await response.json();
    return failed(errors[0].extensions.code);
  }
  const events = readEvents(response);
  return {
    next: async () => {
      const { value } = await events.next();
      if (value?.errors) throw new Error(String(value.errors[0].extensions.code));
      return Object.values(value?.data ?? {})[0];
    },
    [Symbol.asyncDispose]: async () => {
      closed.abort();
      await events.return(undefined).catch(() => {});
    },
  };
}

async function* readEvents(response: Response): AsyncGenerator<Data, undefined> {
  let text = "";
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const [, event, data] = /^event: (\w+)\ndata: ?(.*)$/.exec(block) ?? [];
      if (event === "next" && data !== undefined) yield JSON.parse(data);
      if (event === "complete") return;
    }
  }
}

function failed(code: string): Subscription {
  return { next: () => Promise.reject(new Error(code)), [Symbol.asyncDispose]: () => Promise.resolve() };
}
