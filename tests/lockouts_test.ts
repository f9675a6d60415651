// The counting of wrong passwords by itself, on a real key-value file: no password is hashed, so a hundred cost nothing.
import assert from "node:assert/strict";
import { openKv } from "../src/kv/kv.ts";
import { type Attempt, createLockouts, type Lockouts } from "../src/sessions/_lockouts.ts";
import { movableClock } from "./support/movable_clock.ts";

const MINUTE_MS = 60_000;

interface World extends AsyncDisposable {
  clock: ReturnType<typeof movableClock>;
  /** What a process that just started has of the file. */
  restarted(): Lockouts;
  /** How long the e-mail is locked by this many wrong passwords in a row, in minutes; 0: it is not. */
  failAndMeasure(lockouts: Lockouts, email: string, count?: number): Promise<number>;
}

async function makeWorld(): Promise<World> {
  const folder = await Deno.makeTempDir();
  const kv = await openKv(`${folder}/kv.db`);
  const clock = movableClock();
  return {
    clock,
    restarted: () => createLockouts({ kv, clock }),
    failAndMeasure: async (lockouts, email, count = 5) => {
      let until: number | null = null;
      for (let index = 0; index < count; index++) until = await (await begun(lockouts, email)).fail();
      return until === null ? 0 : Math.round((until - clock.now()) / MINUTE_MS);
    },
    [Symbol.asyncDispose]: async () => {
      kv.close();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

async function begun(lockouts: Lockouts, email: string): Promise<Attempt> {
  const attempt = await lockouts.begin(email);
  assert.ok(attempt !== null, "it is locked");
  return attempt;
}

Deno.test("five wrong passwords lock an e-mail for 15 minutes, then 30, then 60 and 60 again, to the minute", async () => {
  await using world = await makeWorld();
  const { clock } = world;
  for (const minutes of [15, 30, 60, 60]) {
    // As after a restart each time: the file knows all of it.
    assert.equal(await world.failAndMeasure(world.restarted(), "ada@example.org"), minutes);
    assert.equal(await world.restarted().begin("ada@example.org"), null);
    assert.equal(await world.restarted().begin(" ＡＤＡ@Example.org"), null, "in another spelling");
    clock.advance(minutes * MINUTE_MS - 1_000);
    assert.equal(await world.restarted().begin("ada@example.org"), null);
    await (await begun(world.restarted(), "grace@example.org")).succeed();
    clock.advance(1_001);
  }
});

Deno.test("four wrong passwords do not lock, nor do more of them over more than 15 minutes", async () => {
  await using world = await makeWorld();
  const lockouts = world.restarted();
  assert.equal(await world.failAndMeasure(lockouts, "ada@example.org", 4), 0);
  world.clock.advance(15 * MINUTE_MS + 1);
  assert.equal(await world.failAndMeasure(lockouts, "ada@example.org", 4), 0);
  assert.equal(await world.failAndMeasure(lockouts, "ada@example.org", 1), 15);
});

Deno.test("the right password forgets wrong ones and earlier locks; what could not be checked counts as none", async () => {
  await using world = await makeWorld();
  const lockouts = world.restarted();
  assert.equal(await world.failAndMeasure(lockouts, "ada@example.org"), 15);
  world.clock.advance(15 * MINUTE_MS);
  assert.equal(await world.failAndMeasure(lockouts, "ada@example.org", 4), 0);
  for (let index = 0; index < 10; index++) await (await begun(lockouts, "ada@example.org")).abandon();
  await (await begun(lockouts, "ada@example.org")).succeed();
  assert.equal(await world.failAndMeasure(lockouts, "ada@example.org", 4), 0);
  assert.equal(await world.failAndMeasure(lockouts, "ada@example.org", 1), 15, "the first again");
  await lockouts.clear("ada@example.org");
  assert.equal(await world.failAndMeasure(lockouts, "ada@example.org"), 15, "an admin's unlocking forgets too");
});

Deno.test("of a hundred wrong passwords at once five are checked, and a right one after them is not", async () => {
  await using world = await makeWorld();
  const lockouts = world.restarted();
  let open = 0;
  let mostOpen = 0;
  const guess = async () => {
    const attempt = await lockouts.begin("ada@example.org");
    if (attempt === null) return "locked";
    mostOpen = Math.max(mostOpen, ++open);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
    open--;
    return await attempt.fail() === null ? "wrong" : "locks";
  };
  const outcomes = Object.groupBy(await Promise.all(Array.from({ length: 100 }, guess)), (outcome) => outcome);
  assert.deepEqual([outcomes["wrong"]?.length, outcomes["locks"]?.length, outcomes["locked"]?.length], [4, 1, 95]);
  assert.ok(mostOpen <= 5, `${mostOpen} at once`);
  assert.equal(await lockouts.begin("ada@example.org"), null);
});

Deno.test("a right password among those at once lets the waiting ones try, five wrong at a time", async () => {
  await using world = await makeWorld();
  const lockouts = world.restarted();
  const first = await Promise.all(Array.from({ length: 5 }, () => begun(lockouts, "ada@example.org")));
  const waiting = Array.from({ length: 20 }, async () => await (await lockouts.begin("ada@example.org"))?.fail());
  await first.pop()?.succeed();
  for (const attempt of first) await attempt.fail();
  const checked = (await Promise.all(waiting)).filter((until) => until !== undefined);
  assert.equal(checked.length + first.length, 5);
});

Deno.test("more than 128 that wait for one e-mail are turned away, and the others go on", async () => {
  await using world = await makeWorld();
  const lockouts = world.restarted();
  const open = await Promise.all(Array.from({ length: 5 }, () => begun(lockouts, "ada@example.org")));
  const waiting = Promise.allSettled(Array.from({ length: 138 }, () => lockouts.begin("ada@example.org")));
  await (await begun(lockouts, "grace@example.org")).succeed();
  for (const attempt of open) await attempt.fail();
  const outcomes = await waiting;
  const refused = outcomes.filter((outcome) => outcome.status === "rejected");
  assert.deepEqual([refused.length, refused[0]?.reason.code], [10, "UNAVAILABLE"]);
  assert.ok(outcomes.every((outcome) => outcome.status === "rejected" || outcome.value === null));
});

Deno.test("tries under way when the process dies count as wrong ones", async () => {
  await using world = await makeWorld();
  const dead = world.restarted();
  for (let index = 0; index < 3; index++) await begun(dead, "ada@example.org");
  assert.equal(await world.failAndMeasure(world.restarted(), "ada@example.org", 2), 15, "three and two are five");
  for (let index = 0; index < 5; index++) await begun(dead, "grace@example.org");
  assert.equal(await world.restarted().begin("grace@example.org"), null);
  world.clock.advance(15 * MINUTE_MS);
  await (await begun(world.restarted(), "grace@example.org")).succeed();
});
