import assert from "node:assert/strict";
import { createEvents, type Topic } from "../src/events/events.ts";
import { createNews, followTail, type TailNews } from "../src/events/tail.ts";

const CHANGED: Topic<TailNews<number>> = { name: "changed" };
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

Deno.test("readers whom one change wakes read it once, each with its rights, and a later change anew", async () => {
  using events = createEvents();
  const [reads, asked]: [number[], string[]] = [[], []];
  let last = 0;
  const read = (after: number) => {
    reads.push(after);
    return Promise.resolve(after < last ? [last] : []);
  };
  const watch = (rights: string, after = 0) =>
    followTail({
      changed: events.subscribe(CHANGED, "", { capacity: 1, whenFull: "keep_newest" }),
      signal: new AbortController().signal,
      after,
      read,
      portion: PORTION,
      placeOf: (row) => row,
      authorize: (news) =>
        news?.authorize(rights, () => {
          asked.push(rights);
          return rights === "former" && last > 1 ? Promise.reject(new Error("FORBIDDEN")) : Promise.resolve();
        }) ?? Promise.resolve(),
    });
  const readers = [...Array.from({ length: 20 }, () => watch("member")), watch("former"), watch("former")];
  const ahead = watch("member", 2);
  let next = readers.map((reader) => reader.next());
  const waiting = ahead.next();
  await Promise.resolve();
  assert.equal(reads.length, 23, "who begins reads for itself");
  const change = async () => {
    last++;
    [reads.length, asked.length] = [0, 0];
    events.publish(CHANGED, "", createNews());
    const seen = await Promise.allSettled(next);
    next = readers.map((reader) => reader.next());
    return seen.map((result) => result.status === "fulfilled" ? result.value.value : result.reason.message);
  };
  assert.deepEqual(await change(), Array(22).fill(1));
  assert.deepEqual(new Set(reads), new Set([0, 2]), "the one that is ahead reads what is after its own place");
  assert.equal(reads.filter((place) => place === 0).length <= 2, true);
  assert.deepEqual(asked, ["member", "former"]);
  assert.deepEqual(await change(), [...Array(20).fill(2), "FORBIDDEN", "FORBIDDEN"]);
  await change();
  assert.deepEqual((await waiting).value, 3);
});
