import type { Database, QueuedCapture } from "./_database.ts";

/** Captures that the server has not acknowledged, in the order in which they were made. They outlive the browser. */
export interface Queue {
  /** Keeps a capture; one with the same `clientId` is kept once. Rejects where there is no room: what is there stays. */
  add(capture: Omit<QueuedCapture, "size">): Promise<void>;
  /** Replaces a capture, as when its screenshot is there; one that left the queue meanwhile stays away. */
  change(clientId: string, change: (capture: QueuedCapture) => QueuedCapture): Promise<void>;
  /** The oldest for a server's project. */
  first(server: string, projectId: string): Promise<QueuedCapture | null>;
  remove(clientId: string): Promise<void>;
  /** Forgets all of them. */
  clear(): Promise<void>;
  /** How many wait. */
  count(): number;
}

/** Some weeks of one person's work offline; more is more likely a mistake. */
export const MAX_QUEUED = 200;
/** Screenshots are most of it, each under 1.4 MB in base64. */
export const MAX_QUEUED_BYTES = 100_000_000;

/** Opens the queue. Nothing but this writes to it. */
export async function openQueue(database: Database): Promise<Queue> {
  const sizes = new Map<string, number>();
  let total = 0;
  for await (const { value } of database.transaction("queue").store) note(value.clientId, value.size);
  return { add, change, first, remove, clear, count: () => sizes.size };

  async function add(capture: Omit<QueuedCapture, "size">): Promise<void> {
    const { clientId } = capture;
    if (sizes.has(clientId)) return;
    const size = sizeOf(capture);
    if (sizes.size >= MAX_QUEUED || total + size > MAX_QUEUED_BYTES) throw new Error(fullMessage(sizes.size));
    // Counted before it is written: another may be added meanwhile.
    note(clientId, size);
    try {
      await database.add("queue", { ...capture, size });
    } catch (error) {
      forget(clientId);
      throw new Error(`Cannot keep the capture: ${error instanceof Error ? error.message : error}`);
    }
  }

  async function change(clientId: string, changed: (capture: QueuedCapture) => QueuedCapture): Promise<void> {
    const transaction = database.transaction("queue", "readwrite");
    const cursor = await transaction.store.index("clientId").openCursor(clientId);
    if (cursor === null) return;
    const next = changed(cursor.value);
    const size = sizeOf(next);
    if (total - (sizes.get(clientId) ?? 0) + size > MAX_QUEUED_BYTES) return;
    note(clientId, size);
    await cursor.update({ ...next, size });
    await transaction.done;
  }

  async function first(server: string, projectId: string): Promise<QueuedCapture | null> {
    for await (const { value } of database.transaction("queue").store) {
      if (value.server === server && value.projectId === projectId) return value;
    }
    return null;
  }

  async function remove(clientId: string): Promise<void> {
    const key = await database.getKeyFromIndex("queue", "clientId", clientId);
    if (key !== undefined) await database.delete("queue", key);
    forget(clientId);
  }

  async function clear(): Promise<void> {
    await database.clear("queue");
    sizes.clear();
    total = 0;
  }

  function note(clientId: string, size: number): void {
    total += size - (sizes.get(clientId) ?? 0);
    sizes.set(clientId, size);
  }

  function forget(clientId: string): void {
    total -= sizes.get(clientId) ?? 0;
    sizes.delete(clientId);
  }
}

function sizeOf(capture: Omit<QueuedCapture, "size">): number {
  return JSON.stringify(capture).length;
}

function fullMessage(count: number): string {
  return `${count} captures wait for the server and no more fit: this one is not kept. Bring the server back, or discard what waits in the extension's window`;
}
