import type { ExecutionAnswer, ToolExecution } from "../mcp/caller.ts";

/** Calls of tools that the server is yet to be told of, in groups; disposing it tells of the rest, as far as half a second allows. */
export interface RemoteRecords extends AsyncDisposable {
  /** Has a call told of within a second or so. Never throws. */
  add(execution: ToolExecution): void;
}

/** Whom is told. */
export interface RemoteRecordsOptions {
  /** Sends a group: what it was answered, or null where it did not arrive and may be sent again. Never throws. */
  send: (executions: readonly ToolExecution[]) => Promise<ExecutionAnswer | null>;
  /** Hears once, in one line, that calls are not recorded. */
  warn: (message: string) => void;
}

/** How long a call waits for others. */
const GROUP_MS = 1_000;
/** How long a server that is away is left alone. */
const RETRY_MS = 5_000;
/** What the server takes at once. So many do not wait for more. */
const MAX_GROUP_SIZE = 100;
/** Some 300 bytes each; while the server is away those beyond are let go. */
const MAX_WAITING = 1_000;
/** What was called last may still be told at the end, for so long. */
const FLUSH_MS = 500;

/** Builds the records. */
export function createRemoteRecords({ send, warn }: RemoteRecordsOptions): RemoteRecords {
  const waiting: ToolExecution[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let sending: Promise<void> | null = null;
  let isAway = false;
  let isClosing = false;
  let hasWarned = false;
  return { add, [Symbol.asyncDispose]: close };

  function add(execution: ToolExecution): void {
    if (waiting.length >= MAX_WAITING) return warnOnce("the server does not take them in time");
    waiting.push(execution);
    if (sending !== null) return;
    timer ??= setTimeout(flush, GROUP_MS);
    if (waiting.length >= MAX_GROUP_SIZE && !isAway) void flush();
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    return sending ??= sendAll().finally(() => {
      sending = null;
      if (waiting.length > 0 && !isClosing) timer ??= setTimeout(flush, isAway ? RETRY_MS : GROUP_MS);
    });
  }

  async function sendAll(): Promise<void> {
    do {
      const group = waiting.slice(0, MAX_GROUP_SIZE);
      const answer = await send(group);
      isAway = answer === null;
      if (answer === null) return warnOnce("the server can't be reached; it is tried again");
      waiting.splice(0, group.length);
      const [error] = answer.errors ?? [];
      if (error !== undefined) warnOnce(error.message);
    } while (waiting.length >= (isClosing ? 1 : MAX_GROUP_SIZE));
  }

  function warnOnce(reason: string): void {
    if (!hasWarned) warn(`Calls of tools are not recorded: ${reason}`);
    hasWarned = true;
  }

  async function close(): Promise<void> {
    isClosing = true;
    if (waiting.length === 0 && sending === null) return clearTimeout(timer);
    const late = Promise.withResolvers<void>();
    const limit = setTimeout(late.resolve, FLUSH_MS);
    await Promise.race([flush(), late.promise]);
    clearTimeout(limit);
    clearTimeout(timer);
  }
}
