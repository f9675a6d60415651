import type { ExecutionAnswer } from "../mcp/caller.ts";
import { readLines } from "../mcp/lines.ts";
import { readAnswer, type Remote, type RemoteOperation, send } from "./remote_request.ts";

/** Of one event: as large as a request may be, and more than any answer. */
const MAX_EVENT_BYTES = 16_777_216;
const MIN_PAUSE_MS = 200;
const MAX_PAUSE_MS = 10_000;

/**
 * Results of a subscription over server-sent events, until the signal or a refusal. Where the stream breaks it is begun again, with the
 * variable `after` at the revision of the last result, so that none is lost. graphql-sse, distinct connections mode
 */
export async function* subscribeRemotely(
  remote: Remote,
  { query, variables }: RemoteOperation,
  signal: AbortSignal,
): AsyncGenerator<ExecutionAnswer, undefined> {
  let place = variables;
  let pauseMs = MIN_PAUSE_MS;
  while (!signal.aborted) {
    for await (const answer of readOnce(remote, { query, variables: place }, signal)) {
      pauseMs = MIN_PAUSE_MS;
      yield answer;
      if (answer.errors !== undefined) return;
      place = { ...place, ...placeOf(answer) };
    }
    await pause(pauseMs, signal);
    pauseMs = Math.min(MAX_PAUSE_MS, pauseMs * 2);
  }
}

/** The results of one connection. One that fails has none, or no more. */
async function* readOnce(
  remote: Remote,
  operation: RemoteOperation,
  signal: AbortSignal,
): AsyncGenerator<ExecutionAnswer, undefined> {
  try {
    const response = await send(remote, operation, { accept: "text/event-stream", signal });
    if (response.body === null || !response.headers.get("content-type")?.startsWith("text/event-stream")) {
      const answer = await readAnswer(remote, response);
      if (!isAway(answer)) yield answer;
      return;
    }
    let event = "";
    for await (const line of readLines(response.body, MAX_EVENT_BYTES)) {
      if ("tooLong" in line) continue;
      const [, field, value = ""] = /^(event|data): ?(.*)$/s.exec(line.text) ?? [];
      if (field === "event") event = value;
      if (field === "data" && event === "next") yield await readAnswer(remote, new Response(value));
      if (field === "event" && event === "complete") return;
    }
  } catch {
    // Begun again, unless it was the signal.
  }
}

function placeOf({ data }: ExecutionAnswer): Record<string, unknown> {
  const [root] = Object.values(data ?? {});
  const hasRevision = typeof root === "object" && root !== null && "revision" in root;
  return hasRevision ? { after: root.revision } : {};
}

function isAway({ errors }: ExecutionAnswer): boolean {
  const codes = errors?.map(({ extensions }) => extensions["code"]) ?? [];
  return codes.some((code) => code === "UNAVAILABLE" || code === "RATE_LIMITED");
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  signal.addEventListener("abort", () => resolve(), { once: true });
  return promise.finally(() => clearTimeout(timer));
}
