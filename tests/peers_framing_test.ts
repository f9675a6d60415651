import assert from "node:assert/strict";
import fc from "fast-check";
import { AppError } from "../src/base/errors.ts";
import {
  createReassembler,
  HEADER_BYTES,
  MAX_FRAME_BYTES,
  MAX_MESSAGE_BYTES,
  type Reassembler,
  toFrames,
} from "../src/peers/_framing.ts";
import { createMemoryBudget } from "../src/peers/_memory_budget.ts";

function frame(number: number, index: number, count: number, payload = new Uint8Array([7])): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + payload.length);
  const header = new DataView(bytes.buffer);
  header.setUint32(0, number);
  header.setUint16(4, index);
  header.setUint16(6, count);
  bytes.set(payload, HEADER_BYTES);
  return bytes;
}

function codeOf(reassembler: Reassembler, bytes: Uint8Array): string | null {
  try {
    reassembler.accept(bytes);
    return null;
  } catch (error) {
    assert.ok(error instanceof AppError);
    return error.code;
  }
}

function reassemblerAt(clock = { now: () => 0 }): Reassembler {
  return createReassembler(clock, createMemoryBudget());
}

const messages = fc.uint8Array({ maxLength: 5 * MAX_FRAME_BYTES });

Deno.test("toFrames() writes the header big-endian and at most 16 KiB a frame", () => {
  const frames = [...toFrames(0xfffffffe, new Uint8Array(MAX_FRAME_BYTES).fill(9))];
  assert.deepEqual(frames.map((bytes) => bytes.length), [16_384, 16]);
  assert.deepEqual([...frames[1] ?? []], [255, 255, 255, 254, 0, 1, 0, 2, 9, 9, 9, 9, 9, 9, 9, 9]);
  assert.deepEqual([...toFrames(1, new Uint8Array())], [new Uint8Array([0, 0, 0, 1, 0, 0, 0, 1])]);
});

Deno.test("accept() gives back any message that toFrames() cut", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 0xffffffff }), messages, (number, message) => {
    const reassembler = reassemblerAt();
    const results = [...toFrames(number, message)].map((bytes) => reassembler.accept(bytes)?.bytes ?? null);
    assert.deepEqual(results.pop(), message);
    assert.ok(results.every((result) => result === null));
  }));
});

Deno.test("accept() keeps messages apart whose frames take turns", () => {
  fc.assert(
    fc.property(fc.array(messages, { minLength: 2, maxLength: 6 }), fc.infiniteStream(fc.nat()), (sent, picks) => {
      const reassembler = reassemblerAt();
      const queues = sent.map((message, number) => [...toFrames(number, message)]);
      const received = new Map<number, Uint8Array>();
      while (queues.some((queue) => queue.length > 0)) {
        const open = queues.filter((queue) => queue.length > 0);
        const queue = open[(picks.next().value ?? 0) % open.length] ?? [];
        const whole = reassembler.accept(queue.shift() ?? new Uint8Array());
        if (whole !== null) received.set(queues.indexOf(queue), whole.bytes);
      }
      assert.deepEqual(sent.map((_, number) => received.get(number)), sent);
    }),
  );
});

Deno.test("accept() refuses any bytes that are no frame, and goes on", () => {
  fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 32 }), { maxLength: 40 }), (frames) => {
    const reassembler = reassemblerAt();
    for (const bytes of frames) assert.ok([null, "INVALID_INPUT"].includes(codeOf(reassembler, bytes)));
  }));
  const reassembler = reassemblerAt();
  for (
    const bytes of [
      new Uint8Array(),
      new Uint8Array(HEADER_BYTES - 1),
      new Uint8Array(MAX_FRAME_BYTES + 1),
      frame(1, 0, 0),
      frame(1, 2, 2),
    ]
  ) assert.equal(codeOf(reassembler, bytes), "INVALID_INPUT");
  assert.deepEqual(reassembler.accept(frame(1, 0, 1))?.bytes, new Uint8Array([7]));
});

Deno.test("accept() refuses a message once whose frames are out of order, and takes its number again after it", () => {
  const reassembler = reassemblerAt();
  assert.equal(codeOf(reassembler, frame(1, 0, 4)), null);
  assert.equal(codeOf(reassembler, frame(1, 2, 4)), "INVALID_INPUT");
  assert.equal(reassembler.accept(frame(1, 1, 4)), null);
  assert.equal(reassembler.accept(frame(1, 3, 4)), null, "the rest is let go by");
  assert.deepEqual(reassembler.accept(frame(1, 0, 1))?.bytes, new Uint8Array([7]));
  assert.equal(codeOf(reassembler, frame(2, 0, 2)), null);
  assert.equal(codeOf(reassembler, frame(2, 1, 3)), "INVALID_INPUT", "another count");
});

Deno.test("accept() refuses a message over 8 MiB once", () => {
  const reassembler = reassemblerAt();
  const exact = [...toFrames(1, new Uint8Array(MAX_MESSAGE_BYTES))].map((bytes) => reassembler.accept(bytes));
  assert.equal(exact.pop()?.bytes.length, MAX_MESSAGE_BYTES);
  const codes = [...toFrames(2, new Uint8Array(MAX_MESSAGE_BYTES + 100_000))].map((bytes) =>
    codeOf(reassembler, bytes)
  );
  assert.deepEqual(codes.filter((code) => code !== null), ["TOO_LARGE"]);
  assert.deepEqual(reassembler.accept(frame(2, 0, 1))?.bytes, new Uint8Array([7]));
});

Deno.test("dropStale() forgets what stayed incomplete for 30 s", () => {
  let now = 0;
  const reassembler = reassemblerAt({ now: () => now });
  assert.equal(codeOf(reassembler, frame(1, 0, 2)), null);
  now = 29_999;
  assert.equal(codeOf(reassembler, frame(2, 0, 2)), null);
  assert.equal(reassembler.dropStale(), 0);
  now = 30_000;
  assert.equal(reassembler.dropStale(), 1);
  assert.equal(codeOf(reassembler, frame(1, 1, 2)), "INVALID_INPUT");
  assert.deepEqual(reassembler.accept(frame(2, 1, 2))?.bytes, new Uint8Array([7, 7]));
});

Deno.test("accept() holds at most 16 messages at once", () => {
  const reassembler = reassemblerAt();
  for (let number = 0; number < 16; number++) assert.equal(codeOf(reassembler, frame(number, 0, 2)), null);
  assert.equal(codeOf(reassembler, frame(16, 0, 2)), "INVALID_INPUT");
  assert.deepEqual(reassembler.accept(frame(3, 1, 2))?.bytes, new Uint8Array([7, 7]));
  assert.equal(codeOf(reassembler, frame(16, 0, 2)), null);
});

Deno.test("accept() refuses what is too much for all channels together, and takes more once room is given back", () => {
  const memory = createMemoryBudget(40_000);
  const [one, other] = [createReassembler({ now: () => 0 }, memory), createReassembler({ now: () => 0 }, memory)];
  const half = new Uint8Array(MAX_FRAME_BYTES - HEADER_BYTES);
  assert.equal(codeOf(one, frame(1, 0, 2, half)), null);
  assert.equal(codeOf(other, frame(1, 0, 2, half)), null);
  assert.equal(codeOf(other, frame(2, 0, 2, half)), "TOO_LARGE");
  assert.equal(codeOf(other, frame(2, 1, 2, half)), null, "the rest is let go by");
  const whole = one.accept(frame(1, 1, 2));
  assert.ok(whole !== null && memory.taken() > 2 * half.length, "until it is done with");
  memory.give(whole.cost);
  assert.equal(codeOf(other, frame(3, 0, 2, half)), null);
  other.clear();
  assert.equal(memory.taken(), 0);
});

Deno.test("a share of a budget takes from the whole, and never more than its own limit", () => {
  const whole = createMemoryBudget(10);
  const [one, other] = [createMemoryBudget(8, whole), createMemoryBudget(8, whole)];
  assert.deepEqual([one.take(9), one.take(8), other.take(3), other.take(2)], [false, true, false, true]);
  assert.equal(whole.taken(), 10);
  one.give(8);
  assert.deepEqual([whole.taken(), other.take(6), other.take(1)], [2, true, false]);
});

Deno.test("many tiny frames weigh what they cost, not what they hold", () => {
  const reassembler = createReassembler({ now: () => 0 }, createMemoryBudget(1_000_000));
  const codes = Array.from({ length: 5_000 }, (_, index) => codeOf(reassembler, frame(1, index, 65_535)));
  assert.deepEqual(codes.filter((code) => code !== null), ["TOO_LARGE"]);
});

Deno.test("messages that were refused leave their place to others", () => {
  const reassembler = reassemblerAt();
  for (let number = 0; number < 40; number++) assert.equal(codeOf(reassembler, frame(number, 1, 3)), "INVALID_INPUT");
  assert.deepEqual(reassembler.accept(frame(99, 0, 1))?.bytes, new Uint8Array([7]));
});
