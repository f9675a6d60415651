import assert from "node:assert/strict";
import { type Client, createClient, type ExecutionResult, type RequestParams } from "graphql-sse";
import { watchThroughBreaks } from "./support/broken_watch.ts";
import { capture, createProject } from "./support/captures.ts";
import { hurryTimers } from "./support/hurried_timers.ts";
import { movableClock } from "./support/movable_clock.ts";
import { joinRoom, SIGNALS } from "./support/rooms.ts";
import { bearer, type Data, type RunningApp, startApp } from "./support/running_app.ts";
import { ELEMENT_EVENTS } from "./support/subscription.ts";

/** A client in the distinct connections mode. */
function clientOf(url: string, token: string, retryAttempts = 0): Client {
  return createClient({
    url: `${url}/graphql`,
    headers: bearer(token),
    retryAttempts,
    retry: () => Promise.resolve(),
  });
}

/** Everything until the stream is complete. */
async function resultsOf(client: Client, request: RequestParams): Promise<ExecutionResult[]> {
  return await Array.fromAsync(client.iterate(request));
}

function openStream(app: RunningApp, query: string, variables: Record<string, unknown>, signal: AbortSignal) {
  return fetch(`${app.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "text/event-stream", ...bearer(app.token) },
    body: JSON.stringify({ query, variables }),
    signal,
  });
}

Deno.test("a client of graphql-sse gets single results, faults and streams by next and complete", async () => {
  await using app = await startApp();
  const projectId = await createProject(app, app.token);
  const client = clientOf(app.url, app.token);
  assert.deepEqual(await resultsOf(client, { query: `{ viewer { role } }` }), [{
    data: { viewer: { role: "ADMIN" } },
  }]);
  const mutation = `mutation ($name: String!) { createProject(input: { name: $name }) { name } }`;
  assert.deepEqual(await resultsOf(client, { query: mutation, variables: { name: "A" } }), [
    { data: { createProject: { name: "A" } } },
  ]);
  const faulty: [RequestParams, string][] = [
    [{ query: "{ viewer {" }, "GRAPHQL_PARSE_FAILED"],
    [{ query: "subscription { secrets }" }, "GRAPHQL_VALIDATION_FAILED"],
    [{ query: ELEMENT_EVENTS, variables: {} }, "BAD_USER_INPUT"],
    [{ query: ELEMENT_EVENTS, variables: { projectId: "x" } }, "NOT_FOUND"],
  ];
  for (const [request, code] of faulty) {
    const results: Data = await resultsOf(client, request);
    assert.deepEqual(results.map(({ errors }: Data) => errors[0].extensions.code), [code]);
  }
  const events = client.iterate({ query: ELEMENT_EVENTS, variables: { projectId, after: 0 } });
  await capture(app, app.token);
  const { value }: Data = await events.next();
  assert.equal(value.data.elementEvents.revision, 1);
  await events.return?.();
});

Deno.test("a refused request is no stream: a client of graphql-sse learns its status and its code", async () => {
  await using app = await startApp();
  const { response } = await new Promise<Data>((resolve, reject) => {
    const missed = () => reject(new Error("It was not refused"));
    clientOf(app.url, "nobody").subscribe({ query: ELEMENT_EVENTS }, {
      next: missed,
      error: resolve,
      complete: missed,
    });
  });
  assert.equal(response.status, 401);
  assert.equal((await response.json()).errors[0].extensions.code, "UNAUTHENTICATED");
});

Deno.test("a client of graphql-sse whose connection breaks goes on after the last revision, with nothing lost or twice", async () => {
  await using app = await startApp();
  await watchThroughBreaks(
    app,
    ({ url }, request, sink) => clientOf(url, app.token, 100).subscribe<Data>(request, sink),
  );
});

Deno.test("an idle stream sends a comment every 12 seconds, and its headers keep proxies from holding it back", async () => {
  using timers = hurryTimers(100);
  await using app = await startApp();
  const projectId = await createProject(app, app.token);
  const closed = new AbortController();
  const { headers, body } = await openStream(app, ELEMENT_EVENTS, { projectId }, closed.signal);
  assert.equal(headers.get("content-type"), "text/event-stream");
  assert.equal(headers.get("cache-control"), "no-store, no-transform");
  assert.equal(headers.get("x-accel-buffering"), "no");
  assert.equal(headers.get("content-encoding"), null);
  let text = "";
  for await (const chunk of body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    if (text.length >= 12) break;
  }
  assert.match(text, /^(:\n\n){4,}$/);
  assert.ok(timers.delays.includes(12_000));
});

Deno.test("a client that goes away ends its subscription: it leaves the room that it had joined", async () => {
  const clock = movableClock();
  await using app = await startApp({ clock });
  const projectId = await createProject(app, app.token);
  await using other = await joinRoom(app, app.token, { projectId });
  // It has 10 s to come back, from when the server finds that it is gone.
  const moving = setInterval(() => clock.advance(5_000), 100);
  using stack = new DisposableStack();
  stack.defer(() => clearInterval(moving));
  using _hurried = hurryTimers(100);
  for (const _ of [1, 2]) {
    const closed = new AbortController();
    const input = { projectId, label: "Goes away", kind: "EXTENSION" };
    const response = await openStream(app, SIGNALS, { input }, closed.signal);
    const joined = await other.next();
    assert.equal(joined.__typename, "PeerJoined");
    closed.abort();
    await response.body?.cancel().catch(() => {});
    assert.deepEqual(await other.next(), { __typename: "PeerLeft", peerId: joined.peer.id });
  }
});
