import assert from "node:assert/strict";
import { createConnection } from "../src/peers/_connection.ts";
import { createMemoryBudget } from "../src/peers/_memory_budget.ts";
import { createSender } from "../src/peers/_sender.ts";
import { closePeerConnection, LOOPBACK, openPeerConnection } from "../src/peers/_werift.ts";

const MEBIBYTE = 1_048_576;
const MESSAGES = 14;
/** Where a window of 1 MiB closes after 4 MiB, and what was on its way then. */
const MAX_HELD_BYTES = 7.5 * MEBIBYTE;
const LOOK_MS = 50;
const LOOKS = 6;

Deno.test("a page whose messages wait for their answers must wait, and goes on when they are answered", async () => {
  const memory = createMemoryBudget();
  const gate = Promise.withResolvers<void>();
  const all = Promise.withResolvers<void>();
  let received = 0;
  const message = async () => {
    if (++received === MESSAGES) all.resolve();
    await gate.promise;
  };
  const none = { changed: () => {}, malformed: all.reject, closed: () => {} };
  const connection = createConnection({ clock: { now: Date.now }, rtc: LOOPBACK, memory }, { ...none, message });
  const page = await openPeerConnection();
  const channel = page.createDataChannel("fingerpost.v1");
  const opened = channel.stateChanged.watch((state) => state === "open");
  await page.setLocalDescription(await page.createOffer());
  const sdp = await connection.answer(page.localDescription?.sdp ?? "");
  await page.setRemoteDescription({ type: "answer", sdp: sdp ?? "" });
  await opened;
  const sender = createSender(channel);
  let sent = 0;
  const sending = (async () => {
    for (; sent < MESSAGES; sent++) assert.ok(await sender.send(new Uint8Array(MEBIBYTE).fill(32)));
  })();
  await standsStill(() => memory.taken());
  assert.ok(received >= 4 && received < 8, `${received} came`);
  assert.ok(sent < MESSAGES, "the sender waits, too");
  assert.ok(memory.taken() < MAX_HELD_BYTES, `${memory.taken()} bytes are held`);
  gate.resolve();
  await Promise.all([all.promise, sending]);
  await standsStill(() => memory.taken());
  assert.equal(memory.taken(), 0);
  await Promise.all([connection.close(), closePeerConnection(page)]);
});

/** Waits until a number that has grown does not change any more. */
async function standsStill(read: () => number): Promise<void> {
  let [last, same] = [-1, 0];
  while (same < LOOKS) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    same = read() === last ? same + 1 : 0;
    last = read();
  }
}
