import { type ElementEvent, FingerpostError, openGraphqlSocket } from "../clients/browser/graphql_socket.ts";

/** Tells what becomes of a project's elements, while the server is there; comes back by itself. */
export interface Feed {
  isConnected(): boolean;
  close(): void;
}

interface FeedOptions {
  server: string;
  token: string;
  projectId: string;
  /** Elements of which the state is asked at each connect. */
  held: () => Promise<string[]>;
  /** An element has this status; null: it was deleted. */
  status: (elementId: string, status: string | null) => void;
  /** Connected or not any more. */
  changed: () => void;
  /** The server does not let this token in any more. */
  refused: (error: FingerpostError) => void;
}

const EVENTS = `subscription ($projectId: ID!) { elementEvents(projectId: $projectId) {
  kind elementId element { status } } }`;
const STATES = `query ($ids: [ID!]!) { nodes(ids: $ids) { __typename ... on Element { id status } } }`;
/** What `nodes` takes at once. */
const MAX_IDS = 100;
const FATAL = ["UNAUTHENTICATED", "FORBIDDEN", "NOT_FOUND"];
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 3_000;

/** Follows a project. */
export function followProject(options: FeedOptions): Feed {
  const { server, token, projectId, held, status, changed, refused } = options;
  const closed = new AbortController();
  let isConnected = false;
  let failures = 0;
  void follow();
  return { isConnected: () => isConnected, close: () => closed.abort() };

  async function follow(): Promise<void> {
    while (!closed.signal.aborted) {
      const error = await followOnce().catch(toError);
      setConnected(false);
      if (closed.signal.aborted) return;
      if (FATAL.includes(error.code)) return refused(error);
      await pause(Math.max(delayAfter(failures++), (error.retryAfterSeconds ?? 0) * 1_000), closed.signal);
    }
  }

  // Settles with what ended it.
  async function followOnce(): Promise<FingerpostError> {
    const socket = await openGraphqlSocket(server, token);
    const close = () => socket.close();
    closed.signal.addEventListener("abort", close);
    if (closed.signal.aborted) close();
    try {
      const ended = Promise.withResolvers<FingerpostError>();
      socket.subscribe(EVENTS, { projectId }, {
        next: ({ elementEvents }) => tell(elementEvents),
        ended: (error) => ended.resolve(error ?? new FingerpostError("UNAVAILABLE", "The feed ended")),
      });
      // Events come from now on: what happened before is asked for.
      for (const ids of inParts(await held())) {
        const { nodes } = await socket.request(STATES, { ids });
        nodes.forEach((node, index) => status(ids[index] ?? "", node?.status ?? null));
      }
      failures = 0;
      setConnected(true);
      return await ended.promise;
    } finally {
      closed.signal.removeEventListener("abort", close);
      close();
    }
  }

  function tell({ kind, elementId, element }: ElementEvent): void {
    if (kind === "DELETED") status(elementId, null);
    else if (element !== null) status(elementId, element.status);
  }

  function setConnected(is: boolean): void {
    if (isConnected === is) return;
    isConnected = is;
    changed();
  }
}

function toError(error: unknown): FingerpostError {
  return error instanceof FingerpostError ? error : new FingerpostError("UNAVAILABLE", String(error));
}

function inParts(ids: string[]): string[][] {
  return Array.from(
    { length: Math.ceil(ids.length / MAX_IDS) },
    (_, index) => ids.slice(index * MAX_IDS, (index + 1) * MAX_IDS),
  );
}

/** Waits; a network that comes back ends the pause. */
async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  const wake = () => resolve();
  signal.addEventListener("abort", wake);
  addEventListener("online", wake);
  await promise;
  clearTimeout(timer);
  signal.removeEventListener("abort", wake);
  removeEventListener("online", wake);
}

function delayAfter(failures: number): number {
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures, 10)) * (0.5 + Math.random() / 2);
}
