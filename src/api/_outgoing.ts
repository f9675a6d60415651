import { setTimeout as delay } from "node:timers/promises";
import type { Clock } from "../base/clock.ts";
import { roomLog } from "../base/log.ts";

/** What is sent to one socket, until it is disposed. */
export interface Outgoing extends Disposable {
  /** Sends a message; where the reader is slow, done when it has taken most of what came before. */
  send(message: string): Promise<void> | void;
}

/** Sends to sockets, and finds those that do not read. */
export interface OutgoingMessages {
  to(socket: WebSocket, options: OutgoingOptions): Outgoing;
}

/** What becomes of one socket. */
export interface OutgoingOptions {
  /** Ends with the socket. */
  signal: AbortSignal;
  /** Called when the reader has taken nothing of what waits for it for 10 to 12 s. */
  onStalled: () => void;
}

/** Unsent bytes at which a socket's next message waits: a subscription is not read faster than it is sent. */
const MAX_UNSENT_BYTES = 1_048_576;
const DRAIN_INTERVAL_MS = 20;
const MAX_STALL_MS = 10_000;
const SWEEP_INTERVAL_MS = 1_000;

const log = roomLog("api");

interface Reader {
  socket: WebSocket;
  onStalled: () => void;
  /** Bytes handed to the socket so far. */
  sent: number;
  /** Bytes that it had passed on when last asked. */
  taken: number;
  /** When it last passed something on, or had nothing to, in milliseconds since the Unix epoch. */
  aliveAt: number;
}

/** Builds the sending side of sockets. */
export function createOutgoingMessages(clock: Clock): OutgoingMessages {
  const readers = new Set<Reader>();
  let sweeper: ReturnType<typeof setInterval> | undefined;
  return { to };

  function to(socket: WebSocket, { signal, onStalled }: OutgoingOptions): Outgoing {
    const reader: Reader = { socket, onStalled, sent: 0, taken: 0, aliveAt: clock.now() };
    readers.add(reader);
    sweeper ??= setInterval(sweep, SWEEP_INTERVAL_MS);
    let draining: Promise<void> | null = null;
    return {
      // Without a promise where there is room: a thousand sockets have it nearly always.
      send(message) {
        if (socket.readyState !== WebSocket.OPEN) return;
        const before = socket.bufferedAmount;
        socket.send(message);
        const unsent = socket.bufferedAmount;
        reader.sent += unsent - before;
        if (unsent <= MAX_UNSENT_BYTES) return;
        return draining ??= drain(socket, signal).finally(() => draining = null);
      },
      [Symbol.dispose]: () => remove(reader),
    };
  }

  function remove(reader: Reader): void {
    readers.delete(reader);
    if (readers.size > 0) return;
    clearInterval(sweeper);
    sweeper = undefined;
  }

  // One that stalls with less than a message's wait is found too: Deno's own ping waits behind what is unsent.
  function sweep(): void {
    const now = clock.now();
    for (const reader of [...readers]) {
      const unsent = reader.socket.bufferedAmount;
      const taken = reader.sent - unsent;
      if (unsent === 0 || taken > reader.taken) reader.aliveAt = now;
      else if (now - reader.aliveAt >= MAX_STALL_MS) drop(reader);
      reader.taken = taken;
    }
  }
}

function drop({ onStalled }: Reader): void {
  log.info("A socket does not read what is sent to it, and is dropped");
  onStalled();
}

async function drain(socket: WebSocket, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && socket.readyState === WebSocket.OPEN && socket.bufferedAmount > MAX_UNSENT_BYTES) {
    await delay(DRAIN_INTERVAL_MS, undefined, { signal }).catch(() => {});
  }
}
