import type { AppError } from "../base/errors.ts";

/** What waits for one reader, in order. */
export interface Inbox<Message> {
  /** Adds a message; false where the reader is too far behind for it. `size` is what it counts, beside itself. */
  put(message: Message, size: number): boolean;
  /** The next message, in its time; done once it ended. Throws the error that it ended with, once. */
  next(): Promise<IteratorResult<Message, undefined>>;
  /** Forgets what waits and lets the reader go, with an error if there is one. */
  end(error: AppError | null): void;
}

/** Bounds of an inbox. */
export interface InboxLimits {
  maxMessages: number;
  /** Of the sizes of the messages that wait. */
  maxSize: number;
}

/** A message, and what it counts. */
export interface Waiting<Message> {
  message: Message;
  size: number;
}

/** Builds an inbox for one reader, which asks for the next message when it has the one before. `first` lies in it, whatever the limits. */
export function createInbox<Message>(limits: InboxLimits, first: Waiting<Message>[] = []): Inbox<Message> {
  let waiting = first;
  let totalSize = first.reduce((sum, { size }) => sum + size, 0);
  const [maxMessages, maxSize] = [limits.maxMessages + first.length, limits.maxSize + totalSize];
  let ended = false;
  let error: AppError | null = null;
  let reader: PromiseWithResolvers<IteratorResult<Message, undefined>> | null = null;
  return { put, next, end };

  function put(message: Message, size: number): boolean {
    if (ended) return false;
    if (reader !== null) {
      reader.resolve({ done: false, value: message });
      reader = null;
      return true;
    }
    if (waiting.length >= maxMessages || totalSize + size > maxSize) return false;
    waiting.push({ message, size });
    totalSize += size;
    return true;
  }

  function next(): Promise<IteratorResult<Message, undefined>> {
    const first = waiting.shift();
    if (first !== undefined) {
      totalSize -= first.size;
      return Promise.resolve({ done: false, value: first.message });
    }
    if (error !== null) {
      const thrown = error;
      error = null;
      return Promise.reject(thrown);
    }
    if (ended) return Promise.resolve({ done: true, value: undefined });
    reader = Promise.withResolvers();
    return reader.promise;
  }

  function end(reason: AppError | null): void {
    if (ended) return;
    ended = true;
    waiting = [];
    if (reader === null) {
      error = reason;
      return;
    }
    if (reason === null) reader.resolve({ done: true, value: undefined });
    else reader.reject(reason);
    reader = null;
  }
}
