import assert from "node:assert/strict";
import { createEvents, type Topic } from "../src/events/events.ts";

const NUMBERS: Topic<number> = { name: "numbers" };
const patient = { capacity: 3, whenFull: "end" } as const;

Deno.test("events.publish() reaches each subscriber of the topic and key, in order, and nobody else", async () => {
  using events = createEvents();
  const [first, second] = [events.subscribe(NUMBERS, "a", patient), events.subscribe(NUMBERS, "a", patient)];
  const other = events.subscribe(NUMBERS, "b", patient);
  for (const number of [1, 2]) events.publish(NUMBERS, "a", number);
  events.publish(NUMBERS, "b", 3);
  assert.deepEqual([await first.next(), await first.next()].map(({ value }) => value), [1, 2]);
  assert.deepEqual([await second.next(), await second.next()].map(({ value }) => value), [1, 2]);
  assert.equal((await other.next()).value, 3);
});

Deno.test("a subscriber that can't keep up is ended, or keeps the newest, as it chose", async () => {
  using events = createEvents();
  const dropped = events.subscribe(NUMBERS, "a", patient);
  const newest = events.subscribe(NUMBERS, "a", { capacity: 1, whenFull: "keep_newest" });
  for (const number of [1, 2, 3, 4]) events.publish(NUMBERS, "a", number);
  assert.equal((await dropped.next()).done, true);
  assert.equal((await newest.next()).value, 4);
});

Deno.test("ending a subscription, or the bus, ends the wait for a message", async () => {
  const events = createEvents();
  const [left, closed] = [events.subscribe(NUMBERS, "a", patient), events.subscribe(NUMBERS, "a", patient)];
  const waiting = [left.next(), closed.next()];
  left.end();
  events[Symbol.dispose]();
  assert.deepEqual((await Promise.all(waiting)).map(({ done }) => done), [true, true]);
  events.publish(NUMBERS, "a", 1);
  assert.equal((await closed.next()).done, true);
  assert.equal((await events.subscribe(NUMBERS, "a", patient).next()).done, true, "who comes after its end");
});
