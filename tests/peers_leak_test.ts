import assert from "node:assert/strict";
import { startConnectionHost } from "./support/connection_pages.ts";

/** `LEAK_CONNECTIONS=500` takes two minutes. */
const COUNT = Number(Deno.env.get("LEAK_CONNECTIONS") ?? 16);
const WARM_UP = 10;
/** What an opened and closed connection may leave behind: code that is compiled at last, rounded lists. One that stays has 100 kB. */
const MAX_LEFT_BYTES = 16_000;
const MAX_HELD_BYTES = 150_000;

Deno.test("an open connection over which nothing goes holds less than 150 kB", async () => {
  await using host = startConnectionHost();
  const close: (() => Promise<void>)[] = [];
  const openMany = async () => {
    for (let index = 0; index < WARM_UP; index++) close.push(await host.open());
  };
  await openMany();
  const before = await host.measure();
  await openMany();
  const after = await host.measure();
  const held = Math.round((after.liveBytes - before.liveBytes) / WARM_UP);
  await host.close();
  await Promise.all(close.map((end) => end()));
  assert.equal(after.connections, 2 * WARM_UP);
  assert.ok(held < MAX_HELD_BYTES, `each holds ${held} bytes`);
});

Deno.test(`of ${COUNT} connections that opened and closed, no socket and no memory is left`, async () => {
  await using host = startConnectionHost();
  for (let index = 0; index < WARM_UP; index++) await (await host.open())();
  await host.close();
  const before = await host.measure();
  for (let index = 0; index < COUNT; index++) {
    const close = await host.open();
    // Either side closes first.
    if (index % 2 === 0) await host.close();
    await close();
  }
  await host.close();
  const after = await host.measure();
  assert.deepEqual([after.connections, after.openFiles], [0, before.openFiles]);
  const left = Math.round((after.liveBytes - before.liveBytes) / COUNT);
  assert.ok(left < MAX_LEFT_BYTES, `each left ${left} bytes`);
});
