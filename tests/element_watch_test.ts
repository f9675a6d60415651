import assert from "node:assert/strict";
import { openElementsRoom } from "./support/elements_room.ts";

Deno.test("elements.watch() leaves nothing on the bus, however its reader goes", async () => {
  await using room = await openElementsRoom();
  const { elements, actor, projectId, open } = room;
  const watch = (signal: AbortSignal, after = 0) => elements.watch(actor, { projectId, after, signal });

  await watch(AbortSignal.abort());
  assert.equal(open(), 0, "gone before it was there");
  const unread = new AbortController();
  await watch(unread.signal);
  assert.equal(open(), 1);
  unread.abort();
  assert.equal(open(), 0, "gone before it read anything");
  const waiting = new AbortController();
  const next = (await watch(waiting.signal)).next();
  waiting.abort();
  assert.equal((await next).done, true);
  assert.equal(open(), 0, "gone while it waited");
  const returned = await watch(new AbortController().signal);
  const pending = returned.next();
  await returned.return(undefined);
  assert.equal((await pending).done, true);
  await assert.rejects(watch(new AbortController().signal, 99), { code: "INVALID_INPUT" });
  assert.equal(open(), 0, "returned, or refused");
});
