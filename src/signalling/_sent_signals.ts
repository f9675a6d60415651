import type { SendRequest, SentSignal, SignalKind } from "./signalling.ts";

/** What one peer sent lately: repeats are known by it, and candidates that came before their description. */
export interface SentSignals {
  /** The answer to the same signal, sent before. */
  answerTo(negotiation: Negotiation, request: SendRequest): Answer | undefined;
  /** Has the same signal answered alike from now on, for as long as it was not refused. */
  remember(negotiation: Negotiation, request: SendRequest, answer: Answer): void;
  /** What it sent to a receiver in a negotiation; anew where the receiver is not the same any more. */
  negotiation(request: Pick<SendRequest, "to" | "negotiationId">, receiver: object): Negotiation;
  /** Forgets a negotiation that is over. */
  end(request: Pick<SendRequest, "to" | "negotiationId">): void;
  /** Forgets what nobody repeats any more. */
  forgetOld(): void;
}

/** What a sender is told, now or later. */
export type Answer = SentSignal | Promise<SentSignal>;

/** A candidate whose description is not there yet. */
export interface HeldSignal {
  /** Which ICE sessions it names. */
  fragments: string[];
  /** Passes it on, and never throws. */
  go(): void;
}

/** One negotiation as one of its sides sent it. */
export interface Negotiation {
  receiver: object;
  /** Of the descriptions that were relayed, the last ones; null: none was. RFC 8839 §5.4 */
  fragments: string[] | null;
  held: HeldSignal[];
  heldCharacters: number;
  heldSince: number;
  /** What was answered since the last description, by payload. */
  answered: Map<string, { kind: SignalKind; answer: Answer }>;
  /** Of those payloads. */
  characters: number;
  usedAt: number;
}

/** With each of the 63 others one, and one more. */
const MAX_NEGOTIATIONS = 64;
const MAX_CLIENT_IDS = 256;
/** Payloads of one negotiation that are known again: above it what came later is told from a repeat by its `clientId` alone. */
const MAX_CHARACTERS = 131_072;
/** A client that got no answer tries again within seconds. */
const REPEAT_MS = 30_000;

/** Builds the memory of one peer. */
export function createSentSignals(now: () => number): SentSignals {
  const negotiations = new Map<string, Negotiation>();
  const byClientId = new Map<string, Answer>();
  return { answerTo, remember, negotiation, end, forgetOld };

  function answerTo(negotiation: Negotiation, { clientId, kind, payload }: SendRequest): Answer | undefined {
    if (clientId !== null) return byClientId.get(clientId);
    const known = payload === null ? undefined : negotiation.answered.get(payload);
    return known?.kind === kind ? known.answer : undefined;
  }

  function remember(negotiation: Negotiation, { clientId, kind, payload }: SendRequest, answer: Answer): void {
    if (clientId !== null) {
      if (byClientId.size >= MAX_CLIENT_IDS) byClientId.delete(byClientId.keys().next().value ?? "");
      byClientId.set(clientId, answer);
    }
    // After ICE restarted, the same candidate is a new one.
    if (kind === "OFFER" || kind === "ANSWER") forget(negotiation);
    const isKept = payload !== null && negotiation.characters + payload.length <= MAX_CHARACTERS;
    if (isKept) {
      negotiation.answered.set(payload, { kind, answer });
      negotiation.characters += payload.length;
    }
    if (!(answer instanceof Promise)) return;
    // What was refused may be tried again.
    answer.catch(() => {
      if (clientId !== null) byClientId.delete(clientId);
      if (isKept) negotiation.answered.delete(payload);
    });
  }

  function negotiation({ to, negotiationId }: Pick<SendRequest, "to" | "negotiationId">, receiver: object) {
    const key = keyOf(to, negotiationId);
    const known = negotiations.get(key);
    const found = known?.receiver === receiver ? known : createNegotiation(receiver);
    found.usedAt = now();
    if (found === known) return found;
    if (negotiations.size >= MAX_NEGOTIATIONS) forgetOldest();
    negotiations.delete(key);
    negotiations.set(key, found);
    return found;
  }

  function forgetOldest(): void {
    for (const [key, { held }] of negotiations) if (held.length === 0) return void negotiations.delete(key);
  }

  function end({ to, negotiationId }: Pick<SendRequest, "to" | "negotiationId">): void {
    negotiations.delete(keyOf(to, negotiationId));
  }

  function forgetOld(): void {
    for (const negotiation of negotiations.values()) {
      if (negotiation.characters === 0 || now() - negotiation.usedAt < REPEAT_MS) continue;
      forget(negotiation);
    }
  }
}

function forget(negotiation: Negotiation): void {
  negotiation.answered.clear();
  negotiation.characters = 0;
}

function createNegotiation(receiver: object): Negotiation {
  const held = { held: [], heldCharacters: 0, heldSince: 0 };
  return { receiver, fragments: null, ...held, answered: new Map(), characters: 0, usedAt: 0 };
}

function keyOf(to: string, negotiationId: string): string {
  return `${to}\0${negotiationId}`;
}
