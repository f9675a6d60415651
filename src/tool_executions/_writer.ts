import { AppError } from "../base/errors.ts";
import { roomLog } from "../base/log.ts";
import type { Database } from "../database/database.ts";
import { insertExecutions } from "./_rows.ts";
import type { RecordedExecution } from "./tool_executions.ts";

/** Writes executions in groups, so that no call waits for its record; disposing it writes the rest. */
export interface ExecutionWriter extends AsyncDisposable {
  /** Has an execution written within a second or so. Never throws. */
  add(execution: RecordedExecution): void;
  /** Writes what waits, as far as the database takes it. */
  flush(): Promise<void>;
}

/** How long an execution waits for others. */
const GROUP_MS = 1_000;
/** How long a database that failed is left alone. */
const RETRY_MS = 5_000;
/** Rows of one transaction: some 10 ms, of which a commit is 2 and more. So many do not wait for more. */
const MAX_GROUP_SIZE = 1_000;
/** Under 1 kB each. Above, the oldest stay, and how many came after them is logged. */
const MAX_WAITING = 10_000;

const log = roomLog("tool_executions");

/** Builds the writer. */
export function createExecutionWriter(database: Database): ExecutionWriter {
  const waiting: RecordedExecution[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let writing: Promise<void> = Promise.resolve();
  let unwritten = 0;
  let isFailing = false;
  let isClosed = false;
  return { add, flush, [Symbol.asyncDispose]: close };

  function add(execution: RecordedExecution): void {
    if (waiting.length >= MAX_WAITING) return void unwritten++;
    waiting.push(execution);
    if (isClosed) return void flush();
    // Failing, it is tried again at its own time.
    timer ??= setTimeout(flush, GROUP_MS);
    if (waiting.length % MAX_GROUP_SIZE === 0 && !isFailing) void flush();
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    return writing = writing.then(writeAll);
  }

  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      const group = waiting.slice(0, MAX_GROUP_SIZE);
      try {
        await database.write((connection) => insertExecutions(connection, group));
        isFailing = false;
      } catch (error) {
        if (isForNow(error)) {
          tryAgain(error);
          break;
        }
        // What can't be stored at all would keep the others from it for ever.
        unwritten += group.length;
        log.error("Cannot store tool executions: {error}", { error });
      }
      waiting.splice(0, group.length);
    }
    tellOfUnwritten();
  }

  function tryAgain(error: unknown): void {
    if (!isFailing) log.warning("Cannot store tool executions now, and will try again: {error}", { error });
    isFailing = true;
    clearTimeout(timer);
    timer = isClosed ? undefined : setTimeout(flush, RETRY_MS);
  }

  function tellOfUnwritten(): void {
    if (unwritten === 0) return;
    log.error("{count} tool executions are not in the records", { count: unwritten });
    unwritten = 0;
  }

  async function close(): Promise<void> {
    isClosed = true;
    await flush();
    unwritten += waiting.length;
    waiting.length = 0;
    tellOfUnwritten();
  }
}

function isForNow(error: unknown): boolean {
  return error instanceof AppError && error.code === "UNAVAILABLE";
}
