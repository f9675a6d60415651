import { MAX_MESSAGE_BYTES } from "./framing.ts";
import { FingerpostError } from "./graphql_socket.ts";
import { type Answer, type Captured, type ElementChange, type Message, newId } from "./messages.ts";

/** What waits to be said, and what was said and is not acknowledged, in order. */
export interface Outbox {
  /** Adds a capture; settles with what became of it. Rejects with `TOO_LARGE`, `UNAVAILABLE` where too much waits, the server's error, `CLOSED`. */
  capture(message: Message): Promise<Captured>;
  /** Adds what changed of an element; what waits unsaid for the same one is merged with it. Throws as `capture` rejects. */
  update(elementId: string, change: ElementChange): void;
  /** Adds a message that is answered only if it fails. Throws as `capture` rejects. */
  tell(message: Message): void;
  /** Has the next connection say all again that was not acknowledged, after the greeting. */
  restart(greeting: Message): void;
  /** The next message to say, if the server may be told another one now. */
  take(): string | null;
  /** Asks the server for a sign of life, unless it was asked already. */
  ping(): void;
  /** Takes an answer: it also acknowledges all that was said before its message. */
  answered(answer: Answer): void;
  /** Since when something that was said waits for an answer; null: nothing does. By `performance.now()`. */
  waitsSince(): number | null;
  /** Rejects all that waits, and what is added from now on. */
  close(reason: FingerpostError): void;
}

interface Entry {
  message: Message & { id: string };
  text: string;
  byteSize: number;
  saidAt: number | null;
  /** null: it has no answer, and is acknowledged by the answer to a later one. */
  answer: PromiseWithResolvers<Captured> | null;
}

/** For a page whose server is away for minutes. */
const MAX_WAITING = 512;
const MAX_WAITING_BYTES = 64 * 1_048_576;
/** Said in the last seconds. */
const MAX_ACKNOWLEDGED = 256;
/** The server closes a channel on which more than 4,096 messages or 32 MB wait for their turn. */
const MAX_UNDER_WAY = 64;
const MAX_BYTES_UNDER_WAY = 8 * 1_048_576;

/** What an outbox tells its owner. */
export interface OutboxHandlers {
  /** There may be something to take. */
  wake(): void;
  /** The server refused what was told of an element. */
  refused(elementId: string, error: FingerpostError): void;
}

/** Builds an outbox. */
export function createOutbox({ wake, refused }: OutboxHandlers): Outbox {
  let entries: Entry[] = [];
  let error: FingerpostError | null = null;
  /** The elements of messages that count as acknowledged, and may be refused all the same. */
  const acknowledged = new Map<string, string>();
  return { capture, update, tell, restart, take, ping, answered, waitsSince, close };

  async function capture(message: Message): Promise<Captured> {
    const answer = Promise.withResolvers<Captured>();
    add(message, answer);
    return await answer.promise;
  }

  function tell(message: Message): void {
    add(message, null);
  }

  function update(elementId: string, change: ElementChange): void {
    const last = entries.findLast(({ message }) => message["elementId"] === elementId);
    if (last === undefined || last.saidAt !== null || last.message.type !== "update") {
      return tell({ type: "update", elementId, ...change });
    }
    const merged = toEntry({ ...last.message, ...change }, null);
    admit(merged, last);
    Object.assign(last, merged);
  }

  function add(message: Message, answer: Entry["answer"]): void {
    const entry = toEntry(message, answer);
    admit(entry, null);
    entries.push(entry);
    wake();
  }

  function admit(entry: Entry, replaced: Entry | null): void {
    if (error !== null) throw error;
    if (entry.byteSize > MAX_MESSAGE_BYTES) {
      throw new FingerpostError("TOO_LARGE", `Cannot send a message with more than ${MAX_MESSAGE_BYTES} bytes`);
    }
    const others = entries.filter((other) => other !== replaced);
    if (others.length < MAX_WAITING && sumOf(others) + entry.byteSize <= MAX_WAITING_BYTES) return;
    throw new FingerpostError("UNAVAILABLE", "Cannot send: too much waits for the server already");
  }

  function restart(greeting: Message): void {
    const kept = entries.filter((entry) => !isGreeting(entry)).map((entry) => ({ ...entry, saidAt: null }));
    entries = [toEntry(greeting, null), toEntry({ type: "ping" }, null), ...kept];
  }

  function take(): string | null {
    const next = entries.findIndex(({ saidAt }) => saidAt === null);
    const entry = entries[next];
    if (entry === undefined) return null;
    const bytesUnderWay = entries.slice(0, next).reduce((sum, { byteSize }) => sum + byteSize, 0);
    if (next >= MAX_UNDER_WAY || (next > 0 && bytesUnderWay + entry.byteSize > MAX_BYTES_UNDER_WAY)) {
      return askForRoom(next);
    }
    entry.saidAt = performance.now();
    return JSON.stringify(entry.message);
  }

  // Messages without an answer fill what may be under way: a ping behind them has one.
  function askForRoom(place: number): string | null {
    if (entries.slice(0, place).some(isAsking)) return null;
    const entry = toEntry({ type: "ping" }, null);
    entries.splice(place, 0, entry);
    return say(entry);
  }

  function say(entry: Entry): string {
    entry.saidAt = performance.now();
    return entry.text;
  }

  function ping(): void {
    if (error !== null || entries.some(({ message }) => message.type === "ping")) return;
    entries.push(toEntry({ type: "ping" }, null));
    wake();
  }

  function answered(answer: Answer): void {
    const place = entries.findIndex(({ message }) => message.id === answer.id);
    const entry = entries[place];
    if (entry === undefined) return refuseLate(answer);
    for (const { message, answer } of entries.slice(0, place)) if (answer === null) rememberAcknowledged(message);
    entries = entries.filter((other, index) => other !== entry && (index > place || other.answer !== null));
    if (answer.type === "captured") entry.answer?.resolve({ elementId: answer.elementId, revision: answer.revision });
    if (answer.type === "error") {
      if (entry.answer !== null) entry.answer.reject(toError(answer));
      else refused(String(entry.message["elementId"] ?? ""), toError(answer));
    }
    wake();
  }

  // The server stores an update a little later than it answers what came behind it.
  function refuseLate(answer: Answer): void {
    if (answer.type !== "error" || answer.id === null) return;
    const elementId = acknowledged.get(answer.id);
    if (elementId === undefined) return;
    acknowledged.delete(answer.id);
    refused(elementId, toError(answer));
  }

  function rememberAcknowledged({ id, elementId }: Entry["message"]): void {
    if (typeof elementId !== "string") return;
    acknowledged.set(id, elementId);
    const [oldest] = acknowledged.keys();
    if (acknowledged.size > MAX_ACKNOWLEDGED && oldest !== undefined) acknowledged.delete(oldest);
  }

  function waitsSince(): number | null {
    return entries.find((entry) => entry.saidAt !== null && isAsking(entry))?.saidAt ?? null;
  }

  function close(reason: FingerpostError): void {
    error = reason;
    for (const { answer } of entries) answer?.reject(reason);
    entries = [];
  }
}

function toEntry(message: Message, answer: Entry["answer"]): Entry {
  const withId = { id: newId(), ...message };
  const text = JSON.stringify(withId);
  return { message: withId, text, byteSize: new TextEncoder().encode(text).length, saidAt: null, answer };
}

function toError({ code, message, retryAfterSeconds }: Answer & { type: "error" }): FingerpostError {
  return new FingerpostError(code, message, retryAfterSeconds ?? null);
}

function sumOf(entries: Entry[]): number {
  return entries.reduce((sum, { byteSize }) => sum + byteSize, 0);
}

function isAsking({ message, answer }: Entry): boolean {
  return answer !== null || message.type === "ping";
}

// Said anew on each connection, so it is nothing that could be lost.
function isGreeting({ message }: Entry): boolean {
  return message.type === "page" || message.type === "ping";
}
