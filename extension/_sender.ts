import { FingerpostError } from "../clients/browser/graphql_socket.ts";
import type { Captured } from "../clients/browser/messages.ts";
import type { Pairing, QueuedCapture } from "./_database.ts";
import type { Queue } from "./_queue.ts";

/** Sends what waits in the queue: one after the other, each once. */
export interface Sender {
  /** Something was queued, the server may be there again, or the extension was paired. */
  wake(): void;
  /** Why nothing is sent though the server is there; null: nothing is in the way. */
  trouble(): string | null;
}

interface Dependencies {
  queue: Queue;
  pairing: () => Pairing;
  /** Settles when the capture is complete: its screenshot was taken or can't be. */
  complete: (clientId: string) => Promise<void>;
  send: (capture: QueuedCapture) => Promise<Captured>;
  /** The server stored it: what is to be known of it must be kept before it leaves the queue. */
  stored: (capture: QueuedCapture, captured: Captured) => Promise<void>;
  /** It left the queue. */
  sent: (capture: QueuedCapture, captured: Captured) => void;
  /** The server will never take it. It is taken out of the queue. */
  refused: (capture: QueuedCapture, error: FingerpostError) => void;
  /** It takes longer: the server is not there, or says why it takes none. */
  delayed: (capture: QueuedCapture, error?: FingerpostError) => void;
}

/** Another capture would fare no better: all wait until the extension is paired again, or may do more. */
const PAIRING_ENDED = ["UNAUTHENTICATED", "FORBIDDEN", "NOT_FOUND"];
/** The capture itself is what the server does not take. */
const NEVER_TAKEN = ["INVALID_INPUT", "BAD_USER_INPUT", "TOO_LARGE", "TOO_COMPLEX", "CONFLICT"];
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;
const FORBIDDEN_PAUSE_MS = 60_000;
/** Longer than a server that is there takes. */
const DELAY_MS = 1_000;

/** Builds the sender. */
export function createSender(dependencies: Dependencies): Sender {
  const { queue, pairing, complete, send, stored, sent, refused, delayed } = dependencies;
  let isWorking = false;
  let isWoken = false;
  let failures = 0;
  let endPause = (): void => {};
  let trouble: string | null = null;
  return { wake, trouble: () => trouble };

  function wake(): void {
    isWoken = true;
    endPause();
    if (!isWorking) void work();
  }

  async function work(): Promise<void> {
    isWorking = true;
    try {
      while (isWoken) {
        isWoken = false;
        while (await sendNext());
      }
    } finally {
      // A database that fails for once does not end it all.
      isWorking = false;
    }
  }

  // Whether to go on.
  async function sendNext(): Promise<boolean> {
    const first = await next();
    if (first === null) {
      trouble = null;
      return false;
    }
    await complete(first.clientId);
    // Read again: the screenshot was added meanwhile, or all was discarded.
    const capture = await next();
    if (capture === null) return false;
    const timer = setTimeout(() => delayed(capture), DELAY_MS);
    try {
      const captured = await send(capture);
      await stored(capture, captured);
      await queue.remove(capture.clientId);
      trouble = null;
      sent(capture, captured);
      failures = 0;
      return true;
    } catch (error) {
      clearTimeout(timer);
      return await fail(capture, toFingerpostError(error));
    } finally {
      clearTimeout(timer);
    }
  }

  function next(): Promise<QueuedCapture | null> | null {
    const paired = pairing();
    return paired.kind === "paired" ? queue.first(paired.server, paired.project.id) : null;
  }

  async function fail(capture: QueuedCapture, error: FingerpostError): Promise<boolean> {
    if (PAIRING_ENDED.includes(error.code)) {
      trouble = error.message;
      delayed(capture, error);
      await pause(FORBIDDEN_PAUSE_MS);
      return true;
    }
    if (error.code === "TOO_LARGE" && capture.capture.screenshot) {
      await queue.change(capture.clientId, (kept) => ({ ...kept, capture: { ...kept.capture, screenshot: null } }));
      return true;
    }
    if (NEVER_TAKEN.includes(error.code)) {
      await queue.remove(capture.clientId);
      refused(capture, error);
      return true;
    }
    await pause(Math.max(delayAfter(failures++), (error.retryAfterSeconds ?? 0) * 1_000));
    return true;
  }

  async function pause(milliseconds: number): Promise<void> {
    await new Promise<void>((resolve) => {
      endPause = resolve;
      setTimeout(resolve, milliseconds);
    });
  }
}

function delayAfter(failures: number): number {
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures, 10)) * (0.5 + Math.random() / 2);
}

function toFingerpostError(error: unknown): FingerpostError {
  return error instanceof FingerpostError ? error : new FingerpostError("UNAVAILABLE", String(error));
}
