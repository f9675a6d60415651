import { createHash } from "node:crypto";
import type { Caller, ExecutionAnswer, ToolExecution } from "../mcp/caller.ts";
import { REMOTE_DOCUMENTS } from "./remote_documents.ts";
import { createRemoteRecords } from "./remote_records.ts";
import { isUnsent, readAnswer, type Remote, type RemoteOperation, send, unreachable } from "./remote_request.ts";
import { createRemoteSocket } from "./remote_socket.ts";
import { subscribeRemotely } from "./remote_subscription.ts";

/** A caller whose operations go to a server elsewhere, over HTTP and, where that may be, a WebSocket. */
export interface RemoteCaller extends Caller, AsyncDisposable {
  /** Resolves when the token's scopes are known, or can't be for now: then all tools are offered. */
  ready: Promise<void>;
}

/** What a document is known by. */
interface RemoteDocument {
  hash: string;
  /** Whether it may be asked twice, and is answered at once: the socket is for those. */
  isQuick: boolean;
}

/** What is waited before each attempt. */
const ATTEMPT_DELAYS_MS = [0, 150, 500];
/** More than the server takes for one operation. */
const ANSWER_TIMEOUT_MS = 30_000;
const SCOPES_TIMEOUT_MS = 2_000;

/** Builds the caller, and asks for its token's scopes; disposing it has what was recorded sent. `warn` hears what nobody else is told. */
export function createRemoteCaller(remote: Remote, { warn }: { warn: (message: string) => void }): RemoteCaller {
  const socket = createRemoteSocket(remote);
  const records = createRemoteRecords({ send: sendRecords, warn });
  const documents = new Map<string, RemoteDocument>();
  let scopes: readonly string[] | null = null;
  return {
    execute,
    subscribe: (query, variables, { signal }) => subscribeRemotely(remote, { query, variables }, signal),
    get scopes() {
      return scopes;
    },
    record: records.add,
    ready: findScopes(),
    async [Symbol.asyncDispose]() {
      await records[Symbol.asyncDispose]();
      socket[Symbol.dispose]();
    },
  };

  async function execute(
    query: string,
    variables: Record<string, unknown>,
    options: { signal: () => AbortSignal },
  ): Promise<ExecutionAnswer> {
    const signal = options.signal();
    const { hash, isQuick } = documentOf(query);
    if (!isQuick) return await askUntilAnswered({ query, variables }, signal);
    const answer = await socket.ask({ hash, variables }, signal);
    if (answer !== null) return answer;
    // With its hash, so that a server of another version knows it from then on.
    const extensions = { persistedQuery: { version: 1, sha256Hash: hash } };
    return await askUntilAnswered({ query, variables, extensions }, signal);
  }

  // They are those of this version's files: few, and the same ones over and over.
  function documentOf(query: string): RemoteDocument {
    const known = documents.get(query);
    if (known !== undefined) return known;
    const isQuick = !changes(query) && !query.includes("$waitSeconds");
    const document = { hash: createHash("sha256").update(query).digest("hex"), isQuick };
    documents.set(query, document);
    return document;
  }

  async function askUntilAnswered(operation: RemoteOperation, signal: AbortSignal): Promise<ExecutionAnswer> {
    for (const delayMs of ATTEMPT_DELAYS_MS) {
      await pause(delayMs, signal);
      try {
        return await ask(operation, AbortSignal.any([signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]));
      } catch (error) {
        // What may have arrived is not done twice.
        if (signal.aborted || (changes(operation.query) && !isUnsent(error))) break;
      }
    }
    return unreachable(remote);
  }

  async function ask(operation: RemoteOperation, signal: AbortSignal): Promise<ExecutionAnswer> {
    const answer = await readAnswer(remote, await send(remote, operation, { accept: "application/json", signal }));
    if (answer.errors === undefined) socket.open();
    return answer;
  }

  // Once: nothing is answered before.
  async function findScopes(): Promise<void> {
    const operation = { query: REMOTE_DOCUMENTS.scopes, variables: {} };
    const { data } = await ask(operation, AbortSignal.timeout(SCOPES_TIMEOUT_MS)).catch(() => unreachable(remote));
    const token = data?.["currentToken"];
    if (typeof token !== "object" || token === null || !("scopes" in token) || !Array.isArray(token.scopes)) return;
    scopes = token.scopes.map(String);
  }

  async function sendRecords(executions: readonly ToolExecution[]): Promise<ExecutionAnswer | null> {
    const inputs = executions.map(({ startedAt, ...execution }) => ({
      ...execution,
      startedAt: startedAt.toISOString(),
    }));
    const operation = { query: REMOTE_DOCUMENTS.record, variables: { inputs } };
    try {
      return await ask(operation, AbortSignal.timeout(ANSWER_TIMEOUT_MS));
    } catch (error) {
      return isUnsent(error) ? null : unreachable(remote);
    }
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
