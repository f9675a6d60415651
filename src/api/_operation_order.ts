/** What runs under an id. */
interface Running {
  /** Ends when nothing more is sent under the id. */
  finished: Promise<void>;
  /** What must end before it starts. */
  before: Promise<void> | null;
  isStarted: boolean;
  /** Whether the client has completed it. */
  isEnded: boolean;
}

/**
 * Lets an operation under the id of one that the client has completed wait until that one has ended. graphql-ws knows the two by
 * their id alone: it would send the results of the first as the second's, and end the second with the first.
 */
export function orderById(receive: (data: string) => Promise<void>): (data: string) => Promise<void> {
  const byId = new Map<string, Running>();
  return function receiveInOrder(data) {
    const { type, id } = readHead(data);
    if (id === null) return receive(data);
    if (type === "subscribe") return subscribe(id, data);
    return type === "complete" ? complete(id, data) : receive(data);
  };

  function subscribe(id: string, data: string): Promise<void> {
    const last = byId.get(id);
    const before = last?.isEnded ? last.finished : last?.before ?? null;
    const running: Running = { finished: Promise.resolve(), before, isStarted: before === null, isEnded: false };
    running.finished = (before === null ? receive(data) : startAfter(before)).finally(() => {
      if (byId.get(id) === running) byId.delete(id);
    });
    byId.set(id, running);
    return running.finished;

    async function startAfter(ending: Promise<void>): Promise<void> {
      await ending.catch(() => {});
      if (running.isEnded) return;
      running.isStarted = true;
      running.before = null;
      await receive(data);
    }
  }

  function complete(id: string, data: string): Promise<void> {
    const running = byId.get(id);
    if (running === undefined) return receive(data);
    running.isEnded = true;
    return running.isStarted ? receive(data) : Promise.resolve();
  }
}

// What it can't read is graphql-ws's to refuse.
function readHead(data: string): { type: unknown; id: string | null } {
  try {
    const message: unknown = JSON.parse(data);
    if (typeof message !== "object" || message === null || !("type" in message)) return { type: null, id: null };
    return { type: message.type, id: "id" in message && typeof message.id === "string" ? message.id : null };
  } catch {
    return { type: null, id: null };
  }
}
