import type { Member } from "./_member.ts";
import { type KeptCharacters, type NewSignal, QUEUE_TTL_MS, type QueuedSignal } from "./_signal_log.ts";
import type { SentSignal, Signal, SignalEvent } from "./signalling.ts";

/** How peers are told things, wherever they are. */
export interface Delivery {
  /** Tells a peer; false where it reads too slowly and was dropped. Who is away learns from RoomJoined who came and left. */
  tell(member: Member, event: SignalEvent): boolean;
  /** Hands a signal to its receiver, or queues it where its socket broke; null where it reads too slowly and was dropped. `sender`: null is the server. */
  deliver(to: Member, signal: NewSignal, sender: Member | null): SentSignal | null;
  /** Tells senders of what `receiver` did not come back for. */
  tellExpired(receiver: Member, expired: QueuedSignal<Member | null>[]): void;
}

/** What delivery is built on. */
export interface DeliveryDependencies {
  now: () => number;
  /** Of all members. */
  kept: KeptCharacters;
  /** Those for whom something is kept. */
  keepers: () => Member[];
  /** Called for who reads too slowly. */
  drop: (member: Member) => void;
}

/** What a peer is told beside signals when it comes back. */
const MAX_NOTICES = 256;
/** Of all that is kept for who may come back: above it, whoever has most loses it. */
const MAX_KEPT_CHARACTERS = 64 * 1_048_576;

/** Builds the delivery. */
export function createDelivery({ now, kept, keepers, drop }: DeliveryDependencies): Delivery {
  return { tell, deliver, tellExpired };

  function tell(member: Member, event: SignalEvent): boolean {
    if (member.inbox === null || member.inbox.put(event, sizeOf(event))) return true;
    drop(member);
    return false;
  }

  function deliver(to: Member, signal: NewSignal, sender: Member | null): SentSignal | null {
    const sent = to.inbox === null ? queue(to, signal, sender) : hand(to, to.received.add(signal));
    if (kept.count > MAX_KEPT_CHARACTERS) makeRoom();
    return sent;
  }

  function hand(to: Member, signal: Signal): SentSignal | null {
    return tell(to, signal) ? { sequence: signal.sequence, delivered: true, expiresAt: null } : null;
  }

  function queue(to: Member, signal: NewSignal, sender: Member | null): SentSignal {
    const queued = to.received.queue(signal, sender);
    if (queued !== null) return { sequence: queued.sequence, delivered: false, expiresAt: now() + QUEUE_TTL_MS };
    const sequence = to.received.lastSequence() + 1;
    tellExpired(to, [{ sender, signal: { type: "Signal", sequence, ...signal } }]);
    return { sequence, delivered: false, expiresAt: now() };
  }

  function makeRoom(): void {
    const [largest] = keepers().sort((one, other) => other.received.size() - one.received.size());
    if (largest !== undefined) tellExpired(largest, largest.received.clear());
  }

  function tellExpired({ peer }: Member, expired: QueuedSignal<Member | null>[]): void {
    for (const { signal: { negotiationId, kind }, sender } of expired) {
      if (sender === null) continue;
      const event: SignalEvent = { type: "SignalExpired", to: peer.id, negotiationId, kind };
      if (sender.inbox !== null) tell(sender, event);
      else if (sender.notices.length < MAX_NOTICES) sender.notices.push(event);
    }
  }
}

/** What an event counts in an inbox, beside itself. */
export function sizeOf(event: SignalEvent): number {
  return event.type === "Signal" ? event.payload?.length ?? 0 : 0;
}
