import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { captureInput, createProject } from "./support/captures.ts";
import { fuzzRuns } from "./support/fuzz_runs.ts";
import { joinRoom } from "./support/rooms.ts";
import { startApp } from "./support/running_app.ts";
import { connectPage, type WeriftPage } from "./support/werift_page.ts";

/** Numbers far from those of the page's own messages; few, because 16 incomplete messages fill a channel for 30 s. */
const FIRST_NUMBER = 0xf000_0000;
const NUMBERS = 8;

const json = fc.oneof(
  fc.json(),
  fc.record({
    type: fc.constantFrom("capture", "page", "update", "stale", "result", "error", "ping", "__proto__"),
    id: fc.anything(),
  })
    .map((message) => JSON.stringify(message) ?? ""),
);
const payload = fc.oneof(fc.uint8Array({ maxLength: 300 }), json.map((text) => new TextEncoder().encode(text)));
const header = fc.record({
  number: fc.nat(NUMBERS - 1),
  index: fc.oneof(fc.nat(2), fc.nat(0xffff)),
  count: fc.oneof(fc.nat(3), fc.nat(0xffff)),
});
// None is empty: werift can't send that (RFC 8831 §6.6).
const frame = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(header, payload).map(([fields, payload]) => frameOf(fields, payload)) },
  {
    weight: 3,
    arbitrary: json.map((text) => frameOf({ number: 0, index: 0, count: 1 }, new TextEncoder().encode(text))),
  },
  { weight: 1, arbitrary: fc.uint8Array({ minLength: 1, maxLength: 7 }).map((bytes) => Buffer.from(bytes)) },
  { weight: 1, arbitrary: fc.constant(Buffer.alloc(16_385)) },
  { weight: 1, arbitrary: fc.string({ minLength: 1 }) },
);

function frameOf(
  { number, index, count }: { number: number; index: number; count: number },
  payload: Uint8Array,
): Buffer {
  const bytes = Buffer.alloc(8 + payload.length);
  bytes.writeUInt32BE(FIRST_NUMBER + number, 0);
  bytes.writeUInt16BE(index, 4);
  bytes.writeUInt16BE(count, 6);
  bytes.set(payload, 8);
  return bytes;
}

/** What the server says until it answers a ping. */
async function untilPong(page: WeriftPage, id: string): Promise<string[]> {
  page.say({ type: "ping", id });
  for (const types: string[] = [];;) {
    const heard = await page.heard();
    if (heard.type === "pong" && heard.id === id) return types;
    types.push(heard.type);
  }
}

Deno.test("whatever frames a page sends, the server answers the next message on the same channel", async () => {
  await using app = await startApp();
  const projectId = await createProject(app, app.token);
  await using peer = await joinRoom(app, app.token, { projectId });
  await using page = await connectPage(peer);
  const told = new Set<string>();
  let round = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(frame, { minLength: 1, maxLength: 12 }), async (frames) => {
      for (const each of frames) page.channel.send(each);
      for (const type of await untilPong(page, `round ${round++}`)) told.add(type);
    }),
    fuzzRuns(200),
  );
  assert.ok(told.has("error"), "nothing was refused: the frames did not arrive");
  assert.ok([...told].every((type) => ["error", "pong"].includes(type)), [...told].join());
  const captured = await page.ask({ type: "capture", id: "after", ...captureInput({ projectId }) });
  assert.deepEqual([captured.type, captured.revision], ["captured", 1]);
});
