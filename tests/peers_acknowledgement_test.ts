import assert from "node:assert/strict";
import { captureInput, createProject } from "./support/captures.ts";
import { joinRoom } from "./support/rooms.ts";
import { startApp } from "./support/running_app.ts";
import { connectPage } from "./support/werift_page.ts";

/** RFC 9260 §3.2 */
const SACK = 3;

Deno.test("the server acknowledges every second packet of a capture, and the last one soon", async () => {
  await using app = await startApp();
  const projectId = await createProject(app, app.token);
  const peer = await joinRoom(app, app.token, { projectId });
  await using page = await connectPage(peer);
  const association = page.connection.sctpTransport?.sctp;
  assert.ok(association);
  const received: unknown[] = [];
  const receive = association["receiveChunk"].bind(association);
  Reflect.set(association, "receiveChunk", (chunk: { type: number }) => {
    received.push(chunk.type);
    return receive(chunk as Parameters<typeof receive>[0]);
  });
  const html = "x".repeat(200_000);
  assert.equal((await page.ask({ type: "capture", id: "1", ...captureInput({ html }) })).type, "captured");
  const acknowledgements = received.filter((type) => type === SACK).length;
  const packets = html.length / 1_200;
  await peer.leave();
  assert.ok(acknowledgements > packets / 3 && acknowledgements < packets * 0.7, `${acknowledgements} of ${packets}`);
});
