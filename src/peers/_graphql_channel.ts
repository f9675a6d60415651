import type { Clock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import type { ChannelEvents, MessageChannel } from "./_conversation.ts";
import { MAX_MESSAGE_BYTES } from "./_framing.ts";
import type { Answer } from "./_messages.ts";

/** A message channel for where UDP is blocked: a subscription carries what the server says, mutations what the page says. */
export interface GraphqlChannel extends MessageChannel {
  /** What the server says, for one reader, who closes the channel by returning. Throws `UNAVAILABLE` where it reads too slowly. */
  messages: AsyncIterableIterator<Answer, undefined>;
  /** The page said something. */
  hear(): void;
}

/** As on a data channel: answers are small, and who leaves this much unread does not read. */
const MAX_UNREAD_CHARACTERS = 1_048_576;
/** As on a data channel: a page says `ping` every 3 s. */
const IDLE_TIMEOUT_MS = 120_000;

/** Opens a channel; it ends with `signal` too. */
export function createGraphqlChannel(
  clock: Clock,
  { closed, signal }: Pick<ChannelEvents, "closed"> & { signal: AbortSignal },
): GraphqlChannel {
  let heardAt = clock.now();
  let isClosed = false;
  let controller: ReadableStreamDefaultController<Answer> | undefined;
  const stream = new ReadableStream<Answer>(
    { start: (started) => void (controller = started) },
    { highWaterMark: MAX_UNREAD_CHARACTERS, size: (message) => JSON.stringify(message).length },
  );
  const reader = stream.getReader();
  signal.addEventListener("abort", close);
  send({ type: "opened" });
  return { messages: readMessages(), send, hear, heardAt: () => isClosed ? null : heardAt, sweep, close };

  function readMessages(): GraphqlChannel["messages"] {
    return {
      async next() {
        const { done, value } = await reader.read();
        return done ? { done, value: undefined } : { done, value };
      },
      async return() {
        await close();
        await reader.cancel();
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  function send(message: Answer): void {
    if (isClosed) return;
    controller?.enqueue(message);
    if ((controller?.desiredSize ?? 0) >= 0) return;
    controller?.error(new AppError("UNAVAILABLE", "Cannot keep this channel open: it is read too slowly"));
    end();
  }

  function hear(): void {
    heardAt = clock.now();
  }

  function sweep(): void {
    if (clock.now() - heardAt >= IDLE_TIMEOUT_MS) void close();
  }

  function close(): Promise<void> {
    if (!isClosed) {
      // What was said before is still read.
      controller?.close();
      end();
    }
    return Promise.resolve();
  }

  function end(): void {
    isClosed = true;
    signal.removeEventListener("abort", close);
    closed(Promise.resolve());
  }
}

/** A message as it goes over a data channel. Throws `INVALID_INPUT`, `TOO_LARGE` at the same bound. */
export function toMessageText(message: unknown): string {
  const text = stringify(message);
  if (new TextEncoder().encode(text).length <= MAX_MESSAGE_BYTES) return text;
  throw new AppError("TOO_LARGE", `Cannot take a message with more than ${MAX_MESSAGE_BYTES} bytes`);
}

function stringify(message: unknown): string {
  try {
    return JSON.stringify(message);
  } catch (cause) {
    // JSON.parse takes what is nested so deep that JSON.stringify overflows the stack.
    throw new AppError("INVALID_INPUT", "Cannot take a message that is nested so deep", { cause });
  }
}
