import type { Signal } from "./signalling.ts";

/** A signal without its number. */
export type NewSignal = Omit<Signal, "type" | "sequence">;

/** A signal that its receiver did not come back for, and whose it was. */
export interface QueuedSignal<Sender> {
  signal: Signal;
  sender: Sender;
}

/** What was sent to one peer lately, numbered: what it missed while its socket was broken can be sent again. */
export interface SignalLog<Sender> {
  /** Of the last signal to it; 0: none. */
  lastSequence(): number;
  /** Characters that are kept. */
  size(): number;
  /** Numbers and keeps a signal that is handed to the peer's socket. */
  add(signal: NewSignal): Signal;
  /** Numbers and keeps a signal for a peer that is away; null where no more are kept for it. */
  queue(signal: NewSignal, sender: Sender): Signal | null;
  /** The signals behind a number; null where not all of them are there any more, or there is no such number. */
  after(sequence: number): Signal[] | null;
  /** The queue was handed over: nothing of it expires any more. */
  release(): void;
  /** Takes out what was queued for too long, and forgets what nobody comes back for. */
  takeExpired(): QueuedSignal<Sender>[];
  /** Forgets everything, and takes out what was queued. */
  clear(): QueuedSignal<Sender>[];
}

/** A negotiation is under 30 signals. */
const MAX_SIGNALS = 256;
const MAX_CHARACTERS = 524_288;
/** How long a signal waits for a peer that is away. */
export const QUEUE_TTL_MS = 30_000;
/** As long as a peer can come back. */
const KEPT_MS = 60_000;

/** Characters that all logs keep together. */
export interface KeptCharacters {
  count: number;
}

interface Entry<Sender> {
  signal: Signal;
  size: number;
  at: number;
  /** null: it was handed to a socket. */
  sender: { queued: Sender } | null;
}

/** Builds the log of one peer. */
export function createSignalLog<Sender>(now: () => number, kept: KeptCharacters): SignalLog<Sender> {
  let entries: Entry<Sender>[] = [];
  let size = 0;
  let lastSequence = 0;
  let [queuedCount, queuedSize] = [0, 0];
  return { lastSequence: () => lastSequence, size: () => size, add, queue, after, release, takeExpired, clear };

  function add(signal: NewSignal): Signal {
    const numbered = keep(signal, null);
    while (entries.length > MAX_SIGNALS || size > MAX_CHARACTERS) shift();
    return numbered;
  }

  function queue(signal: NewSignal, sender: Sender): Signal | null {
    const length = sizeOf(signal);
    if (queuedCount >= MAX_SIGNALS || queuedSize + length > MAX_CHARACTERS) return null;
    queuedCount++;
    queuedSize += length;
    return keep(signal, { queued: sender });
  }

  function keep(signal: NewSignal, sender: Entry<Sender>["sender"]): Signal {
    const numbered: Signal = { type: "Signal", sequence: ++lastSequence, ...signal };
    const entry = { signal: numbered, size: sizeOf(signal), at: now(), sender };
    entries.push(entry);
    count(entry.size);
    return numbered;
  }

  function after(sequence: number): Signal[] | null {
    const missed = lastSequence - sequence;
    if (missed < 0 || missed > entries.length) return null;
    const signals = entries.slice(entries.length - missed).map(({ signal }) => signal);
    // Where one in the middle expired, the rest is of no use.
    return missed === 0 || signals[0]?.sequence === sequence + 1 ? signals : null;
  }

  function release(): void {
    for (const entry of entries) entry.sender = null;
    [queuedCount, queuedSize] = [0, 0];
  }

  function takeExpired(): QueuedSignal<Sender>[] {
    while (entries[0]?.sender === null && now() - entries[0].at >= KEPT_MS) shift();
    if (queuedCount === 0) return [];
    const isExpired = ({ sender, at }: Entry<Sender>) => sender !== null && now() - at >= QUEUE_TTL_MS;
    return takeOut(isExpired);
  }

  function clear(): QueuedSignal<Sender>[] {
    const queued = takeOut(({ sender }) => sender !== null);
    entries = [];
    count(-size);
    return queued;
  }

  function takeOut(isWanted: (entry: Entry<Sender>) => boolean): QueuedSignal<Sender>[] {
    const taken: QueuedSignal<Sender>[] = [];
    entries = entries.filter((entry) => {
      if (entry.sender === null || !isWanted(entry)) return true;
      taken.push({ signal: entry.signal, sender: entry.sender.queued });
      queuedCount--;
      queuedSize -= entry.size;
      count(-entry.size);
      return false;
    });
    return taken;
  }

  function shift(): void {
    count(-(entries.shift()?.size ?? 0));
  }

  function count(characters: number): void {
    size += characters;
    kept.count += characters;
  }
}

function sizeOf({ payload }: NewSignal): number {
  return payload?.length ?? 0;
}
