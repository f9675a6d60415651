import { FingerpostError, type GraphqlSocket } from "./graphql_socket.ts";
import { newId } from "./messages.ts";
import { type OutgoingSignal, SEND_SIGNAL } from "./signals.ts";

/** Signals on their way out: those of one negotiation in order, each once, whatever becomes of the socket. */
export interface OutgoingSignals {
  send(signal: OutgoingSignal): void;
  /** The room was entered again: what waits goes on. */
  resume(): void;
  /** Drops what waits: nobody there knows of it any more. */
  forget(): void;
}

/** Where signals go. */
export interface OutgoingSignalsOptions {
  /** The socket on which the room was joined, while it is, and one's own peer there. */
  way: () => { socket: GraphqlSocket; from: string } | null;
  undelivered(signal: OutgoingSignal): void;
}

interface Queue {
  waiting: OutgoingSignal[];
  /** Sent, and not answered: it goes again, and the server knows it by its id. */
  unanswered: OutgoingSignal & { clientId: string } | null;
  isSending: boolean;
}

/** What the server cannot take now it takes later. */
const PASSING = ["UNAVAILABLE", "RATE_LIMITED"];

/** Builds the way out; negotiations do not wait for each other. */
export function createOutgoingSignals({ way, undelivered }: OutgoingSignalsOptions): OutgoingSignals {
  const queues = new Map<string, Queue>();
  return { send, resume, forget: () => queues.clear() };

  function send(signal: OutgoingSignal): void {
    const queue = queues.get(signal.negotiationId) ?? { waiting: [], unanswered: null, isSending: false };
    queues.set(signal.negotiationId, queue);
    // What it ends needs nothing more.
    if (signal.kind === "BYE") queue.waiting = [];
    queue.waiting.push(signal);
    void sendAll(signal.negotiationId, queue);
  }

  function resume(): void {
    for (const [id, queue] of queues) void sendAll(id, queue);
  }

  // One after the other: two under way at once might overtake each other.
  async function sendAll(id: string, queue: Queue): Promise<void> {
    if (queue.isSending) return;
    queue.isSending = true;
    while (way() !== null && queues.get(id) === queue && (queue.unanswered ?? queue.waiting[0]) !== undefined) {
      await sendFirst(queue);
    }
    queue.isSending = false;
    if (queue.unanswered === null && queue.waiting.length === 0 && queues.get(id) === queue) queues.delete(id);
  }

  async function sendFirst(queue: Queue): Promise<void> {
    const out = way();
    if (out === null) return;
    const signal = queue.unanswered ??= { ...takeFirst(queue.waiting), clientId: newId() };
    try {
      await out.socket.request(SEND_SIGNAL, { input: { from: out.from, ...signal } });
      queue.unanswered = null;
    } catch (error) {
      if (!(error instanceof FingerpostError)) throw error;
      if (PASSING.includes(error.code)) {
        await Promise.race([out.socket.ended, pause((error.retryAfterSeconds ?? 1) * 1_000)]);
      } else {
        queue.unanswered = null;
        undelivered(signal);
      }
    }
  }
}

/** Takes the first signal; candidates with those behind them. */
function takeFirst(waiting: OutgoingSignal[]): OutgoingSignal {
  const [first] = waiting.splice(0, 1);
  if (first === undefined) throw new Error("No signal waits");
  if (first.kind !== "CANDIDATE") return first;
  const end = waiting.findIndex(({ kind }) => kind !== "CANDIDATE");
  const others = waiting.splice(0, end === -1 ? waiting.length : end);
  const batch = [first, ...others].flatMap(({ payload }) => JSON.parse(payload ?? "[]"));
  return { ...first, payload: JSON.stringify(batch) };
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
