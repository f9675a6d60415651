/** A kind of message and its type; each room makes its own. */
export interface Topic<Message> {
  readonly name: string;
  /** Never set: carries the type. */
  readonly message?: Message;
}

/** What a subscriber that can't keep up loses: every message but the newest, or its subscription. */
export type WhenFull = "keep_newest" | "end";

/** How a subscription buffers. */
export interface SubscribeOptions {
  /** Messages that may wait for the reader. */
  capacity: number;
  whenFull: WhenFull;
}

/** Messages from the moment of subscribing on, for one reader. */
export interface Subscription<Message> extends AsyncIterableIterator<Message, undefined>, Disposable {
  /** Ends it: a waiting `next()` answers done. */
  end(): void;
}

/** The bus inside the process: messages to those who listen now, kept nowhere. */
export interface Events extends Disposable {
  publish<Message>(topic: Topic<Message>, key: string, message: Message): void;
  subscribe<Message>(topic: Topic<Message>, key: string, options: SubscribeOptions): Subscription<Message>;
}

/** Builds the bus; disposing it ends every subscription, those to come too. */
export function createEvents(): Events {
  const listeners = new Map<string, Set<Receiver>>();
  let isDisposed = false;
  return { publish, subscribe, [Symbol.dispose]: endAll };

  function publish<Message>(topic: Topic<Message>, key: string, message: Message): void {
    for (const mailbox of listeners.get(addressOf(topic, key)) ?? []) mailbox.put(message);
  }

  function subscribe<Message>(topic: Topic<Message>, key: string, options: SubscribeOptions): Subscription<Message> {
    const address = addressOf(topic, key);
    const mailboxes = listeners.getOrInsertComputed(address, () => new Set());
    const mailbox = new Mailbox<Message>(options, () => {
      mailboxes.delete(mailbox);
      if (mailboxes.size === 0) listeners.delete(address);
    });
    mailboxes.add(mailbox);
    // Nobody would ever wake who waits.
    if (isDisposed) mailbox.end();
    return mailbox;
  }

  function endAll(): void {
    isDisposed = true;
    for (const mailboxes of [...listeners.values()]) {
      for (const mailbox of [...mailboxes]) mailbox.end();
    }
  }
}

function addressOf(topic: Topic<unknown>, key: string): string {
  return `${topic.name}\0${key}`;
}

interface Receiver {
  put(message: unknown): void;
  end(): void;
}

class Mailbox<Message> implements Subscription<Message> {
  readonly #options: SubscribeOptions;
  readonly #onEnd: () => void;
  #messages: Message[] = [];
  #ended = false;
  #waiting: ((result: IteratorResult<Message, undefined>) => void) | null = null;

  constructor(options: SubscribeOptions, onEnd: () => void) {
    this.#options = options;
    this.#onEnd = onEnd;
  }

  put(message: Message): void {
    if (this.#waiting !== null) {
      this.#waiting({ done: false, value: message });
      this.#waiting = null;
      return;
    }
    if (this.#messages.length >= this.#options.capacity) {
      if (this.#options.whenFull === "end") return this.end();
      this.#messages.shift();
    }
    this.#messages.push(message);
  }

  next(): Promise<IteratorResult<Message, undefined>> {
    const message = this.#messages.shift();
    if (message !== undefined) return Promise.resolve({ done: false, value: message });
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.#waiting = resolve);
  }

  return(): Promise<IteratorResult<Message, undefined>> {
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#messages = [];
    this.#waiting?.({ done: true, value: undefined });
    this.#waiting = null;
    this.#onEnd();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  [Symbol.dispose](): void {
    this.end();
  }
}
