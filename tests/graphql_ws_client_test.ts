import assert from "node:assert/strict";
import { createClient } from "graphql-ws";
import { watchThroughBreaks } from "./support/broken_watch.ts";
import { type Data, startApp } from "./support/running_app.ts";
import { ELEMENT_EVENTS } from "./support/subscription.ts";

Deno.test("a client of graphql-ws whose socket breaks goes on after the last revision, with nothing lost or twice", async () => {
  await using app = await startApp();
  await watchThroughBreaks(app, ({ url }, request, sink) => {
    const client = createClient({
      url: `${url.replace("http", "ws")}/graphql`,
      connectionParams: { authorization: `Bearer ${app.token}` },
      retryAttempts: 100,
      retryWait: () => Promise.resolve(),
      shouldRetry: () => true,
    });
    return client.subscribe<Data>(request, sink);
  });
});

Deno.test("a client of graphql-ws does not come again after a dead token, and learns why", async () => {
  await using app = await startApp();
  let opened = 0;
  const client = createClient({
    url: `${app.url.replace("http", "ws")}/graphql`,
    connectionParams: { authorization: "Bearer nobody" },
    retryAttempts: 5,
    retryWait: () => Promise.resolve(),
    on: { opened: () => void opened++ },
  });
  const refused: Data = await Array.fromAsync(client.iterate({ query: ELEMENT_EVENTS })).catch((error) => error);
  assert.deepEqual([refused.code, opened], [4401, 1]);
  assert.match(refused.reason, /token/);
});
