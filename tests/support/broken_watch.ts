import assert from "node:assert/strict";
import { type BreakableProxy, startProxy } from "./breakable_proxy.ts";
import { capture, createProject } from "./captures.ts";
import type { Data, RunningApp } from "./running_app.ts";
import { ELEMENT_EVENTS } from "./subscription.ts";

/** What a client library subscribes with; `variables` are read anew at each of its attempts. */
export interface WatchRequest {
  query: string;
  variables: Record<string, unknown>;
}

/** Where a client library tells what came. */
export interface WatchSink {
  next(result: { data?: Data }): void;
  error(error: unknown): void;
  complete(): void;
}

const BREAKS = 4;

/** Watches a project by a client library over connections that break, and checks that it sees each change once and in order. */
export async function watchThroughBreaks(
  app: RunningApp,
  subscribe: (proxy: BreakableProxy, request: WatchRequest, sink: WatchSink) => () => void,
): Promise<void> {
  await using proxy = startProxy(app);
  const projectId = await createProject(app, app.token);
  const request = { query: ELEMENT_EVENTS, variables: { projectId, after: 0 } };
  const seen: string[] = [];
  const captured: string[] = [];
  const failed = Promise.withResolvers<void>();
  let wake = () => {};
  const stop = subscribe(proxy, request, {
    next({ data }) {
      seen.push(data.elementEvents.elementId);
      // What the client library sends when it comes again.
      request.variables.after = data.elementEvents.revision;
      wake();
    },
    error: failed.reject,
    complete: () => failed.reject(new Error("The subscription ended")),
  });
  const caughtUp = async () => {
    while (seen.length < captured.length) await new Promise<void>((resolve) => wake = resolve);
  };
  for (let index = 0; index < BREAKS; index++) {
    captured.push(await capture(app, app.token));
    await Promise.race([caughtUp(), failed.promise]);
    proxy.cut();
    captured.push(await capture(app, app.token), await capture(app, app.token));
  }
  await Promise.race([caughtUp(), failed.promise]);
  failed.promise.catch(() => {});
  stop();
  assert.deepEqual(seen, captured);
  assert.ok(proxy.taken() > BREAKS, `${proxy.taken()} connections`);
}
