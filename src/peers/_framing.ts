import type { Clock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import type { MemoryBudget } from "./_memory_budget.ts";

/** A frame with its header; small, so that messages take turns on one association. */
export const MAX_FRAME_BYTES = 16_384;
/** A message without its headers: a capture with a screenshot fits. */
export const MAX_MESSAGE_BYTES = 8 * 1_048_576;
/** Message number (uint32), frame index (uint16), frame count (uint16), big-endian. */
export const HEADER_BYTES = 8;

/** After this the rest of a message counts as lost. */
const INCOMPLETE_TTL_MS = 30_000;
/** Messages of one channel under way at once: a page needs a large one and a few small ones between its frames. */
const MAX_INCOMPLETE = 16;
/** What keeping a frame costs beside its bytes: a buffer and the view of it. Else many small frames would weigh nothing. */
const FRAME_COST_BYTES = 256;

/** Puts the frames of one channel together again. */
export interface Reassembler {
  /** Takes a frame; the whole message with its last one, else null. Throws `INVALID_INPUT`, `TOO_LARGE` once a message. */
  accept(frame: Uint8Array): WholeMessage | null;
  /** Forgets the messages whose rest did not come in 30 s, and tells how many there were. */
  dropStale(): number;
  /** Forgets everything. */
  clear(): void;
}

/** A message of which nothing is missing. */
export interface WholeMessage {
  bytes: Uint8Array;
  /** What it takes of the memory budget, until that is given back. */
  cost: number;
}

/** Cuts a message into its frames. */
export function* toFrames(number: number, message: Uint8Array): Generator<Uint8Array<ArrayBuffer>, undefined> {
  const room = MAX_FRAME_BYTES - HEADER_BYTES;
  const count = Math.max(1, Math.ceil(message.length / room));
  for (let index = 0; index < count; index++) {
    const payload = message.subarray(index * room, (index + 1) * room);
    const frame = new Uint8Array(HEADER_BYTES + payload.length);
    const header = new DataView(frame.buffer);
    header.setUint32(0, number);
    header.setUint16(4, index);
    header.setUint16(6, count);
    frame.set(payload, HEADER_BYTES);
    yield frame;
  }
}

interface Incomplete {
  startedAt: number;
  count: number;
  frames: Uint8Array[];
  byteSize: number;
  cost: number;
  /** It was refused: the rest of its frames is let go by, without a word. */
  refused: boolean;
}

/** Builds a reassembler for one channel, whose messages take room in `memory`. */
export function createReassembler(clock: Clock, memory: MemoryBudget): Reassembler {
  const incomplete = new Map<number, Incomplete>();
  return { accept, dropStale, clear };

  function accept(frame: Uint8Array): WholeMessage | null {
    const { number, index, count, payload } = readFrame(frame);
    const message = incomplete.get(number) ?? start(number, count);
    const isLast = index + 1 >= count;
    if (message.refused) {
      if (isLast) incomplete.delete(number);
      return null;
    }
    const error = add(message, { index, count, payload });
    if (error !== null) throw refuse(number, isLast, error);
    if (!isLast) return null;
    incomplete.delete(number);
    return { bytes: join(message), cost: message.cost };
  }

  function start(number: number, count: number): Incomplete {
    if (incomplete.size >= MAX_INCOMPLETE) forgetRefused();
    if (incomplete.size >= MAX_INCOMPLETE) {
      throw new AppError("INVALID_INPUT", `Cannot take more than ${MAX_INCOMPLETE} messages at once`);
    }
    const message = { startedAt: clock.now(), count, frames: [], byteSize: 0, cost: 0, refused: false };
    incomplete.set(number, message);
    return message;
  }

  // Its rest would be let go by: better that it is refused again than that what is in order finds no place.
  function forgetRefused(): void {
    const [number] = [...incomplete].find(([, { refused }]) => refused) ?? [];
    if (number !== undefined) incomplete.delete(number);
  }

  function add(message: Incomplete, { index, count, payload }: Omit<Frame, "number">): AppError | null {
    if (index !== message.frames.length || count !== message.count) {
      return new AppError("INVALID_INPUT", `Cannot take frame ${index}: it is out of order`);
    }
    if (message.byteSize + payload.length > MAX_MESSAGE_BYTES) {
      return new AppError("TOO_LARGE", `Cannot take a message with more than ${MAX_MESSAGE_BYTES} bytes`);
    }
    const cost = payload.length + FRAME_COST_BYTES;
    if (!memory.take(cost)) return new AppError("TOO_LARGE", "Cannot take more before earlier messages are answered");
    message.frames.push(payload);
    message.byteSize += payload.length;
    message.cost += cost;
    return null;
  }

  function refuse(number: number, isLast: boolean, error: AppError): AppError {
    const message = incomplete.get(number);
    memory.give(message?.cost ?? 0);
    if (isLast) incomplete.delete(number);
    else if (message !== undefined) incomplete.set(number, { ...message, frames: [], cost: 0, refused: true });
    return error;
  }

  function dropStale(): number {
    return drop(({ startedAt }) => clock.now() - startedAt >= INCOMPLETE_TTL_MS);
  }

  function clear(): void {
    drop(() => true);
  }

  function drop(isDropped: (message: Incomplete) => boolean): number {
    const dropped = [...incomplete].filter(([, message]) => isDropped(message));
    for (const [number, { cost }] of dropped) {
      incomplete.delete(number);
      memory.give(cost);
    }
    return dropped.filter(([, { refused }]) => !refused).length;
  }
}

interface Frame {
  number: number;
  index: number;
  count: number;
  payload: Uint8Array;
}

function readFrame(frame: Uint8Array): Frame {
  if (frame.length < HEADER_BYTES || frame.length > MAX_FRAME_BYTES) {
    throw new AppError("INVALID_INPUT", `Cannot read a frame of ${frame.length} bytes`);
  }
  const header = new DataView(frame.buffer, frame.byteOffset, HEADER_BYTES);
  const [number, index, count] = [header.getUint32(0), header.getUint16(4), header.getUint16(6)];
  if (index >= count) throw new AppError("INVALID_INPUT", `Cannot read frame ${index} of ${count}`);
  return { number, index, count, payload: frame.subarray(HEADER_BYTES) };
}

function join({ frames, byteSize }: Incomplete): Uint8Array {
  const [only] = frames;
  if (only !== undefined && frames.length === 1) return only;
  const message = new Uint8Array(byteSize);
  let offset = 0;
  for (const frame of frames) {
    message.set(frame, offset);
    offset += frame.length;
  }
  return message;
}
