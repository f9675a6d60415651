/** Server-sent events to one reader. */
export interface EventWriter {
  body: ReadableStream<Uint8Array>;
  /** Sends one message. A reader who has not read the last thousand is gone. */
  send(message: unknown): void;
  /** Ends the stream; what was sent before still arrives. */
  end(): void;
}

/** What an event stream says to whom it passes through: nobody keeps, packs or holds back what comes. */
export const EVENT_STREAM_HEADERS = {
  "content-type": "text/event-stream",
  "cache-control": "no-store, no-transform",
  "x-accel-buffering": "no",
};

/** Messages that may wait for their reader. */
export const MAX_WAITING_MESSAGES = 1_000;
/** Below what proxies wait for, and how a reader that went away without a word is noticed. */
const KEEP_ALIVE_MS = 15_000;

const encoder = new TextEncoder();

/** Opens a stream; `onEnd` is called once, however it ends. */
export function createEventWriter(onEnd: () => void): EventWriter {
  let controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  const body = new ReadableStream<Uint8Array>({
    start: (started) => void (controller = started),
    cancel: leave,
  }, new CountQueuingStrategy({ highWaterMark: MAX_WAITING_MESSAGES }));
  const keepAlive = setInterval(() => write(": keepalive\n\n"), KEEP_ALIVE_MS);
  // At once: the reader then knows that it is heard.
  write(": open\n\n");
  return { body, send: (message) => write(`event: message\ndata: ${JSON.stringify(message)}\n\n`), end };

  function write(text: string): void {
    if (controller === null) return;
    if ((controller.desiredSize ?? 0) <= 0) return end();
    controller.enqueue(encoder.encode(text));
  }

  function end(): void {
    const open = controller;
    leave();
    open?.close();
  }

  function leave(): void {
    if (controller === null) return;
    controller = null;
    clearInterval(keepAlive);
    onEnd();
  }
}

/** Passes a stream's chunks on. `onEnd` is called once, when it ended or its reader went. */
export function relay(
  source: ReadableStream<Uint8Array>,
  { onChunk, onEnd }: { onChunk: () => void; onEnd: () => void },
): ReadableStream<Uint8Array> {
  const reader = source.getReader();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        onChunk();
        if (!done) return controller.enqueue(value);
        controller.close();
      } catch (error) {
        controller.error(error);
      }
      onEnd();
    },
    async cancel(reason) {
      onEnd();
      await reader.cancel(reason);
    },
  }, { highWaterMark: 0 });
}
