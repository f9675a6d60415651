import type { Caller, ExecutionAnswer, ToolExecution } from "../mcp/caller.ts";
import { REMOTE_DOCUMENTS } from "./remote_documents.ts";
import { isUnsent, readAnswer, type Remote, type RemoteOperation, send, unreachable } from "./remote_request.ts";
import { subscribeRemotely } from "./remote_subscription.ts";

/** A caller whose operations go over HTTP to a server elsewhere. */
export interface RemoteCaller extends Caller, AsyncDisposable {
  /** Resolves when the token's scopes are known, or can't be for now: then all tools are offered. */
  ready: Promise<void>;
}

/** What is waited before each attempt. */
const ATTEMPT_DELAYS_MS = [0, 150, 500];
/** More than the server takes for one operation. */
const ANSWER_TIMEOUT_MS = 30_000;
const SCOPES_TIMEOUT_MS = 2_000;
/** What was called last may still be told at the end, for so long. */
const FLUSH_MS = 500;
/** Records on their way; more are let go. */
const MAX_RECORDS = 100;

/** Builds the caller, and asks for its token's scopes; disposing it has what was recorded sent. */
export function createRemoteCaller(remote: Remote): RemoteCaller {
  const records = new Set<Promise<unknown>>();
  let scopes: readonly string[] | null = null;
  return {
    execute,
    subscribe: (query, variables, { signal }) => subscribeRemotely(remote, { query, variables }, signal),
    get scopes() {
      return scopes;
    },
    record,
    ready: findScopes(),
    async [Symbol.asyncDispose]() {
      const late = AbortSignal.timeout(FLUSH_MS);
      await Promise.race([Promise.allSettled(records), new Promise((resolve) => late.onabort = resolve)]);
    },
  };

  async function execute(
    query: string,
    variables: Record<string, unknown>,
    { signal }: { signal: AbortSignal },
  ): Promise<ExecutionAnswer> {
    const operation = { query, variables };
    for (const delayMs of ATTEMPT_DELAYS_MS) {
      await pause(delayMs, signal);
      try {
        return await ask(operation, AbortSignal.any([signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]));
      } catch (error) {
        // What may have arrived is not done twice.
        if (signal.aborted || (changes(query) && !isUnsent(error))) break;
      }
    }
    return unreachable(remote);
  }

  async function ask(operation: RemoteOperation, signal: AbortSignal): Promise<ExecutionAnswer> {
    return await readAnswer(remote, await send(remote, operation, { accept: "application/json", signal }));
  }

  // Once: nothing is answered before.
  async function findScopes(): Promise<void> {
    const operation = { query: REMOTE_DOCUMENTS.scopes, variables: {} };
    const { data } = await ask(operation, AbortSignal.timeout(SCOPES_TIMEOUT_MS)).catch(() => unreachable(remote));
    const token = data?.["currentToken"];
    if (typeof token !== "object" || token === null || !("scopes" in token) || !Array.isArray(token.scopes)) return;
    scopes = token.scopes.map(String);
  }

  function record({ startedAt, ...execution }: ToolExecution): void {
    if (records.size >= MAX_RECORDS) return;
    const variables = { input: { ...execution, startedAt: startedAt.toISOString() } };
    const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    const sent = ask({ query: REMOTE_DOCUMENTS.record, variables }, signal).catch(() => null);
    records.add(sent);
    void sent.finally(() => records.delete(sent));
  }
}

function changes(query: string): boolean {
  return /^\s*mutation\b/m.test(query);
}

/** Waits, at most until the signal. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (milliseconds === 0 || signal.aborted) return Promise.resolve();
  const timer = setTimeout(resolve, milliseconds);
  signal.addEventListener("abort", () => resolve(), { once: true });
  return promise.finally(() => clearTimeout(timer));
}
