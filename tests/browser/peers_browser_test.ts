import assert from "node:assert/strict";
import type { JSHandle, Page } from "playwright-core";
import { browserTest } from "../support/browser.ts";
import { captureInput, createProject } from "../support/captures.ts";
import { joinRoom, type RoomPeer, serverPeerOf } from "../support/rooms.ts";
import { type Data, startApp } from "../support/running_app.ts";
import { nextSignal } from "../support/werift_page.ts";

const PAGE_PEER = new URL("page_peer.js", import.meta.url).pathname;
const PAGES = `query ($projectId: ID!) { livePages(projectId: $projectId) { id url title peerId } }`;
const ELEMENT = `query ($id: ID!) { element(id: $id) { live html pageId } }`;
/** An answered offer whose channel has not opened by then is tried anew. */
const OPEN_TIMEOUT_MS = 2_000;
const MAX_ATTEMPTS = 5;

browserTest(
  "a page in Chromium connects to the server's peer, captures, is live, and is gone when it closes",
  async (page) => {
    await using app = await startApp();
    const projectId = await createProject(app, app.token);
    await using peer = await joinRoom(app, app.token, { projectId });
    const { pagePeer, negotiationId } = await connect(page, peer);
    const ask = (message: Data): Promise<Data> =>
      pagePeer.evaluate((pagePeer: Data, message: Data) => pagePeer.ask(message), message);

    const html = `<ul>${"<li>é 💾</li>".repeat(100_000)}</ul>`;
    const input = captureInput({ projectId, pageId: "tab-1", html });
    const captured = await ask({ type: "capture", id: "1", ...input });
    assert.deepEqual([captured.type, captured.revision], ["captured", 1]);
    const facts = { type: "page", id: "2", pageId: "tab-1", url: "https://shop.example/", title: "Shop" };
    await pagePeer.evaluate((pagePeer: Data, facts: Data) => pagePeer.say(facts), facts);
    assert.deepEqual(await ask({ type: "ping", id: "3" }), { type: "pong", id: "3" });

    const { element } = await app.ask(ELEMENT, { id: captured.elementId }, app.token);
    assert.deepEqual(element, { live: true, html, pageId: "tab-1" });
    assert.deepEqual((await app.ask(PAGES, { projectId }, app.token)).livePages, [
      { id: "tab-1", url: "https://shop.example/", title: "Shop", peerId: peer.id },
    ]);

    await pagePeer.evaluate((pagePeer: Data) => pagePeer.close());
    assert.equal((await nextSignal(peer, negotiationId)).kind, "BYE");
    assert.deepEqual((await app.ask(PAGES, { projectId }, app.token)).livePages, []);
    assert.equal((await app.ask(ELEMENT, { id: captured.elementId }, app.token)).element.live, false);
  },
);

// werift may take a repeated handshake message for a new one, and then nothing can be read on either side.
async function connect(page: Page, peer: RoomPeer): Promise<{ pagePeer: JSHandle<Data>; negotiationId: string }> {
  await page.addScriptTag({ path: PAGE_PEER });
  const to = serverPeerOf(peer).id;
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const negotiationId = `attempt ${attempt}`;
    const pagePeer: JSHandle<Data> = await page.evaluateHandle("createPagePeer()");
    const payload = await pagePeer.evaluate((pagePeer: Data) => pagePeer.offer());
    await peer.send({ to, negotiationId, kind: "OFFER", payload });
    const answer = await nextSignal(peer, negotiationId);
    assert.equal(answer.kind, "ANSWER");
    const accept = (pagePeer: Data, { sdp, timeoutMs }: Data) => pagePeer.accept(sdp, timeoutMs);
    if (await pagePeer.evaluate(accept, { sdp: answer.payload, timeoutMs: OPEN_TIMEOUT_MS })) {
      return { pagePeer, negotiationId };
    }
    await pagePeer.evaluate((pagePeer: Data) => pagePeer.close());
    await peer.send({ to, negotiationId, kind: "BYE", payload: null });
  }
  throw new Error(`No channel opened in ${MAX_ATTEMPTS} attempts`);
}
