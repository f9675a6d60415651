/** A message without its headers may have this much. */
export const MAX_MESSAGE_BYTES = 8 * 1_048_576;

const MAX_FRAME_BYTES = 16_384;
/** Message number (uint32), frame index (uint16), frame count (uint16), big-endian. */
const HEADER_BYTES = 8;
/** Above this the channel is full; at half of it, it takes more. */
const HIGH_WATER_BYTES = 1_048_576;

/** Says and hears whole messages on a data channel of 16 KiB frames. */
export interface FramedChannel {
  /** Sends a message after those before it; settles when the channel took it. Rejects when the channel closed. */
  send(text: string): Promise<void>;
  /** When the other side last gave a sign: a frame of its, or that it acknowledged ours. By `performance.now()`. */
  progressAt(): number;
  /** Lets go of what is being sent. */
  stop(): void;
}

/** Frames the messages of a channel, and hands over those that come. */
export function frameChannel(channel: RTCDataChannel, onMessage: (text: string) => void): FramedChannel {
  let sentMessages = 0;
  let sending: Promise<void> = Promise.resolve();
  let heardAt = performance.now();
  let leastBuffered = 0;
  const stopped = Promise.withResolvers<never>();
  stopped.promise.catch(() => {});
  channel.binaryType = "arraybuffer";
  channel.bufferedAmountLowThreshold = HIGH_WATER_BYTES / 2;
  const join = joinFrames();
  channel.onmessage = ({ data }) => {
    heardAt = performance.now();
    const message = data instanceof ArrayBuffer ? join(new Uint8Array(data)) : null;
    if (message !== null) onMessage(new TextDecoder().decode(message));
  };
  return { send, progressAt, stop: () => stopped.reject(new Error("The channel is closed")) };

  function send(text: string): Promise<void> {
    sending = sending.then(() => sendFrames(new TextEncoder().encode(text)));
    return sending;
  }

  async function sendFrames(message: Uint8Array): Promise<void> {
    const room = MAX_FRAME_BYTES - HEADER_BYTES;
    const number = sentMessages++ >>> 0;
    const count = Math.max(1, Math.ceil(message.length / room));
    for (let index = 0; index < count; index++) {
      if (channel.bufferedAmount > HIGH_WATER_BYTES) await Promise.race([emptied(), stopped.promise]);
      const payload = message.subarray(index * room, (index + 1) * room);
      const frame = new Uint8Array(HEADER_BYTES + payload.length);
      const header = new DataView(frame.buffer);
      header.setUint32(0, number);
      header.setUint16(4, index);
      header.setUint16(6, count);
      frame.set(payload, HEADER_BYTES);
      channel.send(frame);
      leastBuffered = channel.bufferedAmount;
    }
  }

  function emptied(): Promise<unknown> {
    return new Promise((resolve) => channel.addEventListener("bufferedamountlow", resolve, { once: true }));
  }

  function progressAt(): number {
    if (channel.bufferedAmount < leastBuffered) {
      leastBuffered = channel.bufferedAmount;
      heardAt = performance.now();
    }
    return heardAt;
  }
}

// The channel is ordered and its other end the server's: a frame out of order can't be.
function joinFrames(): (frame: Uint8Array) => Uint8Array | null {
  const parts = new Map<number, Uint8Array[]>();
  return (frame) => {
    const header = new DataView(frame.buffer, frame.byteOffset, HEADER_BYTES);
    const [number, index, count] = [header.getUint32(0), header.getUint16(4), header.getUint16(6)];
    const payload = frame.subarray(HEADER_BYTES);
    if (count === 1) return payload;
    const before = parts.get(number) ?? [];
    before.push(payload);
    if (index + 1 < count) {
      parts.set(number, before);
      return null;
    }
    parts.delete(number);
    return concatenate(before);
  };
}

function concatenate(parts: Uint8Array[]): Uint8Array {
  const message = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    message.set(part, offset);
    offset += part.length;
  }
  return message;
}
