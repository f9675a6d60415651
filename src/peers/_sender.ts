import { Buffer } from "node:buffer";
import type { RTCDataChannel } from "werift";
import { toFrames } from "./_framing.ts";

/** Sends messages at the speed of who reads them. */
export interface Sender {
  /** Settles when the message was handed over, or the channel closed before. false: too much waits already, and it does not. */
  send(message: Uint8Array): Promise<boolean>;
  /** Lets go of what waits. */
  close(): void;
}

/** What werift is given before it has sent some of it: more of it at once makes it slow. */
const MAX_BUFFERED_BYTES = 262_144;
/** Answers are small, and each waits for the one before: more than this waits for nobody who reads. */
const MAX_WAITING_BYTES = 1_048_576;

interface Waiting {
  frames: Iterator<Uint8Array<ArrayBuffer>>;
  byteSize: number;
  done(handedOver: boolean): void;
}

/** Builds the sender of one open channel. */
export function createSender(channel: RTCDataChannel): Sender {
  const waiting: Waiting[] = [];
  let waitingBytes = 0;
  let sentMessages = 0;
  channel.bufferedAmountLowThreshold = MAX_BUFFERED_BYTES / 2;
  const reading = channel.bufferedAmountLow.subscribe(flush);
  return { send, close };

  function send(message: Uint8Array): Promise<boolean> {
    if (waiting.length > 0 && waitingBytes + message.length > MAX_WAITING_BYTES) return Promise.resolve(false);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    waiting.push({ frames: toFrames(sentMessages++ >>> 0, message), byteSize: message.length, done: resolve });
    waitingBytes += message.length;
    flush();
    return promise;
  }

  function flush(): void {
    for (let [first] = waiting; first !== undefined; [first] = waiting) {
      for (let frame = first.frames.next(); !frame.done; frame = first.frames.next()) {
        channel.send(Buffer.from(frame.value.buffer));
        if (channel.bufferedAmount >= MAX_BUFFERED_BYTES) return;
      }
      waiting.shift();
      waitingBytes -= first.byteSize;
      first.done(true);
    }
  }

  function close(): void {
    reading.unSubscribe();
    for (const { done } of waiting.splice(0)) done(true);
    waitingBytes = 0;
  }
}
