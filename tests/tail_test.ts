import assert from "node:assert/strict";
import { createEvents, type Topic } from "../src/events/events.ts";
import { followTail } from "../src/events/tail.ts";

const CHANGED: Topic<null> = { name: "changed" };
const PORTION = 2;

function follow({ authorize, signal }: { authorize: () => Promise<unknown>; signal: AbortSignal }) {
  const events = createEvents();
  const changed = events.subscribe(CHANGED, "", { capacity: 1, whenFull: "keep_newest" });
  // There is always more: the reader never catches up.
  const read = (after: number) => Promise.resolve([after + 1, after + 2]);
  return followTail({ changed, signal, after: 0, read, portion: PORTION, placeOf: (row) => row, authorize });
}

Deno.test("a reader who lost the right gets no further portion, however much it missed", async () => {
  let asked = 0;
  const authorize = () => ++asked < 2 ? Promise.resolve() : Promise.reject(new Error("FORBIDDEN"));
  const rows = follow({ authorize, signal: new AbortController().signal });
  const seen: number[] = [];
  await assert.rejects(
    async () => {
      for await (const row of rows) if (seen.push(row) > 10) break;
    },
    { message: "FORBIDDEN" },
  );
  assert.deepEqual(seen, [1, 2, 3, 4]);
});

Deno.test("a reader whose signal ends gets no further portion, however much it missed", async () => {
  const ended = new AbortController();
  const seen: number[] = [];
  for await (const row of follow({ authorize: () => Promise.resolve(), signal: ended.signal })) {
    ended.abort();
    if (seen.push(row) > 10) break;
  }
  assert.deepEqual(seen, [1, 2]);
});
