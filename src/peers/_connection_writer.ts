import { AppError } from "../base/errors.ts";
import { roomLog } from "../base/log.ts";
import type { Database } from "../database/database.ts";
import { upsertConnections } from "./_connection_rows.ts";
import type { WebrtcConnection } from "./connections.ts";

/** Writes connections in groups, so that nobody waits for a record of what they do; disposing it writes the rest. */
export interface ConnectionWriter extends AsyncDisposable {
  /** Has a connection written as it is when its turn comes, within a second or so. */
  add(connection: WebrtcConnection): void;
  /** Writes what waits, as far as the database takes it. */
  flush(): Promise<void>;
}

/** How long a change waits for others. */
const GROUP_MS = 1_000;
/** How long a database that failed is left alone. */
const RETRY_MS = 5_000;
/** Rows of one transaction: a few milliseconds. */
const MAX_GROUP_SIZE = 500;
/** Under 1 kB each. Above, while the database fails, the longest waiting are let go. */
const MAX_WAITING = 10_000;

const log = roomLog("peers");

/** Builds the writer. */
export function createConnectionWriter(database: Database): ConnectionWriter {
  const waiting = new Map<string, WebrtcConnection>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let writing: Promise<void> = Promise.resolve();
  let isFailing = false;
  let isClosed = false;
  return { add, flush, [Symbol.asyncDispose]: close };

  function add(connection: WebrtcConnection): void {
    waiting.set(connection.id, connection);
    for (const [id] of waiting) {
      if (waiting.size <= MAX_WAITING) break;
      waiting.delete(id);
    }
    // Failing, it is tried again at its own time.
    timer ??= isClosed ? undefined : setTimeout(flush, GROUP_MS);
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    return writing = writing.then(writeAll);
  }

  async function writeAll(): Promise<void> {
    while (waiting.size > 0) {
      const group = [...waiting.values().take(MAX_GROUP_SIZE)];
      for (const { id } of group) waiting.delete(id);
      try {
        await database.write((connection) => upsertConnections(connection, group));
        isFailing = false;
      } catch (error) {
        return failed(group, error);
      }
    }
  }

  function failed(group: WebrtcConnection[], error: unknown): void {
    // What can't be stored at all would keep the others from it for ever.
    if (!(error instanceof AppError) || error.code !== "UNAVAILABLE") {
      return log.error("Cannot store connections: {error}", { error });
    }
    if (!isFailing) log.warning("Cannot store connections now, and will try again: {error}", { error });
    isFailing = true;
    for (const connection of group) add(connection);
    clearTimeout(timer);
    timer = isClosed ? undefined : setTimeout(flush, RETRY_MS);
  }

  async function close(): Promise<void> {
    isClosed = true;
    await flush();
  }
}
